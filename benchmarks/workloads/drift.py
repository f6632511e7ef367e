"""Does a job keep its rhythm? Ten times a second, twenty jobs: by how much does each start move away from the grid?

Phase is how far starts scatter behind the job's earliest one, seen from an unmoving grid; drift is how much later each
start comes than the one before, all in all (a straight line through them). What never drifts shows the noise
of the straight line, a few µs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression, median

from benchmarks.quantile import quantile
from benchmarks.race import Race
from benchmarks.workloads import Case, Metric

TITLE = "drift: 20 jobs, ten times a second"
METRICS = (
    Metric("drift_us", "drift µs/fire"),
    Metric("phase_ms", "phase p99 ms", digits=2),
    Metric("lost_pct", "fires lost %", digits=2),
)
JOBS, PERIOD = 20, 0.1  # seconds


def cases(quick: bool) -> list[Case]:
    seconds = 1 if quick else 40
    return [Case(f"{seconds} s", {"seconds": seconds}, rounds=1)]  # long, and of many instants


def measure(perform: Callable[[Race], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    race = Race(JOBS, case["seconds"], folder, period=PERIOD)
    perform(race)
    return figures(list(race.by_job()), PERIOD, race.seconds)


def figures(starts: Sequence[Sequence[float]], period: float, seconds: float) -> dict[str, float]:
    """Of the starts of each job, instants in seconds and in order."""
    lines = [list(_on_grid(one, period)) for one in starts if len(one) > 2]
    due = len(starts) * seconds / period
    return {
        "drift_us": median(abs(_slope(line)) for line in lines) * 1e6 if lines else math.nan,
        "phase_ms": quantile(sorted(late for line in lines for late in _phases(line)), 0.99) * 1e3,
        "lost_pct": max(0.0, 100 * (1 - sum(map(len, starts)) / due)),
    }


def _on_grid(starts: Sequence[float], period: float) -> Iterator[tuple[int, float]]:
    """Each start's number, and how far it is from that many periods after the first."""
    number = 0
    yield 0, 0.0
    for before, at in pairwise(starts):
        number += max(1, round((at - before) / period))
        yield number, at - starts[0] - number * period


def _slope(line: Sequence[tuple[int, float]]) -> float:
    return linear_regression([number for number, _ in line], [offset for _, offset in line]).slope


def _phases(line: Sequence[tuple[int, float]]) -> Iterator[float]:
    earliest = min(offset for _, offset in line)
    return (offset - earliest for _, offset in line)
