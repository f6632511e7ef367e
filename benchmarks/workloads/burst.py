"""Many jobs due at the same instant, each second: how late do they start, and which do not start at all?

One rule for all: an instant was served by the first start of that job before its next instant; an instant without
one was missed. So whoever drifts, skips or falls behind by a period loses instants, whatever it believes itself.
Lateness is of those served, so it stays below a second: read it with what was missed. CPU a run is given only where
nothing was missed: under overload the readings fall into different phases of the work and mean nothing.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.workloads import Case, Metric

TITLE = "burst: N jobs due at the same instant, each second"
METRICS = (
    Metric("p99_ms", "p99 ms"),
    Metric("p50_ms", "p50 ms"),
    Metric("max_ms", "max ms"),
    Metric("missed_pct", "missed %", digits=2),
    Metric("cpu_us", "CPU µs/run"),
)

EARLY = 0.01  # seconds: a timer may wake a little before its instant
WARM_UP = 1.5


class Burst:
    """What a contestant is given: how many jobs, what each does, and when it is over."""

    def __init__(self, jobs: int, seconds: int, folder: Path) -> None:
        self.jobs, self.seconds, self.folder = jobs, seconds, folder
        self.names = [f"job-{index}" for index in range(jobs)]
        self.starts: list[tuple[int, float]] = []
        self.window = (math.inf, math.inf)
        self._cpu: list[tuple[float, int]] = []

    def tick(self, index: int) -> None:
        """The job, for those that call functions."""
        self.starts.append((index, time.time()))

    async def run(self, index: int) -> None:
        """The job, for those that run coroutines."""
        self.starts.append((index, time.time()))

    def begin(self) -> None:
        """All jobs are in place: after a warm-up, it counts."""
        first = math.ceil(time.time() + WARM_UP)
        self.window = (first, first + self.seconds)

    def pause(self) -> float | None:
        """Seconds until the next thing to note; None when it is over."""
        edge = self.window[min(len(self._cpu), 1)] - 2 * EARLY
        if (left := edge - time.time()) > 0:
            return left
        self._cpu.append((time.process_time(), len(self.starts)))
        return 0.0 if len(self._cpu) < 2 else None

    async def over(self) -> None:
        """From all jobs in place until the end."""
        self.begin()
        while (left := self.pause()) is not None:  # noqa: ASYNC110
            await asyncio.sleep(left)

    def figures(self) -> dict[str, float]:
        late = sorted(self._lateness())
        due = self.jobs * self.seconds
        missed = due - len(late)
        (cpu, runs), (cpu_after, runs_after) = self._cpu
        return {
            "p50_ms": _quantile(late, 0.5) * 1e3,
            "p99_ms": _quantile(late, 0.99) * 1e3,
            "max_ms": _quantile(late, 1.0) * 1e3,
            "missed_pct": 100 * missed / due,
            "cpu_us": math.nan if missed else (cpu_after - cpu) / max(1, runs_after - runs) * 1e6,
        }

    def _lateness(self) -> list[float]:
        """Of each instant that was served."""
        first, last = self.window
        served: dict[tuple[int, int], float] = {}
        for index, started in self.starts:
            instant = math.floor(started + EARLY)
            if first <= instant < last:
                served.setdefault((index, instant), started - instant)
        return list(served.values())


def _quantile(ordered: list[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else math.nan


def cases(quick: bool) -> list[Case]:
    seconds = 2 if quick else 5
    return [Case(f"{jobs:,} jobs", {"jobs": jobs, "seconds": seconds}) for jobs in (1_000, 10_000)]


def measure(perform: Callable[[Burst], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    burst = Burst(case["jobs"], case["seconds"], folder)
    perform(burst)
    return burst.figures()
