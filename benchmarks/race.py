"""Jobs that are due again and again, and others that only wait: what most contestants are given.

One rule for all: an instant was served by the first start of that job before its next instant; an instant without
one was missed. So whoever drifts, skips or falls behind by a period loses instants, whatever it believes itself.
Lateness is of those served, so it stays below a period: read it with what was missed. CPU a run is given only where
nothing was missed: under overload the readings fall into different phases of the work and mean nothing.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.quantile import quantile
from benchmarks.usage import wake_ups

EARLY = 0.01  # seconds: a timer may wake a little before its instant
WARM_UP = 1.05  # seconds: one instant at least
ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """At an edge of what counts: CPU seconds, runs and wake-ups since the process began."""

    cpu: float
    runs: int
    wake_ups: int


class Race:
    """How many jobs, what each does, when it is due, and when it is over.

    Job `index` is due at `offset(index)` seconds after each whole multiple of `period` (seconds) since 1970; those in
    `waiting` every hour. `spread`: the jobs are due one after the other, evenly over the period, and not at once.
    """

    def __init__(
        self, jobs: int, seconds: float, folder: Path, *, waiting: int = 0, period: float = 1.0, spread: bool = False
    ) -> None:
        self.jobs, self.seconds, self.folder, self.period, self.spread = jobs, seconds, folder, period, spread
        self.names = [f"job-{index}" for index in range(jobs)]
        self.waiting = [f"waiting-{index}" for index in range(waiting)]
        self.starts: list[tuple[int, float]] = []
        self.window = (math.inf, math.inf)
        self.readings: list[Reading] = []
        self._edges: list[float] = []

    # What a contestant uses.

    def tick(self, index: int) -> None:
        """The job, for those that call functions."""
        self.starts.append((index, time.time()))

    async def run(self, index: int) -> None:
        """The job, for those that run coroutines."""
        self.starts.append((index, time.time()))

    def offset(self, index: int) -> float:
        return self.period * index / self.jobs if self.spread else 0.0

    def anchor(self, index: int) -> datetime:
        """An instant in the past at which that job was due."""
        return ANCHOR + timedelta(seconds=self.offset(index))

    def begin(self) -> None:
        """All jobs are in place: after a warm-up, it counts."""
        first = math.ceil(time.time() + WARM_UP)
        self.window = (first, first + self.seconds)
        last_due = self.window[1] + self.offset(self.jobs)  # those of the last period
        self._edges = [*self.window, last_due]

    def pause(self) -> float | None:
        """Seconds until the next thing to note; None when it is over."""
        while self._edges:
            if (left := self._edges[0] - 2 * EARLY - time.time()) > 0:
                return left
            self._edges.pop(0)
            self.readings.append(self._reading())
        return None

    def _reading(self) -> Reading:
        """What reading costs is not between two of them."""
        woken = wake_ups() if not self.readings else 0
        cpu, runs = time.process_time(), len(self.starts)
        return Reading(cpu, runs, woken or wake_ups())

    async def over(self) -> None:
        """From all jobs in place until the end."""
        self.begin()
        while (left := self.pause()) is not None:  # noqa: ASYNC110
            await asyncio.sleep(left)

    # What is found.

    def figures(self) -> dict[str, float]:
        late = sorted(self.served().values())
        due = self.jobs * round(self.seconds / self.period)
        missed = due - len(late)
        before, after, _ = self.readings
        return {
            "p50_ms": quantile(late, 0.5) * 1e3,
            "p99_ms": quantile(late, 0.99) * 1e3,
            "max_ms": quantile(late, 1.0) * 1e3,
            "missed_pct": 100 * missed / due,
            "cpu_us": math.nan if missed else (after.cpu - before.cpu) / max(1, after.runs - before.runs) * 1e6,
        }

    def served(self) -> dict[tuple[int, int], float]:
        """Of each job and period that was served, how late that was."""
        first, last = self.window
        found: dict[tuple[int, int], float] = {}
        for index, started in self.starts:
            since = started - self.offset(index)
            number = math.floor((since + EARLY) / self.period)
            if first <= number * self.period < last:
                found.setdefault((index, number), since - number * self.period)
        return found

    def by_job(self) -> Iterator[list[float]]:
        """The starts of each job that counted, in order."""
        found: list[list[float]] = [[] for _ in self.names]
        for index, started in self.starts:
            if self.window[0] <= started < self.window[1]:
                found[index].append(started)
        return iter(found)
