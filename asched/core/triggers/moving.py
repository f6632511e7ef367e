"""The instants of a schedule with those on covered days moved to the same local time of a day that is free.

A run is a row of covered days. What is due on its days is due, at the same times of day, on the free day behind it,
or before it. So a free day has its own instants and the times of day of one run, and no run is ever listed: its next
time of day is asked for, one question for each of its days on which something is due.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.localtime.budget import ROUND, spend
from asched.core.localtime.coverage import EPOCH_DAY, Coverage
from asched.core.localtime.walltimes import DAY_SECONDS
from asched.core.localtime.zones import EPOCH, instant_of
from asched.core.triggers.protocol import Trigger

Point = TypeVar("Point", datetime, timedelta)

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Covered days from `first` to before `past`; what is due on them is due on day `target` instead."""

    first: int
    past: int
    target: int


@dataclass(frozen=True, slots=True)
class Moving:
    """Of `trigger`; `forward` to the next free day, else back to the previous one."""

    trigger: Trigger
    covered: Coverage
    forward: bool

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later. Raises SpentError when the budget does not lead to one."""
        run = self._run_beside(self.covered.day(instant))
        landed = self._landing(run, instant)
        at = self.trigger.next_after(instant)
        while True:
            spend(ROUND)
            if at is None or (landed is not None and landed <= at):
                return landed
            day = self.covered.day(at)
            if self.covered.on(day) is None:
                beside = None if self.forward else self._landing(self._run_beside(day), instant)
                return min(each for each in (at, landed, beside) if each is not None)
            if (there := self._run_of(day)) != run:
                run, landed = there, _earlier(landed, self._landing(there, instant))
            free = self.covered.leaves(at)
            at = None if free is None else self.trigger.next_after(free - _TICK)

    def _run_beside(self, day: int) -> Run | None:
        """The run whose instants may land on that day, or that the day is in the middle of."""
        if self.covered.on(day) is not None:
            return self._run_of(day)
        step = -1 if self.forward else 1
        neighbour = self.covered.real_day(day + step, step)
        return None if self.covered.on(neighbour) is None else self._run_of(neighbour)

    def _run_of(self, day: int) -> Run | None:
        """None when there is no end to it on the side where its instants would land."""
        before, past = self.covered.free_day(day, -1), self.covered.free_day(day)
        target = past if self.forward else before
        if target is None or past is None:
            return None
        return Run(day if before is None else before + 1, past, target)

    def _landing(self, run: Run | None, instant: datetime) -> datetime | None:
        """The first instant later than `instant` that the run's instants land on."""
        if run is None:
            return None
        low = self._time_after(run.target, instant)
        if low is None:
            return None
        found = self._first_time(run, low)
        return None if found is None else self._instant(run.target, found)

    def _first_time(self, run: Run, low: timedelta) -> timedelta | None:
        """The first time of day, from `low` on, at which it is due on any day of the run."""
        found: timedelta | None = None
        day: int | None = run.first
        while day is not None and day < run.past and found != low:
            spend(3 * ROUND)
            time = self._time_of_day(day, low)
            found = _earlier(found, time)
            day = day + 1 if time is not None else self._due_day(day + 1)
        return found

    def _due_day(self, day: int) -> int | None:
        """The first day, from that one on, on which it may be due."""
        at = self.trigger.next_after(_at((day - 1) * DAY_SECONDS))  # no zone is a day away from UTC
        return None if at is None else max(day, self.covered.day(at))

    def _time_after(self, day: int, instant: datetime) -> timedelta | None:
        """The first time of that day that is later than `instant`, as the first pass of a fold shows it."""
        local = instant.astimezone(ZoneInfo(self.covered.tz))
        here = local.date().toordinal() - EPOCH_DAY
        if here > day:
            return None
        low = _since_midnight(local) + _TICK if here == day else timedelta(0)
        if local.fold:  # what the second pass shows again is over; it may have been the next day already
            stretch = self.covered.stretch(instant)
            low = max(low, timedelta(seconds=stretch.start + stretch.before - day * DAY_SECONDS))
        return low

    def _time_of_day(self, day: int, low: timedelta) -> timedelta | None:
        """The first time of that day, from `low` on, at which clocks show that the trigger is due."""
        found: timedelta | None = None
        stretch = self.covered.stretch(EPOCH + timedelta(days=day - 1))  # no zone is a day away from UTC
        while (begin := day * DAY_SECONDS - stretch.offset) + DAY_SECONDS > stretch.start:
            start = max(_at(begin) + low, _at(stretch.start))
            end = min(begin + DAY_SECONDS, stretch.end)
            at = self.trigger.next_after(start - _TICK) if start < _at(end) else None
            if at is not None and at < _at(end):
                found = _earlier(found, at - _at(begin))
            stretch = self.covered.stretch(_at(stretch.end))
        return found

    def _instant(self, day: int, time_of_day: timedelta) -> datetime:
        wall = datetime.combine(date.fromordinal(day + EPOCH_DAY), time()) + time_of_day
        return instant_of(wall, self.covered.tz)


def _since_midnight(local: datetime) -> timedelta:
    return local.replace(tzinfo=None) - datetime.combine(local.date(), time())


def _at(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def _earlier(one: Point | None, other: Point | None) -> Point | None:
    return min((each for each in (one, other) if each is not None), default=None)
