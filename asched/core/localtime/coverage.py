"""Which instants calendars cover in a zone, and where that begins and ends.

Days are numbered from 1970-01-01. What clocks show is all that counts: of a repeated hour both passes lie on the day
that they show. Which days are covered stands in a table with one byte a day, from 1900 to 2199, and spans are merged
and sorted: a question is a look-up, however many days and spans there are.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import isleap
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from asched.core.localtime.budget import spend
from asched.core.localtime.calendars import Calendar, Span
from asched.core.localtime.spans import merged_spans
from asched.core.localtime.walltimes import DAY_SECONDS, LAST_YEAR
from asched.core.localtime.zones import EPOCH, Stretch, instant_of, offsets
from asched.core.text.wording import weekday_name

EPOCH_DAY = date(1970, 1, 1).toordinal()

_FIRST_YEAR = 1900  # nothing is due before it
_FIRST_DAY = date(_FIRST_YEAR, 1, 1).toordinal() - EPOCH_DAY
_LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - EPOCH_DAY
_END = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
_THURSDAY = 4  # 1970-01-01; 0 is Sunday
_MARGIN = 2 * DAY_SECONDS  # no zone is a day away from UTC
_SECOND = timedelta(seconds=1)


class Cover(NamedTuple):
    """The calendar that covers an instant, and the label that it has there."""

    calendar: str
    label: str


class Coverage:
    """Several calendars in one zone."""

    def __init__(self, calendars: Iterable[Calendar], tz: str) -> None:
        calendars = tuple(calendars)
        self.tz = tz
        self._offsets = offsets(tz)
        self._days: dict[int, Cover] = {}
        self._yearly: dict[tuple[int, int], Cover] = {}
        self._weekdays: dict[int, Cover] = {}
        for calendar in reversed(calendars):  # the first one gets the word
            for day, label in calendar.days:
                self._days[day.toordinal() - EPOCH_DAY] = Cover(calendar.name, label or day.isoformat())
            for month, number, label in calendar.yearly:
                self._yearly[month, number] = Cover(calendar.name, label or f"{month:02}-{number:02}")
            for weekday in calendar.weekdays:
                self._weekdays[weekday] = Cover(calendar.name, weekday_name(weekday))
        self._table = self._covered_days()
        self._spans = sorted(
            (*_instants(span, tz), Cover(calendar.name, span.label or "a span of time"))
            for calendar in calendars
            for span in calendar.spans
        )
        merged = merged_spans((start, end) for start, end, _ in self._spans)
        self._starts, self._ends = [start for start, _ in merged], [end for _, end in merged]

    @property
    def every_day(self) -> bool:
        return len(self._weekdays) == 7

    @property
    def empty(self) -> bool:
        return not (self._days or self._yearly or self._weekdays or self._spans)

    def at(self, instant: datetime) -> Cover | None:
        """What covers that instant."""
        if (found := self.on(self.day(instant))) or self._end_of_span(instant) is None:
            return found
        return next(cover for start, end, cover in self._spans if start <= instant < end)

    def on(self, day: int) -> Cover | None:
        """What covers the whole of that local day."""
        if found := self._days.get(day) or self._weekdays.get((day + _THURSDAY) % 7):
            return found
        if not self._yearly:
            return None
        there = date.fromordinal(day + EPOCH_DAY)
        return self._yearly.get((there.month, there.day))

    def day(self, instant: datetime) -> int:
        """The local day on which it lies."""
        return ((instant - EPOCH) // _SECOND + self.stretch(instant).offset) // DAY_SECONDS

    def stretch(self, instant: datetime) -> Stretch:
        """The time around it with one offset from UTC."""
        return self._offsets.stretch((instant - EPOCH) // _SECOND)

    def free_day(self, day: int, step: int = 1) -> int | None:
        """The first day there is, from this one on (or, with step -1, back), that is not covered."""
        found = self._walked(day, step, covered=False)
        while found is not None and (there := self.real_day(found, step)) != found:
            found = self._walked(there, step, covered=False)
        return found

    def real_day(self, day: int, step: int) -> int:
        """That day, or the next one in that direction which clocks show: across the date line a zone skips a day."""
        while not self._is_shown(day):
            day += step
        return day

    def _is_shown(self, day: int) -> bool:
        begins = day * DAY_SECONDS
        stretch = self._offsets.stretch(begins - DAY_SECONDS)  # no zone is a day away from UTC
        while stretch.end + stretch.offset <= begins:
            stretch = self._offsets.stretch(stretch.end)
        return stretch.start + stretch.offset < begins + DAY_SECONDS

    def leaves(self, instant: datetime) -> datetime | None:
        """The first instant, from this one on, that is not covered; None when there is none before 2200.

        Raises SpentError where spans and days cover each other's ends for too long.
        """
        at: datetime | None = instant
        while at is not None and at < _END:
            end = self._end_of_span(at)
            if end is None and not self._is_covered(self.day(at)):
                return at
            spend(2)
            at = end if end is not None else self._day_begins(at, covered=False)
        return None

    def enters(self, instant: datetime) -> datetime | None:
        """The first instant, from this one on, that is covered; None when there is none before 2200."""
        if self._end_of_span(instant) is not None:
            return instant
        by_day = self._day_begins(instant, covered=True)
        place = bisect_right(self._starts, instant)
        by_span = self._starts[place] if place < len(self._starts) else None
        return min((at for at in (by_day, by_span) if at is not None), default=None)

    def _day_begins(self, instant: datetime, *, covered: bool) -> datetime | None:
        """The first instant, from this one on, of a day that is covered, or is not.

        Stretch by stretch: within one, instants and wall times differ by a constant.
        """
        seconds, end = (instant - EPOCH) // _SECOND, (_END - EPOCH) // _SECOND
        while seconds < end:
            stretch = self._offsets.stretch(seconds)
            here = (seconds + stretch.offset) // DAY_SECONDS
            day = self._walked(here, 1, covered=covered)
            if day == here:
                return max(instant, EPOCH + timedelta(seconds=seconds))
            if day is None:
                return None
            begins = day * DAY_SECONDS - stretch.offset
            seconds = begins if begins < stretch.end else max(stretch.end, begins - _MARGIN)
        return None

    def _walked(self, day: int, step: int, *, covered: bool) -> int | None:
        """The first such day, from this one on, in that direction. Nothing is covered before 1900."""
        if day < _FIRST_DAY and step > 0 and not covered:
            return day
        place, wanted = max(0, day - _FIRST_DAY), b"\1" if covered else b"\0"
        found = self._table.find(wanted, place) if step > 0 else self._table.rfind(wanted, 0, place + 1)
        return None if found < 0 else found + _FIRST_DAY

    def _is_covered(self, day: int) -> bool:
        return _FIRST_DAY <= day <= _LAST_DAY and self._table[day - _FIRST_DAY] == 1

    def _covered_days(self) -> bytes:
        """One byte a day, 1 for a covered one."""
        years = {leap: self._year(2000 if leap else 2001) for leap in (True, False)} if self._yearly else {}
        known = (years[isleap(year)] for year in range(_FIRST_YEAR, LAST_YEAR + 1)) if years else ()
        table = bytearray(b"".join(known) or _LAST_DAY - _FIRST_DAY + 1)
        for weekday in self._weekdays:
            first = (weekday - _THURSDAY - _FIRST_DAY) % 7
            table[first::7] = b"\1" * len(range(first, len(table), 7))
        for day in self._days:
            if _FIRST_DAY <= day <= _LAST_DAY:
                table[day - _FIRST_DAY] = 1
        return bytes(table)

    def _year(self, year: int) -> bytes:
        begin, past = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        days = (date.fromordinal(day) for day in range(begin, past))
        return bytes((day.month, day.day) in self._yearly for day in days)

    def _end_of_span(self, instant: datetime) -> datetime | None:
        place = bisect_right(self._starts, instant) - 1
        return self._ends[place] if place >= 0 and instant < self._ends[place] else None


@lru_cache(maxsize=256)
def coverage(calendars: tuple[Calendar, ...], tz: str) -> Coverage:
    """Shared by all schedules with these calendars in this zone. Raises ScheduleError for an unknown zone."""
    return Coverage(calendars, tz)


def _instants(span: Span, tz: str) -> tuple[datetime, datetime]:
    if span.start.tzinfo is not None:
        return span.start, span.end
    start, end = instant_of(span.start, tz), instant_of(span.end, tz)
    return start, max(start, end)
