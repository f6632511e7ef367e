"""The figures: what was measured, and what follows from it alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asched.core.hindsight.chronicle import percentile
from asched.core.record import FireRecord
from asched.host.processors import Shares

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, `count` times. Of nothing the durations are None."""

    count: int
    p50: timedelta | None
    p99: timedelta | None
    longest: timedelta | None

    @classmethod
    def of(cls, times: Sequence[timedelta]) -> Spread:
        return cls(len(times), percentile(times, 50), percentile(times, 99), max(times, default=None))


@dataclass(frozen=True, slots=True)
class Pace:
    """Of something that was done again and again: `per_second` is how often that goes."""

    spread: Spread
    per_second: float

    @classmethod
    def of(cls, times: Sequence[timedelta]) -> Pace:
        total = sum(times, ZERO)
        return cls(Spread.of(times), len(times) / total.total_seconds() if total else 0.0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Runs whose start and end were durable within `seconds`, of `jobs` that start again as soon as that is so; and
    what they cost this process, in seconds of a processor."""

    jobs: int
    runs: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.runs / self.seconds

    @property
    def cpu_per_run(self) -> timedelta | None:
        return timedelta(seconds=self.cpu_seconds / self.runs) if self.runs else None


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of `jobs` that were due at the same instant, `instants` times, every `period`. `missed` counts the fires that
    did not start before their job's next one was due; `late` is of the others."""

    jobs: int
    period: timedelta
    instants: int
    late: Spread
    missed: int


@dataclass(frozen=True, slots=True)
class Machine:
    """`load` is the system's load average of the minute before; `shares` are of the time that was measured."""

    cpus: int
    load: float
    shares: Shares | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it. `file_system` is its type, "" where that is not known."""

    file_system: str
    sync: Pace
    commit: Pace
    recorded: Recorded
    lateness: Sequence[Lateness]
    machine: Machine


def lateness_of(
    fires: Iterable[FireRecord], jobs: int, period: timedelta, since: datetime, until: datetime
) -> Lateness:
    """From what the ledger says of [since, until), which is a multiple of the period."""
    late = [
        one.lateness
        for one in fires
        if since <= one.scheduled_at < until and one.lateness is not None and one.lateness < period
    ]
    instants = round((until - since) / period)
    return Lateness(jobs, period, instants, Spread.of(late), instants * jobs - len(late))
