"""What is odd about jobs, at the places where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from asched.core.lint import Remark
from asched.declaration.faults import Fault, Path


def fault_of(remark: Remark, written: object) -> Fault:
    """A remark as a fault of what was written; `written` is the schedule, as it was given."""
    if remark.option != "schedule":
        return Fault((remark.option,), remark.message, remark.help)
    for path, text, start, end in _parts(written):
        if " ".join(text[start:end].upper().split()) == remark.expression:
            return Fault(path, remark.message, remark.help, _span(remark, text, start, end), text=text)
    parts = list(_parts(written))  # a phrase: which one it is, is plain where there is one only
    path, text = parts[0][:2] if len(parts) == 1 else (("schedule",), "")
    return Fault(path, remark.message, remark.help, text=text)


def _parts(written: object) -> Iterator[tuple[Path, str, int, int]]:
    """Every single schedule: where it is, the text that holds it, and the characters that are it."""
    if isinstance(written, str):
        yield from _alternatives(("schedule",), written)
    elif isinstance(written, Sequence):
        for place, one in enumerate(written):
            if isinstance(one, str):
                yield from _alternatives(("schedule", place), one)


def _alternatives(path: Path, text: str) -> Iterator[tuple[Path, str, int, int]]:
    for part in re.finditer(r"(?:^|(?<=\|))[^|]*", text):
        yield path, text, part.start(), part.end()


def _span(remark: Remark, text: str, start: int, end: int) -> tuple[int, int]:
    """The characters of the field that is to blame, else of the whole expression."""
    words = list(re.finditer(r"\S+", text[start:end]))
    if remark.place is None:
        return start + words[0].start(), start + words[-1].end()
    return start + words[remark.place].start(), start + words[remark.place].end()
