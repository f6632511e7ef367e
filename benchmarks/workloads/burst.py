"""Many jobs due at the same instant, each second: how late do they start, and which do not start at all?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.race import Race
from benchmarks.workloads import Case, Metric

TITLE = "burst: N jobs due at the same instant, each second"
METRICS = (
    Metric("p99_ms", "p99 ms"),
    Metric("p50_ms", "p50 ms"),
    Metric("max_ms", "max ms"),
    Metric("missed_pct", "missed %", digits=2),
    Metric("cpu_us", "CPU µs/run"),
)


def cases(quick: bool) -> list[Case]:
    if quick:
        return [Case("1,000 jobs", {"jobs": 1_000, "seconds": 1})]
    return [Case(f"{jobs:,} jobs", {"jobs": jobs, "seconds": 5}) for jobs in (1_000, 10_000, 25_000)]


def measure(perform: Callable[[Race], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    race = Race(**case, folder=folder)
    perform(race)
    return race.figures()
