"""What does a job cost before it has ever run: to add it, until it waits for its first instant, and in memory?

Names exist beforehand. Memory is what the process grew by, so nothing is forgotten and nothing is guessed.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.usage import resident
from benchmarks.workloads import Case, Metric

TITLE = "register: jobs added, then all of them waiting for their first instant"
METRICS = (
    Metric("add_us", "add µs"),
    Metric("wait_us", "waiting µs"),
    Metric("add_bytes", "add B", digits=0),
    Metric("wait_bytes", "waiting B", digits=0),
)

ADDED, WAITING = "add", "wait"


class Register:
    """What a contestant is given. It calls `lap` with its jobs alive: ADDED, when there is such a moment, and WAITING,
    when all are in place for their first instant."""

    def __init__(self, jobs: int, kind: str) -> None:
        self.kind = kind  # "every" (an interval) or "cron"
        self.names = [f"job-{index}" for index in range(jobs)]
        self._laps: dict[str, tuple[float, float]] = {}
        gc.collect()
        self._grown_from = resident()
        self._spent = 0.0
        self._since = time.perf_counter()

    @staticmethod
    async def run() -> None:
        """The job. It never comes to that."""

    @staticmethod
    def tick() -> None:
        """The same, for those that call functions."""

    def expression(self, index: int) -> str:
        """Forty of them, as in a table of many jobs."""
        return f"{index % 40} {index % 5 + 1} * * *"

    def lap(self, name: str) -> None:
        self._spent += time.perf_counter() - self._since
        gc.collect()
        self._laps[name] = (self._spent, resident() - self._grown_from)
        self._since = time.perf_counter()

    def figures(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in (ADDED, WAITING):
            seconds, size = self._laps.get(name) or self._laps[WAITING]
            found[f"{name}_us"] = seconds / len(self.names) * 1e6
            found[f"{name}_bytes"] = size / len(self.names)
        return found


def cases(quick: bool) -> list[Case]:
    jobs = 5_000 if quick else 100_000
    return [
        Case(f"{jobs:,} × {kind}", {"jobs": jobs, "kind": kind})
        for kind in (("every",) if quick else ("every", "cron"))
    ]


def measure(perform: Callable[[Register], None], case: Mapping[str, object], folder: Path) -> dict[str, float]:
    perform(Register(100, str(case["kind"])))  # imports, caches, first-time costs
    race = Register(**case)  # type: ignore[arg-type]
    perform(race)
    return race.figures()
