"""Recurrence rules of RFC 5545 (RRULE), as text and as a set of wall times.

    FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0;BYSECOND=0

All parts but BYEASTER (which is no part of the RFC) are understood. What a rule leaves open it takes from its start,
the DTSTART. `tests/core/test_rrule.py` holds the wall times against dateutil, which reads the same rules, but walks
through all of them from the first one on, and for ever when there is none.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from difflib import get_close_matches

from asched.core.dataclass import dataclass
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_TIMES = 1000  # a COUNT; more would have to be counted through

_PART = pattern(r"(?P<key>[A-Za-z]+)=(?P<value>[^;]*)")
_BY_DAY = pattern(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_EXAMPLE = 'as in "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=0"'


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One rule, with the names of its parts. Lists are sorted; a weekday is (which of them or 0, 0 for Monday to 6).

    `until` is the last wall time if it is naive, the last instant if it is aware. Raises ScheduleError for parts that
    do not go together.
    """

    freq: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    bymonth: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    bymonthday: tuple[int, ...] = ()
    byday: tuple[tuple[int, int], ...] = ()
    byhour: tuple[int, ...] = ()
    byminute: tuple[int, ...] = ()
    bysecond: tuple[int, ...] = ()
    bysetpos: tuple[int, ...] = ()
    wkst: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name.startswith("by"):
                object.__setattr__(self, field.name, tuple(sorted(set(getattr(self, field.name)))))
        if wrong := _what_does_not_go_together(self):
            raise ScheduleError(wrong[0], help=wrong[1])

    @property
    def interval_like(self) -> bool:
        """Whether it keeps a pace through the day, as a cron expression with a star does, and not a time of day."""
        return self.freq in ("HOURLY", "MINUTELY", "SECONDLY")

    def text(self) -> str:
        """Canonical; `parse_recurrence` reads it back."""
        parts = [f"FREQ={self.freq}"]
        parts += [f"INTERVAL={self.interval}"] if self.interval > 1 else []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "byday" and value:
                parts.append("BYDAY=" + ",".join(f"{nth or ''}{WEEKDAYS[day]}" for nth, day in value))
            elif field.name.startswith("by") and value:
                parts.append(f"{field.name.upper()}={','.join(map(str, value))}")
        parts += [f"WKST={WEEKDAYS[self.wkst]}"] if self.wkst else []
        parts += [f"COUNT={self.count}"] if self.count is not None else []
        parts += [f"UNTIL={format_moment(self.until)}"] if self.until is not None else []
        return ";".join(parts)


def parse_recurrence(text: str, at: int = 0) -> Recurrence:
    """The rule that stands in `text` from `at` on, without "RRULE:". Raises ScheduleError with its place."""
    parts: dict[str, object] = {}
    for start, item in _items(text, at):
        part = _PART.fullmatch(item)
        key = part["key"].upper() if part else ""
        if part is None or key not in _READERS:
            close = get_close_matches(key, _READERS, n=1)
            raise _wrong(
                f'"{item}" is no part of a rule',
                text,
                start,
                item,
                f'did you mean "{close[0]}"?' if close else _EXAMPLE,
            )
        if key.lower() in parts:
            raise _wrong(f"{key} stands there twice", text, start, item)
        try:
            parts[key.lower()] = _READERS[key](part["value"].upper())
        except ScheduleError as error:
            raise _wrong(f"{key}: {error.message}", text, start, item, error.help) from None
        except ValueError:
            raise _wrong(f'{key} cannot be "{part["value"]}"', text, start, item) from None
    if "freq" not in parts:
        raise ScheduleError("a rule needs its FREQ", text=text, span=(at, len(text)), help=_EXAMPLE)
    try:
        return Recurrence(**parts)  # type: ignore[arg-type]
    except ScheduleError as error:
        raise ScheduleError(error.message, text=text, span=(at, len(text)), help=error.help) from None


def parse_moment(text: str) -> datetime:
    """ "20260105T090000" (naive), with "Z" (aware), or a date alone. Raises ValueError."""
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007
    if text.endswith("Z"):
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007


def format_moment(moment: datetime) -> str:
    """Back again."""
    zone = "" if moment.tzinfo is None else "Z"
    return f"{moment:%Y%m%dT%H%M%S}{zone}"


def _items(text: str, at: int) -> list[tuple[int, str]]:
    found = []
    for item in text[at:].split(";"):
        if item.strip():
            found.append((at + len(item) - len(item.lstrip()), item.strip()))
        at += len(item) + 1
    return found


def _wrong(message: str, text: str, start: int, item: str, help: str = "") -> ScheduleError:
    return ScheduleError(message, text=text, span=(start, start + len(item)), help=help)


