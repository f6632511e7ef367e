"""Complaints about a part of a text, pointing into the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from asched.errors import ScheduleError

T = TypeVar("T")


def moved(error: ScheduleError, text: str, by: int, length: int) -> ScheduleError:
    """The same complaint about the `length` characters from `by` on; all of them where it does not say which."""
    start, end = error.span or (0, length)
    return ScheduleError(error.message, text=text, span=(by + start, by + end), help=error.help)


def read_part(text: str, start: int, end: int, read: Callable[[str], T]) -> T:
    """What `read` makes of those characters, without the blanks around them."""
    part = text[start:end]
    start, part = start + len(part) - len(part.lstrip()), part.strip()
    try:
        return read(part)
    except ScheduleError as error:
        raise moved(error, text, start, len(part)) from None
