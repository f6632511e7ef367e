"""Lists as people write them: "mon, wed and fri", "09:00, 17:00"."""

from __future__ import annotations

import re
from itertools import pairwise

from asched.core.dataclass import dataclass
from asched.core.text.pattern import pattern

_GAP = pattern(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One word or a few of a list, in lower case, and where they stand in the text."""

    words: str
    start: int
    end: int


def list_items(text: str, start: int = 0, end: int | None = None) -> list[Item]:
    """The parts of those characters between commas and "and"; there is always one."""
    end = len(text) if end is None else end
    gaps = [(start, start), *(gap.span() for gap in _GAP.finditer(text, start, end)), (end, end)]
    return [Item(text[begin:stop].strip().lower(), begin, stop) for (_, begin), (stop, _) in pairwise(gaps)]
