"""Parentheses in a schedule, and what stands between them; a quoted path is as closed as they are."""

from __future__ import annotations

import re

from asched.core.text.paths import quoted_paths
from asched.errors import ScheduleError

_DEEPEST = 20  # in each other


def parenthesized(text: str) -> tuple[int, int] | None:
    """Where what it has in parentheses begins and ends, when that is all of it."""
    inner = text.strip()
    if not inner.startswith("(") or depths_of(inner).index(0) != len(inner) - 1:
        return None
    start = text.index("(") + 1
    return start, start + len(inner) - 2


def split(text: str, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where the parts begin and end; what stands in parentheses or quotes is not looked into."""
    depths = depths_of(text)
    cuts = [match.span() for match in separator.finditer(text) if not depths[match.start()]]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return list(zip(starts, ends, strict=True))


def depths_of(text: str) -> list[int]:
    """In how many parentheses each character stands, a quoted path counting as one more; a closing one stands outside

    of what it closes.
    """
    quoted = {place for span in quoted_paths(text) for place in range(*span)}
    depths: list[int] = []
    opened: list[int] = []
    for place, character in enumerate(text):
        if place in quoted:
            depths.append(len(opened) + 1)
            continue
        if character == ")":
            if not opened:
                raise ScheduleError("nothing was opened that this could close", text=text, span=(place, place + 1))
            opened.pop()
        elif character == "(":
            opened.append(place)
            if len(opened) > _DEEPEST:
                span = (place, place + 1)
                raise ScheduleError(f"more than {_DEEPEST} parentheses in each other", text=text, span=span)
        depths.append(len(opened))
    if opened:
        raise ScheduleError("this is never closed", text=text, span=(opened[-1], opened[-1] + 1))
    return depths
