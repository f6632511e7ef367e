"""Spans of time, as pairs of where they start and end: seconds of a day, or instants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

Point = TypeVar("Point", int, datetime)


def merged_spans(spans: Iterable[tuple[Point, Point]]) -> list[tuple[Point, Point]]:
    """Those that meet or overlap as one. They come sorted by where they start."""
    found: list[tuple[Point, Point]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
