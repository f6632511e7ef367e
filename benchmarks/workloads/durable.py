"""How many runs a second can be recorded, start and end, so that they survive a power cut?

Every job starts again as soon as the end of its last run is on the disk; starts are counted, for as many seconds.
A disk may change its speed many times over within minutes, so what a sync took before and after stands beside it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.throughput import Throughput
from benchmarks.workloads import Case, Metric

TITLE = "durable: runs a second whose start and end are recorded, SQLite"
METRICS = (
    Metric("runs_s", "runs/s", "high", 0),
    Metric("cpu_us", "CPU µs/run"),
    Metric("sync_us", "disk: µs/sync", digits=0),
)

PROBES = 100


class Durable(Throughput):
    """`synchronous` is SQLite's: "FULL" (each commit is on the disk) or "NORMAL"."""

    def __init__(self, synchronous: str, **more: Any) -> None:
        super().__init__(**more)
        self.synchronous = synchronous


def cases(quick: bool) -> list[Case]:
    seconds = 1 if quick else 5
    return [
        Case(f"synchronous {mode}", {"jobs": 1000, "seconds": seconds, "synchronous": mode})
        for mode in (("FULL",) if quick else ("FULL", "NORMAL"))
    ]


def measure(perform: Callable[[Durable], None], case: Mapping[str, Any], folder: Path) -> dict[str, float]:
    race = Durable(**case, folder=folder)
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
