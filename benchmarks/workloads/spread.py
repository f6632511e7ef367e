"""The same number of jobs a second, but one after the other: how late is each? A scheduler with time to spare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.race import Race
from benchmarks.workloads import Case, Metric

TITLE = "spread: N jobs a second, each at an instant of its own"
METRICS = (
    Metric("p50_ms", "p50 ms", digits=2),
    Metric("p99_ms", "p99 ms", digits=2),
    Metric("max_ms", "max ms"),
    Metric("missed_pct", "missed %", digits=2),
    Metric("cpu_us", "CPU µs/run"),
)


def cases(quick: bool) -> list[Case]:
    return [Case("10,000/s", {"jobs": 10_000, "seconds": 1 if quick else 5})]


def measure(perform: Callable[[Race], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    race = Race(**case, folder=folder, spread=True)
    perform(race)
    return race.figures()
