"""Weekdays as people write them: "weekdays", "mon,thu", "fri-mon", "Sundays", "weekends and fri"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import pairwise

from asched.core.localtime.cronfields import WEEKDAY, read_fields
from asched.core.text.lists import list_items
from asched.errors import ScheduleError

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)  # 0 is Sunday

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
SETS = {"weekdays": "mon-fri", "weekday": "mon-fri", "weekends": "sat,sun", "weekend": "sat,sun"}

_WORDS = {"daily": "*", "day": "*", **{word: days.upper() for word, days in SETS.items()}}
_SHORT = {number: name for name, number in WEEKDAY.names.items()}


def weekday_field(text: str) -> str:
    """The weekday field of a cron expression for them. Raises ScheduleError."""
    fields = [_field(item.words.removeprefix("every "), text) for item in list_items(" ".join(text.split()))]
    return "*" if "*" in fields else ",".join(fields)


def _field(item: str, text: str) -> str:
    """Of one item of the list."""
    if item in _WORDS:
        return _WORDS[item]
    names = [name.strip() for name in item.split("-")]
    for name in names:
        if weekday_number(name) is None:
            raise ScheduleError(f'"{name}" is not a day', text=text, help=_help(name))
    return "-".join(name[:3].upper() for name in names)


def parse_weekdays(text: str) -> tuple[int, ...]:
    """Sorted, 0 is Sunday. Raises ScheduleError."""
    return read_fields(f"0 0 * * {weekday_field(text)}").weekday.values


def format_weekdays(weekdays: Iterable[int]) -> str:
    """As `parse_weekdays` reads them: Monday first, three or more in a row as a range."""
    days = sorted(day or 7 for day in weekdays)
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(days), 1) if b != a + 1), len(days)]
    runs = [[_SHORT[day % 7] for day in days[start:end]] for start, end in pairwise(starts)]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(run) for run in runs)


def weekday_number(name: str) -> int | None:
    """ "monday", "mon" and "mondays" are 1, 0 is Sunday; None for what is no weekday."""
    return WEEKDAY.names[name[:3]] if name in WEEKDAY.names or name.removesuffix("s") in WEEKDAYS else None


def _help(name: str) -> str:
    cutoff = 0.6 if len(name) < 4 else 0.76  # "month" is not meant for "mon", nor "week" for "weekend"
    close = get_close_matches(name, [*_WORDS, *WEEKDAYS, *WEEKDAY.names], n=1, cutoff=cutoff)
    return f'did you mean "{close[0]}"?' if close else '"daily", "weekdays", "weekends", or as in "mon,thu"'
