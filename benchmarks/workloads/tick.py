"""A thousand jobs fire each second beside others that only wait: does a fire cost more where more are waiting?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.race import Race
from benchmarks.workloads import MANY, PATIENCE, Case, Metric

TITLE = "tick: 1,000 of N jobs fire each second, the others wait"
METRICS = (
    Metric("cpu_us", "CPU µs/fire"),
    Metric("p99_ms", "p99 ms"),
    Metric("missed_pct", "missed %", digits=2),
)
FIRING, LARGE = 1_000, 1_000_000


def cases(quick: bool) -> list[Case]:
    sizes = (2_000,) if quick else (1_000, 10_000, 100_000, 1_000_000)
    return [
        Case(
            f"{jobs:,} jobs",
            {"waiting": jobs - FIRING, "seconds": 1 if quick else 5},
            patience=PATIENCE + jobs / 1_000,
            rounds=1 if jobs >= LARGE else MANY,
        )
        for jobs in sizes
    ]


def measure(perform: Callable[[Race], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    race = Race(FIRING, **case, folder=folder)
    perform(race)
    return race.figures()
