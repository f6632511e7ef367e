"""What is odd about jobs, at the places where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from asched.core.lint.remark import Remark
from asched.declaration.faults import Fault, Path


def fault_of(remark: Remark, written: object) -> Fault:
    """A remark as a fault of what was written; `written` is the schedule, as it was given."""
    if remark.option != "schedule":
        return Fault((remark.option,), remark.message, remark.help)
    texts = list(_texts(written))
    for path, text in texts:
        if found := _expression(remark.expression).search(text):
            return Fault(path, remark.message, remark.help, _span(remark, found), text=text)
    path, text = texts[0] if len(texts) == 1 else (("schedule",), "")  # a phrase, whose words are its own
    return Fault(path, remark.message, remark.help, text=text)


def _texts(written: object) -> Iterator[tuple[Path, str]]:
    if isinstance(written, str):
        yield ("schedule",), written
    elif isinstance(written, Sequence):
        for place, one in enumerate(written):
            if isinstance(one, str):
                yield ("schedule", place), one


def _expression(canonical: str) -> re.Pattern[str]:
    """It, however it is spaced and spelt, and on its own: not as a part of longer words."""
    words = r"\s+".join(map(re.escape, canonical.split()))
    return re.compile(rf"(?<![^\s(|&]){words}(?![^\s)|&])", re.IGNORECASE)


def _span(remark: Remark, found: re.Match[str]) -> tuple[int, int]:
    """The characters of the field that is to blame, else of the whole expression."""
    if remark.place is None:
        return found.span()
    word = list(re.finditer(r"\S+", found.group()))[remark.place]
    return found.start() + word.start(), found.start() + word.end()
