"""What a simulation says at a glance: counts for each job, the most runs at once, the load, and a strip over time.

It hears of fires one by one and keeps a few numbers of each, so that a year of many jobs stays small.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from asched.core.change import Gap
from asched.core.dataclass import dataclass
from asched.core.foresight.simulate import SimulatedFire
from asched.core.outcome import Abandoned, Queue, Skip, SkipReason

CELLS = 1200  # of a strip, from its beginning to its end
BUSIEST = 5  # minutes that are named

_MISSED = frozenset({SkipReason.MISSED, SkipReason.EXPIRED})
_CROWDED = frozenset({SkipReason.OVERLAPPED, SkipReason.QUEUE_FULL, SkipReason.REPLACED})


class Mark(IntEnum):
    """What a cell of a strip shows: of several, the greatest."""

    NOTHING = 0
    RUNNING = 1
    COALESCED = 2
    WAITING = 3
    SKIPPED = 4  # for any other reason
    CROWDED = 5  # its job was at its limit
    MISSED = 6  # too late, or lost with its scheduler


@dataclass(slots=True)
class Course:
    """How it went for one job. Instants in gaps are in `skipped`, `uncounted` says that more than those were there."""

    job: str
    fires: int = 0
    started: int = 0
    waited: int = 0  # for a free slot, before they started
    still_waiting: int = 0
    longest_wait: timedelta = timedelta(0)
    caught_up: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    uncounted: bool = False
    busy: timedelta = timedelta(0)
    strip: bytearray = field(default_factory=lambda: bytearray(CELLS))
    starts: array[float] = field(default_factory=lambda: array("d"))  # seconds since the beginning
    ends: array[float] = field(default_factory=lambda: array("d"))

    def at(self, second: float) -> int:
        """How many of its runs go on at that second."""
        return sum(start <= second < end for start, end in zip(self.starts, self.ends, strict=True))

    @property
    def crowded(self) -> int:
        return sum(self.skipped[reason] for reason in _CROWDED)

    @property
    def missed(self) -> int:
        return sum(self.skipped[reason] for reason in _MISSED)


@dataclass(frozen=True, slots=True)
class Busy:
    """An instant, a number of runs, and of which jobs they are."""

    at: datetime
    runs: int
    jobs: dict[str, int]


class Forecast:
    """Of `jobs` (names) over [since, until], which is longer than nothing."""

    def __init__(self, jobs: Iterable[str], since: datetime, until: datetime) -> None:
        self.since, self.until = since, until
        self.courses = {job: Course(job) for job in jobs}
        self._starts: Counter[int] = Counter()  # by minutes since 1970
        self._base = since.timestamp()
        self._length = (until - since).total_seconds()

    def hear(self, one: SimulatedFire) -> None:
        """Of one fire, once nothing more becomes of it, or at the end."""
        course = self.courses[one.fire.job]
        course.fires += 1
        if isinstance(one.decision, Skip):
            self._skipped(course, one.decision.reason, one.fire.scheduled_at)
        elif isinstance(one.decision, Queue):
            course.still_waiting += 1
            self._mark(course, Mark.WAITING, one.decided_at, self.until)
        else:
            self._ran(course, one)

    def hear_gap(self, job: str, gap: Gap) -> None:
        """Of many that were decided together."""
        course = self.courses[job]
        course.skipped[gap.reason] += gap.count or 0
        course.fires += gap.count or 0
        course.uncounted = course.uncounted or gap.count is None
        self._mark(course, mark_of(gap.reason), gap.after, gap.until)

    @property
    def fires(self) -> int:
        return sum(course.fires for course in self.courses.values())

    @property
    def started(self) -> int:
        return sum(course.started for course in self.courses.values())

    def _skipped(self, course: Course, reason: SkipReason, at: datetime) -> None:
        course.skipped[reason] += 1
        self._mark(course, mark_of(reason), at, at)

    def _ran(self, course: Course, one: SimulatedFire) -> None:
        started, finished = one.started_at or one.decided_at, one.finished_at
        start = self._second(started)
        end = self._length if finished is None else min(self._second(finished), self._length)
        course.started += 1
        course.caught_up += one.fire.caught_up
        course.busy += timedelta(seconds=max(0.0, end - start))
        course.outcomes["running" if one.outcome is None else one.outcome.kind] += 1
        if started > one.decided_at and one.attempt == 1:
            course.waited += 1
            course.longest_wait = max(course.longest_wait, started - one.decided_at)
            self._mark(course, Mark.WAITING, one.decided_at, started)
        self._fill(course, Mark.RUNNING, start, end)
        if isinstance(one.outcome, Abandoned):
            self._fill(course, Mark.MISSED, end, end)
        course.starts.append(start)
        course.ends.append(end)
        self._starts[self._minute(start)] += 1

    def _second(self, at: datetime) -> float:
        return (at - self.since).total_seconds()

    def _mark(self, course: Course, mark: Mark, start: datetime, end: datetime) -> None:
        self._fill(course, mark, self._second(start), self._second(end))

    def _fill(self, course: Course, mark: Mark, start: float, end: float) -> None:
        strip = course.strip
        for cell in range(self._cell(start), self._cell(end) + 1):
            if strip[cell] < mark:
                strip[cell] = mark

    def _cell(self, second: float) -> int:
        return min(max(int(second / self._length * CELLS), 0), CELLS - 1)

    # What is told of all jobs together.

    def peak(self) -> Busy | None:
        """The most runs at once, when that was first, and whose they were; None when nothing ran for a while."""
        starts = sorted(second for course in self.courses.values() for second, _ in _lasting(course))
        ends = sorted(second for course in self.courses.values() for _, second in _lasting(course))
        most, at, ended = 0, 0.0, 0
        for begun, second in enumerate(starts, 1):
            while ends[ended] <= second:
                ended += 1
            if begun - ended > most:
                most, at = begun - ended, second
        return self._busy(at, most, {course.job: course.at(at) for course in self.courses.values()}) if most else None

    def profile(self) -> list[int]:
        """The most runs at once in each cell."""
        counts = [0] * CELLS
        changes = [(second, 1) for course in self.courses.values() for second, _ in _lasting(course)]
        changes += [(second, -1) for course in self.courses.values() for _, second in _lasting(course)]
        changes.sort()
        running, filled = 0, 0
        for second, change in changes:
            cell = self._cell(second)
            for between in range(filled + 1, cell + 1):
                counts[between] = running
            filled = max(filled, cell)
            running += change
            counts[cell] = max(counts[cell], running)
        return counts

    def busiest(self) -> Sequence[Busy]:
        """The minutes in which most runs start, those first in which more do."""
        ranked = sorted(self._starts.items(), key=lambda item: (-item[1], item[0]))[:BUSIEST]
        return [self._busy(minute * 60 - self._base, count, self._started_in(minute)) for minute, count in ranked]

    def busiest_second(self) -> Busy | None:
        """The second of the clock in which most runs start, the first such; None when none does."""
        counts = Counter(self._whole(second) for course in self.courses.values() for second in course.starts)
        most = max(counts, key=lambda one: (counts[one], -one), default=None)
        if most is None:
            return None
        jobs = {
            course.job: sum(self._whole(second) == most for second in course.starts) for course in self.courses.values()
        }
        return self._busy(most - self._base, counts[most], jobs)

    def crowd(self, job: str) -> Busy | None:
        """The minute in which most runs start beside one of that job; None when it starts none, or always alone."""
        own = Counter(self._minute(second) for second in self.courses[job].starts)
        minute = max(own, key=lambda one: (self._starts[one] - own[one], -one), default=None)
        if minute is None or self._starts[minute] == own[minute]:
            return None
        return self._busy(minute * 60 - self._base, self._starts[minute], self._started_in(minute))

    def _started_in(self, minute: int) -> dict[str, int]:
        return {
            course.job: sum(self._minute(second) == minute for second in course.starts)
            for course in self.courses.values()
        }

    def _minute(self, second: float) -> int:
        """Since 1970."""
        return self._whole(second) // 60

    def _whole(self, second: float) -> int:
        """Since 1970. To the millisecond: what a float has beyond that must not move a start out of its second."""
        return int(round(self._base + second, 3))

    def by_hour(self, tz: ZoneInfo) -> list[int]:
        """How many runs start in each hour of the day."""
        hours = [0] * 24
        for minute, count in self._starts.items():
            hours[datetime.fromtimestamp(minute * 60, tz).hour] += count
        return hours

    def by_minute(self, tz: ZoneInfo) -> list[int]:
        """How many runs start in each minute of the hour."""
        minutes = [0] * 60
        for minute, count in self._starts.items():
            minutes[datetime.fromtimestamp(minute * 60, tz).minute] += count
        return minutes

    def _busy(self, second: float, runs: int, jobs: dict[str, int]) -> Busy:
        at = self.since + timedelta(seconds=second)
        ranked = sorted(jobs.items(), key=lambda item: (-item[1], item[0]))
        return Busy(at, runs, {job: count for job, count in ranked if count})


def _lasting(course: Course) -> Iterable[tuple[float, float]]:
    """What is over as soon as it begins runs beside nothing."""
    return ((start, end) for start, end in zip(course.starts, course.ends, strict=True) if end > start)


def mark_of(reason: SkipReason) -> Mark:
    """What a fire that was skipped for that reason shows."""
    if reason is SkipReason.COALESCED:
        return Mark.COALESCED
    if reason in _MISSED:
        return Mark.MISSED
    return Mark.CROWDED if reason in _CROWDED else Mark.SKIPPED
