"""The value below which a share of all values lies."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(ordered: Sequence[float], q: float) -> float:
    """Of values in ascending order, 0 <= q <= 1. One of them, never between two; of none NaN."""
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else math.nan
