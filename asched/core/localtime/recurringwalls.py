"""The wall times of a recurrence rule, found without walking through those that came before.

Which days fit depends on the kind of year only (there are 28), and is worked out once for each; what an INTERVAL
leaves out is arithmetic. Every search counts its steps and gives up after STEPS of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import MINYEAR, date
from functools import cached_property

from asched.core.localtime.budget import STEPS, spend
from asched.core.localtime.recurrence import Recurrence, year_kind
from asched.core.localtime.walltimes import DAY_SECONDS, LAST_YEAR
from asched.errors import ScheduleError

_WHOLE_PERIOD = 8  # steps' worth of work

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_UNITS = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}


class _Steps:
    """How many more may be taken."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = STEPS

    def take(self, cost: int = 1) -> None:
        self.left -= cost
        if self.left < 0:
            raise ScheduleError(f"nothing is found in {STEPS} steps: this rule fires too rarely, or never")
        spend(cost)


class RecurringWalls:
    """Of `rule`, from `start` (seconds since 1970 as a clock shows them) on. `until` is the last one, if given."""

    def __init__(self, rule: Recurrence, start: int, until: int | None = None) -> None:
        begins = date.fromordinal(start // DAY_SECONDS + _EPOCH_DAY)
        self._rule = _completed(rule, begins, start % DAY_SECONDS)
        self._start = start
        self._until = until
        self._unit = _UNITS.get(rule.freq)
        self._clock = _Clock(self._rule, self._unit or DAY_SECONDS)
        self._period_start = self._period(start // DAY_SECONDS)
        self._by_period = bool(rule.bysetpos) and rule.freq in ("YEARLY", "MONTHLY", "WEEKLY")
        self._days: dict[tuple[bool, int, bool], tuple[int, ...]] = {}

    def at_or_after(self, wall: int) -> int | None:
        """Raises ScheduleError when STEPS do not lead to an answer."""
        found = self._found(max(wall, self._start), _Steps())
        if found is None or (self._until is not None and found > self._until):
            return None
        return found if self._last is None or found <= self._last else None

    @cached_property
    def _last(self) -> int | None:
        """The last one that COUNT leaves."""
        last, steps = self._start, _Steps()
        for _ in range(self._rule.count or 0):
            found = self._found(last, steps)
            if found is None:
                break
            last = found + 1
        return None if self._rule.count is None else last - 1

    def _found(self, wall: int, steps: _Steps) -> int | None:
        return self._chosen(wall, steps) if self._by_period else self._plain(wall, steps)

    # Without positions: days that fit, and times that fit.

    def _plain(self, wall: int, steps: _Steps) -> int | None:
        day, time = divmod(wall, DAY_SECONDS)
        while (fitting := self._day_at_or_after(day, steps)) is not None:
            found = self._time(fitting, time if fitting == day else 0, steps)
            if found < DAY_SECONDS:
                return fitting * DAY_SECONDS + found
            day, time = fitting + found // DAY_SECONDS, 0
        return None

    def _time(self, day: int, time: int, steps: _Steps) -> int:
        """In seconds since that day's midnight; a day or more when the next can only be on a later day."""
        if self._unit is None:
            return self._clock.at_or_after(time)
        rule, size, since = self._rule, self._unit, self._start // self._unit
        place = time // size
        while place * size < DAY_SECONDS:
            steps.take()
            place += (since - day * (DAY_SECONDS // size) - place) % rule.interval
            fitting = self._fitting(place * size, size)
            if fitting != place * size:
                place = fitting // size
                continue
            rest = self._clock.at_or_after(time - place * size if time > place * size else 0)
            if rest < size:
                return place * size + rest
            place += 1
        return max(DAY_SECONDS, place * size)

    def _fitting(self, time: int, size: int) -> int:
        """`time` itself when its hour, minute and second are among those asked for, else where the next may be."""
        if time >= DAY_SECONDS:
            return time
        rule = self._rule
        if rule.byhour and (hour := time // 3600) not in rule.byhour:
            return _next(rule.byhour, hour, 24) * 3600
        if size < 3600 and rule.byminute and (minute := time // 60 % 60) not in rule.byminute:
            return time - time % 3600 + _next(rule.byminute, minute, 60) * 60
        if size < 60 and rule.bysecond and (second := time % 60) not in rule.bysecond:
            return time - second + _next(rule.bysecond, second, 60)
        return time

    def _day_at_or_after(self, day: int, steps: _Steps) -> int | None:
        """The first day that fits, in a period that counts."""
        while True:
            steps.take()
            counting = self._counting(day)
            if counting is None:
                return None
            if counting != day:
                day = counting
                continue
            year, first = _year_of(day)
            days = self._days_of(year)
            place = bisect_left(days, day - first)
            if place == len(days):
                if year >= LAST_YEAR:
                    return None
                day = date(year + 1, 1, 1).toordinal() - _EPOCH_DAY
            elif days[place] == day - first:
                return day
            else:
                day = first + days[place]

    def _counting(self, day: int) -> int | None:
        """`day` itself when the INTERVAL counts its period, else the first day of the next that it counts."""
        if self._unit is not None:
            return day
        period = self._period(day)
        late = (self._period_start - period) % self._rule.interval
        if not late:
            return day
        return self._begin(period + late)

    # With positions: all days of a period, times all times of a day, and of those some.

    def _chosen(self, wall: int, steps: _Steps) -> int | None:
        period: int | None = self._period(wall // DAY_SECONDS)
        while period is not None:
            steps.take(_WHOLE_PERIOD)
            period += (self._period_start - period) % self._rule.interval
            begin, end = self._begin(period), self._begin(period + 1)
            if begin is None:
                return None
            days = list(self._fitting_days(begin, begin + 366 if end is None else end))
            size = self._clock.size
            places = _positions(self._rule.bysetpos, len(days) * size)
            walls = (days[place // size] * DAY_SECONDS + self._clock.at(place % size) for place in places)
            found = next((each for each in walls if each >= wall), None)
            if found is not None:
                return found
            period += 1
        return None

    def _fitting_days(self, begin: int, end: int) -> Iterator[int]:
        year, first = _year_of(begin)
        while first < end and year <= LAST_YEAR:
            yield from (first + day for day in self._days_of(year) if begin <= first + day < end)
            year, first = year + 1, date(year + 1, 1, 1).toordinal() - _EPOCH_DAY

    # Periods: years, months, weeks or days, numbered.

    def _period(self, day: int) -> int:
        match self._rule.freq:
            case "YEARLY":
                return date.fromordinal(day + _EPOCH_DAY).year
            case "MONTHLY":
                there = date.fromordinal(day + _EPOCH_DAY)
                return there.year * 12 + there.month - 1
            case "WEEKLY":
                return (day + 3 - self._rule.wkst) // 7  # 1970 began on a Thursday
            case _:
                return day

    def _begin(self, period: int) -> int | None:
        """Its first day; None past the last year."""
        match self._rule.freq:
            case "YEARLY":
                year, month = period, 1
            case "MONTHLY":
                year, month = period // 12, period % 12 + 1
            case "WEEKLY":
                return _in_range(period * 7 - 3 + self._rule.wkst)
            case _:
                return _in_range(period)
        return None if not MINYEAR <= year <= LAST_YEAR else date(year, month, 1).toordinal() - _EPOCH_DAY

    # Days that fit, whatever the INTERVAL says.

    def _days_of(self, year: int) -> tuple[int, ...]:
        """Counted from 0 within the year."""
        kind = year_kind(year)
        if kind not in self._days:
            first = date(year, 1, 1)
            length = 366 if kind[0] else 365
            days = (date.fromordinal(first.toordinal() + ahead) for ahead in range(length))
            self._days[kind] = tuple(ahead for ahead, day in enumerate(days) if self._fits(day, ahead, length))
        return self._days[kind]

    def _fits(self, day: date, ahead: int, length: int) -> bool:
        rule = self._rule
        if rule.bymonth and day.month not in rule.bymonth:
            return False
        if rule.bymonthday:
            past = _month_length(day) - day.day + 1
            if day.day not in rule.bymonthday and -past not in rule.bymonthday:
                return False
        if rule.byyearday and ahead + 1 not in rule.byyearday and ahead - length not in rule.byyearday:
            return False
        if rule.byday and not self._fits_weekday(day, ahead, length):
            return False
        return not rule.byweekno or self._fits_week(day)

    def _fits_weekday(self, day: date, ahead: int, length: int) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self._rule.byday:
            return True
        if self._rule.freq == "MONTHLY" or self._rule.bymonth:
            ahead, length = day.day - 1, _month_length(day)
        from_start, from_end = ahead // 7 + 1, -((length - 1 - ahead) // 7 + 1)
        return (from_start, weekday) in self._rule.byday or (from_end, weekday) in self._rule.byday

    def _fits_week(self, day: date) -> bool:
        """Week 1 is the first with four days or more in its year; a week begins on WKST."""
        first = day.toordinal() - (day.weekday() - self._rule.wkst) % 7
        year = date.fromordinal(first + 3).year
        number = (first - self._first_week(year)) // 7 + 1
        weeks = (self._first_week(year + 1) - self._first_week(year)) // 7
        return number in self._rule.byweekno or number - weeks - 1 in self._rule.byweekno

    def _first_week(self, year: int) -> int:
        fourth = date(year, 1, 4)
        return fourth.toordinal() - (fourth.weekday() - self._rule.wkst) % 7


class _Clock:
    """The times within a day, or within an hour or minute of it: every hour with every minute with every second."""

    def __init__(self, rule: Recurrence, length: int) -> None:
        self._hours: Sequence[int] = rule.byhour if length > 3600 else (0,)
        self._minutes: Sequence[int] = rule.byminute if length > 60 else (0,)
        self._seconds: Sequence[int] = rule.bysecond if length > 1 else (0,)
        self.size = len(self._hours) * len(self._minutes) * len(self._seconds)
        self._chosen: list[int] | None = None
        if rule.bysetpos and rule.freq not in ("YEARLY", "MONTHLY", "WEEKLY"):
            self._chosen = [self.at(place) for place in _positions(rule.bysetpos, self.size)]

    def at(self, place: int) -> int:
        rest, second = divmod(place, len(self._seconds))
        hour, minute = divmod(rest, len(self._minutes))
        return self._hours[hour] * 3600 + self._minutes[minute] * 60 + self._seconds[second]

    def at_or_after(self, time: int) -> int:
        """In seconds; a day when there is none left."""
        if self._chosen is not None:
            place = bisect_left(self._chosen, time)
            return self._chosen[place] if place < len(self._chosen) else DAY_SECONDS
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.at(middle) >= time else (middle + 1, high)
        return self.at(low) if low < self.size else DAY_SECONDS


def _completed(rule: Recurrence, day: date, time: int) -> Recurrence:
    """With what it leaves open taken from its start."""
    coarse = rule.freq not in _UNITS
    given: dict[str, tuple[int, ...] | tuple[tuple[int, int], ...]] = {}
    if coarse and not rule.byhour:
        given["byhour"] = (time // 3600,)
    if rule.freq not in ("MINUTELY", "SECONDLY") and not rule.byminute:
        given["byminute"] = (time // 60 % 60,)
    if rule.freq != "SECONDLY" and not rule.bysecond:
        given["bysecond"] = (time % 60,)
    if not (rule.byweekno or rule.byyearday or rule.bymonthday or rule.byday):
        if rule.freq == "YEARLY" and not rule.bymonth:
            given["bymonth"] = (day.month,)
        if rule.freq in ("YEARLY", "MONTHLY"):
            given["bymonthday"] = (day.day,)
        if rule.freq == "WEEKLY":
            given["byday"] = ((0, day.weekday()),)
    elif rule.byweekno and not (rule.byday or rule.bymonthday or rule.byyearday):
        given["byday"] = ((0, day.weekday()),)
    return replace(rule, **given)  # type: ignore[arg-type]


def _positions(wanted: Sequence[int], size: int) -> list[int]:
    places = {place - 1 if place > 0 else size + place for place in wanted}
    return sorted(place for place in places if 0 <= place < size)


def _next(values: Sequence[int], value: int, cycle: int) -> int:
    return next((each for each in values if each > value), cycle)


def _year_of(day: int) -> tuple[int, int]:
    year = date.fromordinal(day + _EPOCH_DAY).year
    return year, date(year, 1, 1).toordinal() - _EPOCH_DAY


def _in_range(day: int) -> int | None:
    return day if day <= date(LAST_YEAR, 12, 31).toordinal() - _EPOCH_DAY else None


def _month_length(day: date) -> int:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return following.toordinal() - date(day.year, day.month, 1).toordinal()
