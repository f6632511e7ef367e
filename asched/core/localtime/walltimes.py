"""The wall times that a cron expression names, before any zone: a set of naive seconds since 1970.

This is the calendar half of cron. It is built once per expression; asking for the next wall time is a few
table look-ups. `tests/core/test_cron_against_croniter.py` holds it against croniter over decades.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from datetime import date
from functools import lru_cache

from asched.core.localtime.budget import spend
from asched.core.localtime.cronfields import Field, Fields

DAY_SECONDS = 86_400
LAST_YEAR = 2199  # the search ends here: what has not matched by then never will

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NEVER = 1 << 62
_Month = tuple[int, int, int]  # first day, first day of the next month, matching days as bits


class WallTimes:
    """`either_day`: when both day fields are restricted a day matches either, not both (crontab(5))."""

    __slots__ = ("_days", "_earliest", "_hours", "_minutes", "_month", "_seconds")

    def __init__(self, fields: Fields, *, either_day: bool) -> None:
        self._days = _MatchingDays(fields, either_day)
        self._seconds = _at_or_after(fields.second.values, 60)
        self._minutes = _at_or_after(fields.minute.values, 60)
        self._hours = _at_or_after(fields.hour.values, 24)
        self._earliest = self._hours[0] * 3600 + self._minutes[0] * 60 + self._seconds[0]
        self._month: _Month = self._days.month(0)

    def at_or_after(self, wall: int) -> int | None:
        """The first matching wall time that is not before `wall`, or None when there is none."""
        day, time = divmod(wall, DAY_SECONDS)
        matching = self._day_at_or_after(day)
        if matching is None:
            return None
        if matching == day:
            found = self._time_at_or_after(time)
            if found < DAY_SECONDS:
                return day * DAY_SECONDS + found
            matching = self._day_at_or_after(day + 1)
        return None if matching is None else matching * DAY_SECONDS + self._earliest

    def past_units(self, wall: int, unit: int, until: int) -> int:
        """From `wall` past the minutes, hours or days (`unit`, in seconds) in a row of which something is named.

        No further than `until`, or little.
        """
        if unit == DAY_SECONDS:
            return self._free_day(wall // DAY_SECONDS, until // DAY_SECONDS) * DAY_SECONDS
        at = wall - wall % unit
        while at < until and self._names_of(at, unit):
            spend()
            at += unit
        return at

    def _free_day(self, day: int, until: int) -> int:
        while day <= until:
            first, past, days = self._days.month(day)
            free = ~(days >> (day - first))
            day += (free & -free).bit_length() - 1
            if day < past:
                break
            spend()
        return day

    def _names_of(self, at: int, unit: int) -> bool:
        day, time = divmod(at, DAY_SECONDS)
        hour, minute = time // 3600, time // 60 % 60
        if (unit < DAY_SECONDS and self._hours[hour] != hour) or (unit < 3600 and self._minutes[minute] != minute):
            return False
        return self._day_at_or_after(day) == day

    def _time_at_or_after(self, time: int) -> int:
        """In seconds since midnight; a day or more when nothing is left of this day."""
        hour, rest = divmod(time, 3600)
        minute, second = divmod(rest, 60)
        later_hour = self._hours[hour]
        if later_hour == hour:
            later_minute = self._minutes[minute]
            if later_minute == minute:
                later_second = self._seconds[second]
                if later_second < 60:
                    return hour * 3600 + minute * 60 + later_second
                later_minute = self._minutes[minute + 1]
            if later_minute < 60:
                return hour * 3600 + later_minute * 60 + self._seconds[0]
            later_hour = self._hours[hour + 1]
        return later_hour * 3600 + self._minutes[0] * 60 + self._seconds[0]

    def _day_at_or_after(self, day: int) -> int | None:
        # One tuple, replaced whole: two threads that ask about different months only work twice.
        # A rare expression remembers with it the months before in which nothing matches.
        month, asked = self._month, day
        while True:
            first, past, days = month
            if not first <= day < past:
                first, past, days = self._days.month(day)
                empty = max(0, first - asked)
                month = self._month = first, past, days = first - empty, past, days << empty
            if left := days >> (day - first):
                return day + (left & -left).bit_length() - 1
            later = self._days.month_at_or_after(past)
            if later is None:
                return None
            spend()
            day = later


class _MatchingDays:
    """Which days match, a month at a time."""

    def __init__(self, fields: Fields, either_day: bool) -> None:
        self._fields = fields
        restricted = not (fields.day.unrestricted or fields.weekday.unrestricted)
        self._either = either_day and restricted
        self._known: dict[tuple[int, int], int] = {}

    def month(self, day: int) -> _Month:
        """The month in which that day (since 1970) lies."""
        here = date.fromordinal(day + _EPOCH_DAY)
        weekday, length = monthrange(here.year, here.month)
        first = day - here.day + 1
        return first, first + length, self._bits(here, length, (weekday + 1) % 7)

    def month_at_or_after(self, day: int) -> int | None:
        """The first day of the next month, from the one that starts on `day`, that the month and year fields

        allow; None past the last year.
        """
        start = date.fromordinal(day + _EPOCH_DAY)
        year, months = start.year, self._fields.month.values
        month = next((m for m in months if m >= start.month), None) if self._year_matches(year) else None
        if month is None:
            following = self._year_at_or_after(year + 1)
            if following is None:
                return None
            year, month = following, months[0]
        return date(year, month, 1).toordinal() - _EPOCH_DAY

    def _year_at_or_after(self, year: int) -> int | None:
        if self._fields.year.text == "*":
            return year if year <= LAST_YEAR else None
        years = self._fields.year.values
        place = bisect_left(years, year)
        return years[place] if place < len(years) and years[place] <= LAST_YEAR else None

    def _year_matches(self, year: int) -> bool:
        anyway = self._fields.year.text == "*" and year <= LAST_YEAR
        return anyway or year in self._fields.year.values

    def _bits(self, start: date, length: int, first: int) -> int:
        if start.month not in self._fields.month.values or not self._year_matches(start.year):
            return 0
        if (length, first) not in self._known:
            self._known[length, first] = self._matching(length, first)
        return self._known[length, first]

    def _matching(self, length: int, first: int) -> int:
        by_day = _special_bits(self._fields.day, length, first)
        by_day |= sum(1 << day - 1 for day in self._fields.day.values if day <= length)
        by_weekday = _special_bits(self._fields.weekday, length, first)
        weekdays = set(self._fields.weekday.values)
        by_weekday |= sum(1 << day for day in range(length) if (first + day) % 7 in weekdays)
        return by_day | by_weekday if self._either else by_day & by_weekday


def _special_bits(field: Field, length: int, first: int) -> int:
    bits = 0
    for special in field.special:
        if day := special.day(length, first):
            bits |= 1 << day - 1
    return bits


@lru_cache(maxsize=1024)  # most expressions have the same few
def _at_or_after(values: tuple[int, ...], size: int) -> tuple[int, ...]:
    """table[n] is the smallest of `values` that is n or more, else one that is past every time of day."""
    return tuple(next((v for v in values if v >= n), _NEVER) for n in range(size + 1))
