"""One calendar from what somebody wrote about it: read once, for the years around now.

What is asked of a function or read from a file is kept as days, so that a schedule stays a value that says all about
itself; it is read again whenever the configuration is.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from asched.core.dataclass import dataclass
from asched.core.localtime.calendars import Calendar, Span, joined, month_and_day
from asched.core.localtime.weekdays import parse_weekdays
from asched.declaration.calendars.ics import read_ics
from asched.declaration.calendars.publicholidays import public_holidays
from asched.errors import ScheduleError

YEARS_BACK, YEARS_AHEAD = 1, 10  # of this one

_EXAMPLE = 'as in "2026-12-24", or "12-24" for every year'

Dated = date | str
"""A day, or the text of one: "2026-12-24", or "12-24" for every year."""


@dataclass(frozen=True, slots=True)
class Years:
    """The years that are asked for, both included."""

    first: int
    last: int

    @classmethod
    def around(cls, year: int) -> Years:
        return cls(year - YEARS_BACK, year + YEARS_AHEAD)

    @property
    def end(self) -> date:
        return date(self.last, 12, 31)

    def __iter__(self) -> Any:
        return iter(range(self.first, self.last + 1))


def from_dates(name: str, dates: Iterable[Dated] | Mapping[str, str]) -> Calendar:
    """Days, or days with their labels. Raises ScheduleError."""
    labels = dates if isinstance(dates, Mapping) else dict.fromkeys(dates, "")
    days: list[tuple[date, str]] = []
    yearly: list[tuple[int, int, str]] = []
    for written, label in labels.items():
        found = _day(written)
        if isinstance(found, date):
            days.append((found, str(label)))
        else:
            yearly.append((*found, str(label)))
    return Calendar(name, days=tuple(days), yearly=tuple(yearly))


def from_weekdays(name: str, weekdays: str | Iterable[str]) -> Calendar:
    """ "weekends", "sat,sun", "mon-fri", or a list of days. Raises ScheduleError."""
    text = weekdays if isinstance(weekdays, str) else ",".join(map(str, weekdays))
    return Calendar(name, weekdays=parse_weekdays(text))


def from_ics(name: str, file: Path, years: Years) -> Calendar:
    """Raises ScheduleError for a file that cannot be read, or is none."""
    try:
        text = file.read_bytes().decode("utf-8")
        events = read_ics(text, years.first, years.last)
    except OSError as error:
        raise ScheduleError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ScheduleError(f"cannot read {file}: not UTF-8 text (byte {error.start})") from None
    except ScheduleError as error:
        raise ScheduleError(f"{file}: {error.message}", help=error.help) from None
    return Calendar(name, days=tuple(events.days), spans=tuple(events.spans), until=_last(events.days, events.spans))


def from_holidays(name: str, place: str, years: Years) -> Calendar:
    """Raises ScheduleError for a place that is not known, and without the package."""
    return Calendar(name, days=tuple(public_holidays(place, years)), until=years.end)


def from_function(name: str, function: Callable[[int], Any], years: Years) -> Calendar:
    """What `function(year)` answers: days, pairs of a day and its label, or a mapping of them. Raises ScheduleError."""
    days: list[tuple[date, str]] = []
    for year in years:
        try:
            days += _answered(function(year))
        except (ScheduleError, KeyboardInterrupt):
            raise
        except _NoDays as error:
            raise ScheduleError(f"{_called(function)}({year}) must return days, not {error}") from None
        except BaseException as error:  # whatever somebody's function raises, sys.exit too
            raise ScheduleError(f"{_called(function)}({year}) raised {type(error).__name__}: {error}"[:500]) from error
    return Calendar(name, days=tuple(days), until=years.end)


def union(name: str, calendars: list[Calendar]) -> Calendar:
    """All of them under one name. Raises ScheduleError when there is nothing in it."""
    whole = joined(name, calendars)
    if not (whole.days or whole.yearly or whole.weekdays or whole.spans):
        raise ScheduleError(f'calendar "{name}" is empty')
    if whole.until is None and not (whole.yearly or whole.weekdays):  # nothing but days that were written down
        return replace(whole, until=_last(list(whole.days), list(whole.spans)))
    return whole


class _NoDays(Exception):
    """What a function answered instead."""


def _answered(answer: object) -> list[tuple[date, str]]:
    if isinstance(answer, Coroutine):
        answer.close()
        raise _NoDays("a coroutine")
    if isinstance(answer, str | bytes):
        raise _NoDays("a text")
    if not isinstance(answer, Iterable):
        raise _NoDays("None" if answer is None else type(answer).__name__)
    items = list(answer.items()) if isinstance(answer, Mapping) else list(answer)
    pairs = [item if isinstance(item, tuple) else (item, "") for item in items]
    return [(_full(day), str(label)) for day, label in pairs]


def _full(day: object) -> date:
    found = _day(day)
    if not isinstance(found, date):
        raise ScheduleError(f'"{day}" has no year', help='as in "2026-12-24"')
    return found


def _day(written: object) -> date | tuple[int, int]:
    """A day, or the (month, day) of every year."""
    if isinstance(written, datetime):
        return written.date()
    if isinstance(written, date):
        return written
    try:
        text = str(written).strip()
        return date.fromisoformat(text) if len(text) == 10 else month_and_day(text)
    except ValueError:
        raise ScheduleError(f'"{written}" is not a day', help=_EXAMPLE) from None


def _last(days: list[tuple[date, str]], spans: list[Span]) -> date | None:
    return max([*(day for day, _ in days), *(span.end.date() for span in spans)], default=None)


def _called(function: object) -> str:
    return f"{getattr(function, '__module__', '?')}:{getattr(function, '__qualname__', function)}"