def _freq(value: str) -> str:
    if value not in FREQUENCIES:
        close = get_close_matches(value, FREQUENCIES, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"one of {', '.join(FREQUENCIES)}"
        raise ScheduleError(f'"{value}" is not a frequency', help=hint)
    return value


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch("[0-9]+", value) or not low <= int(value) <= high:
            raise ScheduleError(f'"{value}" is not a whole number from {low} to {high}')
        return int(value)

    return read


def _list(low: int, high: int, *, from_end: bool = False) -> Callable[[str], tuple[int, ...]]:
    def read(value: str) -> tuple[int, ...]:
        return tuple(map(number, value.split(",")))

    def number(item: str) -> int:
        found = int(item) if re.fullmatch("[+-]?[0-9]+", item) else high + 1
        if not (low <= found <= high or (from_end and low <= -found <= high)):
            raise ScheduleError(f'"{item}" is not from {low} to {high}{", or that from the end" if from_end else ""}')
        return found

    return read


def _days(value: str) -> tuple[tuple[int, int], ...]:
    return tuple(map(_day, value.split(",")))


def _day(item: str) -> tuple[int, int]:
    found = _BY_DAY.fullmatch(item)
    nth = int(found[1] or 0) if found else 99
    if found is None or not -53 <= nth <= 53 or (found[1] and not nth):
        raise ScheduleError(f'"{item}" is not a day', help='as in "MO", "2TU" or "-1FR"')
    return nth, WEEKDAYS.index(found[2])


def _count(value: str) -> int:
    if re.fullmatch("[0-9]+", value) and int(value) > MOST_TIMES:
        raise ScheduleError(f"{value} times is out of range 1-{MOST_TIMES}", help="bound it by time, with UNTIL")
    return _whole(1, MOST_TIMES)(value)


_READERS: dict[str, Callable[[str], object]] = {
    "FREQ": _freq,
    "INTERVAL": _whole(1, 10**9),
    "COUNT": _count,
    "UNTIL": parse_moment,
    "BYMONTH": _list(1, 12),
    "BYWEEKNO": _list(1, 53, from_end=True),
    "BYYEARDAY": _list(1, 366, from_end=True),
    "BYMONTHDAY": _list(1, 31, from_end=True),
    "BYDAY": _days,
    "BYHOUR": _list(0, 23),
    "BYMINUTE": _list(0, 59),
    "BYSECOND": _list(0, 59),  # the RFC's 60 is a leap second, which no clock here shows
    "BYSETPOS": _list(1, 86_400 * 366, from_end=True),
    "WKST": WEEKDAYS.index,
}


def _what_does_not_go_together(rule: Recurrence) -> tuple[str, str] | None:
    """As RFC 5545 has it (3.3.10), and the reason."""
    by = [name for field in fields(rule) if (name := field.name).startswith("by") and getattr(rule, name)]
    numbered = any(nth for nth, _ in rule.byday)
    if rule.count is not None and rule.until is not None:
        return "COUNT and UNTIL both say where it ends", "keep one"
    if rule.byweekno and rule.freq != "YEARLY":
        return f"BYWEEKNO does not go with FREQ={rule.freq}", "weeks are numbered within a year: FREQ=YEARLY"
    if rule.byyearday and rule.freq in ("DAILY", "WEEKLY", "MONTHLY"):
        return f"BYYEARDAY does not go with FREQ={rule.freq}", "days are numbered within a year: FREQ=YEARLY"
    if rule.bymonthday and rule.freq == "WEEKLY":
        return "BYMONTHDAY does not go with FREQ=WEEKLY", "FREQ=MONTHLY, or FREQ=DAILY"
    if numbered and rule.freq not in ("YEARLY", "MONTHLY"):
        return f"a number before a day does not go with FREQ={rule.freq}", "it counts within a month or a year"
    if numbered and rule.byweekno:
        return "a number before a day does not go with BYWEEKNO", "take the number out"
    if rule.freq == "MONTHLY" and any(abs(nth) > 5 for nth, _ in rule.byday):
        return "no month has a weekday more than five times", "from 1 to 5, or -1 to -5"
    if rule.bysetpos and by == ["bysetpos"]:
        return "BYSETPOS chooses among what other BY parts name, and there are none", "add one"
    if impossible := _no_such_day(rule):
        return f"this can never fire: {impossible}", ""
    return None


def _no_such_day(rule: Recurrence) -> str:
    if not rule.bymonth or not rule.bymonthday:
        return ""
    lengths = {month: 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31 for month in rule.bymonth}
    longest = max(lengths.values())
    return "" if any(abs(day) <= longest for day in rule.bymonthday) else f"no such month has {longest + 1} days"


def year_kind(year: int) -> tuple[bool, int, bool]:
    """Years of one kind have the same days: leap or not, the weekday (0 is Monday) they begin on, and how long the

    year before was, which the numbers of the first weeks depend on.
    """
    return isleap(year), datetime(year, 1, 1).weekday(), isleap(year - 1)  # noqa: DTZ001
