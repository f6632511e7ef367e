"""Which instants calendars cover in a zone, and where that begins and ends.

Days are numbered from 1970-01-01. What clocks show is all that counts: of a repeated hour both passes lie on the day
that they show.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from asched.core.calendars import Calendar, Span
from asched.core.walltimes import DAY_SECONDS, LAST_YEAR
from asched.core.wording import weekday_name
from asched.core.zones import EPOCH, Stretch, instant_of, offsets

EPOCH_DAY = date(1970, 1, 1).toordinal()

_FIRST_DAY = 2 - EPOCH_DAY
_LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - EPOCH_DAY
_END = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
_THURSDAY = 4  # 1970-01-01; 0 is Sunday
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
        self._listed = sorted(self._days)
        self._spans = sorted(
            (*_instants(span, tz), Cover(calendar.name, span.label or "a span of time"))
            for calendar in calendars
            for span in calendar.spans
        )
        self._ends = _merged((start, end) for start, end, _ in self._spans)

    @property
    def every_day(self) -> bool:
        return len(self._weekdays) == 7

    @property
    def empty(self) -> bool:
        return not (self._days or self._yearly or self._weekdays or self._spans)

    def at(self, instant: datetime) -> Cover | None:
        """What covers that instant."""
        return self.on(self.day(instant)) or next(
            (cover for start, end, cover in self._spans if start <= instant < end), None
        )

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
        """The first instant, from this one on, that is not covered; None when there is none before 2200."""
        at: datetime | None = instant
        while at is not None and at < _END:
            end = self._end_of_span(at)
            if end is None and self.on(self.day(at)) is None:
                return at
            at = end if end is not None else self._day_begins(at, covered=False)
        return None

    def enters(self, instant: datetime) -> datetime | None:
        """The first instant, from this one on, that is covered; None when there is none before 2200."""
        if self.at(instant) is not None:
            return instant
        by_day = self._day_begins(instant, covered=True)
        by_span = next((start for start, _ in self._ends if start > instant), None)
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
            begins = end if day is None else day * DAY_SECONDS - stretch.offset
            seconds = min(begins, stretch.end)
        return None

    def _walked(self, day: int, step: int, *, covered: bool) -> int | None:
        if covered and not (self._weekdays or self._yearly):
            return self._listed_day(day) if step > 0 else None
        while _FIRST_DAY <= day <= _LAST_DAY:
            if (self.on(day) is not None) == covered:
                return day
            day += step
        return None

    def _listed_day(self, day: int) -> int | None:
        place = bisect_left(self._listed, day)
        return self._listed[place] if place < len(self._listed) else None

    def _end_of_span(self, instant: datetime) -> datetime | None:
        place = bisect_right(self._ends, (instant, _END)) - 1
        return self._ends[place][1] if place >= 0 and instant < self._ends[place][1] else None


@lru_cache(maxsize=256)
def coverage(calendars: tuple[Calendar, ...], tz: str) -> Coverage:
    """Shared by all schedules with these calendars in this zone. Raises ScheduleError for an unknown zone."""
    return Coverage(calendars, tz)


def _instants(span: Span, tz: str) -> tuple[datetime, datetime]:
    if span.start.tzinfo is not None:
        return span.start, span.end
    start, end = instant_of(span.start, tz), instant_of(span.end, tz)
    return start, max(start, end)


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
