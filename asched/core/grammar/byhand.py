"""What stands in a schedule's place where a job is never due: "by hand". It has no instants, and stands alone."""

from __future__ import annotations

from asched.errors import ScheduleError

BY_HAND = "by hand"

_OTHER_WORDS = frozenset({"never", "none", "manual", "manually", "@manual", "@never", "on demand", "hand", "by-hand"})


def is_by_hand(schedule: object) -> bool:
    return isinstance(schedule, str) and _words(schedule).removeprefix("only ") == BY_HAND


def means_by_hand(text: str) -> bool:
    """Whether somebody says it in words that are not understood."""
    return _words(text).removeprefix("only ") in _OTHER_WORDS


def refuse_by_hand(text: str) -> None:
    """Where an instant is needed. Raises ScheduleError."""
    if is_by_hand(text):
        raise ScheduleError(f'"{BY_HAND}" has no instants', text=text, help="it stands alone, as the schedule of a job")


def _words(text: str) -> str:
    return " ".join(text.lower().split())
