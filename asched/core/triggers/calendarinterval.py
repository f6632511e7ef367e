"""Every so many days, weeks, months or years, at a time of day."""

from __future__ import annotations

from calendar import month_name, monthrange
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Literal, get_args

from asched.core.dataclass import dataclass
from asched.core.localtime.budget import spend
from asched.core.localtime.localinstants import Dst, LocalInstants
from asched.core.localtime.monthdays import LastDay, LastWeekday, LastWorkday, MonthDay, NthWeekday
from asched.core.localtime.timeofday import format_time
from asched.core.localtime.walltimes import DAY_SECONDS, LAST_YEAR
from asched.core.localtime.zones import EPOCH, offsets, zone
from asched.core.text.wording import ORDINALS, nth, weekday_name
from asched.core.triggers.protocol import as_utc, instant_text
from asched.errors import ScheduleError

Unit = Literal["day", "week", "month", "year"]
Day = int | MonthDay
"""In a week 0 (Sunday) to 6; in a month 1 to 31, or a day that is named by its place in the month."""

MONTHS = [name.lower() for name in month_name[1:]]

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - _EPOCH_DAY
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CalendarInterval:
    """Every `count` units, on these days of each, at these times of day (seconds since midnight) in `tz`.

    The first instant is the first matching one at or after the anchor, and the week, month or year in which it lies
    is the one that is counted from. A day that a month does not have is its last one; with `skip_short` the month
    is left out. Units of days have no `on`; units of years need their `month` (1 to 12). Wall times meet offset
    changes as those of a fixed-time cron job do. Raises ScheduleError for what can never fire.
    """

    count: int
    unit: Unit
    times: tuple[int, ...]
    on: tuple[Day, ...] = ()
    month: int | None = None
    tz: str = "UTC"
    dst: Dst = "auto"
    skip_short: bool = False
    anchor: datetime | None = None

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False
    quick: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "times", tuple(sorted(set(self.times))))
        object.__setattr__(self, "on", tuple(sorted(set(self.on), key=day_token)))
        object.__setattr__(self, "tz", zone(self.tz).key)
        if self.anchor is not None:
            object.__setattr__(self, "anchor", as_utc(self.anchor))

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError while it has no anchor."""
        if self.anchor is None:
            raise ScheduleError("an interval needs an anchor before it has instants", text=self.text())
        return _instants(self).next_after(max(instant, self.anchor - _TICK))

    def spec(self) -> dict[str, object]:
        return {
            "kind": "calendar_interval",
            "count": self.count,
            "unit": self.unit,
            "times": list(self.times),
            "on": [day_token(day) for day in self.on],
            "month": self.month,
            "tz": self.tz,
            "dst": self.dst,
            "skip_short": self.skip_short,
            "anchor": None if self.anchor is None else self.anchor.isoformat(),
        }

    def text(self) -> str:
        count = f"{self.count} {self.unit}s" if self.count > 1 else "1 day" if self.unit == "day" else self.unit
        parts = [f"every {count}"]
        parts += [f"on {', '.join(self._day_texts())}"] if self.on else []
        parts += [f"of {MONTHS[self.month - 1]}"] if self.month else []
        parts += [f"at {', '.join(map(format_time, self.times))}"]
        parts += ["skipping short months"] if self.skip_short else []
        parts += [f"from {instant_text(self.anchor)}"] if self.anchor is not None else []
        return " ".join(parts)

    def anchored(self, at: datetime) -> CalendarInterval:
        return replace(self, anchor=at) if self.anchor is None else self

    @property
    def startup(self) -> None:
        return None

    def _day_texts(self) -> list[str]:
        if self.unit == "week":
            return [weekday_name(day).lower() for day in _monday_first(self.on)]
        return [f"the {month_day_text(day)}" for day in self.on]


def day_token(day: Day) -> str:
    """A day as cron writes it; of a number, so that tokens sort as the days do."""
    match day:
        case LastDay():
            return "L"
        case LastWorkday():
            return "LW"
        case NthWeekday(weekday, place):
            return f"{weekday}#{place}"
        case LastWeekday(weekday):
            return f"{weekday}L"
        case int():
            return f"{day:02}"
        case _:
            raise ScheduleError(f"a calendar interval has no such day: {day!r}")


def day_of_token(token: str) -> Day:
    """Back again. Raises ValueError or ScheduleError."""
    if token in ("L", "LW"):
        return LastDay() if token == "L" else LastWorkday()
    if token.endswith("L"):
        return LastWeekday(int(token[:-1]))
    weekday, hash_sign, place = token.partition("#")
    return NthWeekday(int(weekday), int(place)) if hash_sign else int(token)


def month_day_text(day: Day) -> str:
    """ "31st", "last day", "second friday"."""
    match day:
        case LastDay():
            return "last day"
        case LastWorkday():
            return "last workday"
        case NthWeekday(weekday, place):
            return f"{ORDINALS[place]} {weekday_name(weekday).lower()}"
        case LastWeekday(weekday):
            return f"last {weekday_name(weekday).lower()}"
        case _:
            assert isinstance(day, int)
            return nth(day)


def _monday_first(days: Iterable[Day]) -> list[int]:
    return sorted((day for day in days if isinstance(day, int)), key=lambda day: (day - 1) % 7)


def _check(interval: CalendarInterval) -> None:
    unit, on = interval.unit, interval.on
    if unit not in get_args(Unit) or interval.dst not in get_args(Dst):
        raise ScheduleError(f'no calendar interval has the unit "{unit}" and dst "{interval.dst}"')
    if interval.count < 1:
        raise ScheduleError(f"every {interval.count} {unit}s is never", help="count from 1")
    if not interval.times or not all(0 <= time < DAY_SECONDS for time in interval.times):
        raise ScheduleError("a calendar interval needs its times of day")
    if bool(on) == (unit == "day") or (interval.month is not None) != (unit == "year"):
        raise ScheduleError(f"every {interval.count} {unit}s: on which day?")
    low, high = (0, 6) if unit == "week" else (1, 31)
    for day in on:
        fits = low <= day <= high if isinstance(day, int) else unit != "week" and _is_known(day)
        if not fits:
            raise ScheduleError(f"there is no day {day} in a {unit if unit == 'week' else 'month'}")
        if interval.month and isinstance(day, int) and day > _LONGEST[interval.month - 1]:
            raise ScheduleError(f"this can never fire: there is no {MONTHS[interval.month - 1].title()} {day}")


def _is_known(day: MonthDay) -> bool:
    match day:
        case NthWeekday(weekday, place):
            return 0 <= weekday <= 6 and 1 <= place <= 5
        case LastWeekday(weekday):
            return 0 <= weekday <= 6
        case _:
            return day in (LastDay(), LastWorkday())


@lru_cache(maxsize=4096)
def _instants(interval: CalendarInterval) -> LocalInstants:
    there = offsets(interval.tz)
    assert interval.anchor is not None
    since = interval.anchor - EPOCH
    seconds = since.days * DAY_SECONDS + since.seconds
    anchor_wall = seconds + there.offset(seconds) + (1 if since.microseconds else 0)
    return LocalInstants(_Walls(interval, anchor_wall), there, interval.dst)


class _Walls:
    """Its wall times, from the first matching one at or after the anchor's."""

    __slots__ = ("_count", "_days", "_first", "_month", "_skip", "_start", "_times", "_unit")

    def __init__(self, interval: CalendarInterval, anchor_wall: int) -> None:
        self._unit, self._times, self._skip = interval.unit, interval.times, interval.skip_short
        self._days: tuple[Day, ...] = interval.on
        self._month = interval.month
        if self._unit == "week":
            self._days = tuple(sorted((day - 1) % 7 for day in interval.on if isinstance(day, int)))
        self._count, self._start = 1, 0  # of every unit, from anywhere, is the first
        self._first = self._search(anchor_wall)
        self._start = 0 if self._first is None else self._period(self._first // DAY_SECONDS)
        self._count = interval.count * (12 if interval.unit == "year" else 1)

    def at_or_after(self, wall: int) -> int | None:
        return None if self._first is None else self._search(max(wall, self._first))

    def _search(self, wall: int) -> int | None:
        day, time = divmod(wall, DAY_SECONDS)
        matching = self._day_at_or_after(day)
        if matching == day:
            later = next((each for each in self._times if each >= time), None)
            if later is not None:
                return day * DAY_SECONDS + later
            matching = self._day_at_or_after(day + 1)
        return None if matching is None else matching * DAY_SECONDS + self._times[0]

    def _day_at_or_after(self, day: int) -> int | None:
        period = self._aligned(self._period(day)) if day <= _LAST_DAY else None
        while period is not None:
            spend()
            found = next((each for each in self._days_of(period) if each >= day), None)
            if found is not None:
                return found if found <= _LAST_DAY else None
            period = self._aligned(period + 1)
        return None

    def _aligned(self, period: int) -> int | None:
        """The first period that counts, from this one on."""
        late = -(period - self._start) % self._count
        return period + late if period + late <= self._period(_LAST_DAY) else None

    def _period(self, day: int) -> int:
        """Which day, week (from Monday) or month since 1970 that day lies in."""
        if self._unit == "day":
            return day
        if self._unit == "week":
            return (day + 3) // 7  # 1970 began on a Thursday
        there = date.fromordinal(day + _EPOCH_DAY)
        return (there.year - 1970) * 12 + there.month - 1

    def _days_of(self, period: int) -> list[int]:
        if self._unit == "day":
            return [period]
        if self._unit == "week":
            return [period * 7 - 3 + day for day in self._days if isinstance(day, int)]
        year, month = 1970 + period // 12, period % 12 + 1
        if self._month not in (None, month):
            return []
        weekday, length = monthrange(year, month)
        start = date(year, month, 1).toordinal() - _EPOCH_DAY
        found = (self._in_month(day, length, (weekday + 1) % 7) for day in self._days)
        return sorted({start + day - 1 for day in found if day is not None})

    def _in_month(self, day: Day, length: int, first: int) -> int | None:
        if not isinstance(day, int):
            return day.day(length, first)
        if day <= length:
            return day
        return None if self._skip else length
