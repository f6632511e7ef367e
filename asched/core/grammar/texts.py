"""What a schedule may be given as: one text or a list of texts, and how much of either.

More than that is a mistake, or meant to keep the reader busy: it is refused before it is read, and not repeated.
"""

from __future__ import annotations

from collections.abc import Sequence

from asched.errors import ScheduleError

MOST_CHARACTERS = 10_000  # of one text
MOST_MEMBERS = 1_000  # of one list


def refuse_endless_text(text: str) -> None:
    """Raises ScheduleError."""
    if len(text) > MOST_CHARACTERS:
        message = f"a schedule has at most {MOST_CHARACTERS:,} characters, and this one {len(text):,}"
        raise ScheduleError(message, help="many days to leave out make a calendar, many instants a list")


def refuse_endless_list(members: int) -> None:
    """Raises ScheduleError for so many members of a list of schedules."""
    if members > MOST_MEMBERS:
        message = f"a list of schedules has at most {MOST_MEMBERS:,} members, and this one {members:,}"
        raise ScheduleError(message, help="make it several jobs")


def read_texts(given: object) -> Sequence[str]:
    """A list that was given in place of a text. Raises ScheduleError for anything else, and for an endless one."""
    if not isinstance(given, Sequence) or isinstance(given, bytes | bytearray | memoryview):
        message = f"a schedule is a text, or a list of texts, and nothing of type {type(given).__name__}"
        raise ScheduleError(message, help='as in "daily at 02:30"')
    refuse_endless_list(len(given))
    return given
