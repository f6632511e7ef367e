"""How many runs a second can be recorded, start and end, so that they survive a power cut?

Every job starts again as soon as the end of its last run is on the disk; starts are counted, for as many seconds.
A disk may change its speed many times over within minutes, so what a sync took before and after stands beside it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.workloads import Case, Metric

TITLE = "durable: runs a second whose start and end are recorded, SQLite"
METRICS = (
    Metric("runs_s", "runs/s", "high", 0),
    Metric("cpu_us", "CPU µs/run"),
    Metric("sync_us", "disk: µs/sync", digits=0),
)

WARM_UP = 0.5
PROBES = 100


class Durable:
    """What a contestant is given. `synchronous` is SQLite's: "FULL" (each commit is on the disk) or "NORMAL"."""

    def __init__(self, jobs: int, seconds: float, synchronous: str, folder: Path) -> None:
        self.jobs, self.seconds, self.synchronous, self.folder = jobs, seconds, synchronous, folder
        self.names = [f"job-{index}" for index in range(jobs)]
        self.count = 0
        self._readings: list[tuple[float, float, int]] = []
        self._edges: list[float] = []

    def begin(self) -> None:
        start = time.perf_counter() + WARM_UP
        self._edges = [start, start + self.seconds]

    def going(self) -> bool:
        """Asked after each piece of work: is there time for another one?"""
        if self._edges and time.perf_counter() >= self._edges[0]:
            self._edges.pop(0)
            self._readings.append((time.perf_counter(), time.process_time(), self.count))
        return bool(self._edges)

    async def over(self) -> None:
        self.begin()
        while self.going():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def figures(self) -> dict[str, float]:
        (at, cpu, count), (at_end, cpu_end, count_end) = self._readings
        runs = count_end - count
        return {"runs_s": runs / (at_end - at), "cpu_us": (cpu_end - cpu) / max(1, runs) * 1e6}


def cases(quick: bool) -> list[Case]:
    seconds = 2 if quick else 5
    return [
        Case(f"synchronous {mode}", {"jobs": 1000, "seconds": seconds, "synchronous": mode})
        for mode in ("FULL", "NORMAL")
    ]


def measure(perform: Callable[[Durable], None], case: Mapping[str, object], folder: Path) -> dict[str, float]:
    race = Durable(**case, folder=folder)  # type: ignore[arg-type]
    before = _sync_us(folder)
    perform(race)
    return {**race.figures(), "sync_us": (before + _sync_us(folder)) / 2}


def _sync_us(folder: Path) -> float:
    """The mean time to bring one page to the disk: the mean, for it is the slow ones that count."""
    with open(folder / "probe", "wb", buffering=0) as file:
        spent = 0.0
        for _ in range(PROBES):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            spent += time.perf_counter() - began
    return spent / PROBES * 1e6
