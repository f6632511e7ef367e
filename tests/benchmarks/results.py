"""Results as a contest would have them, made by hand."""

from __future__ import annotations

from benchmarks.contest import Entry, Result
from benchmarks.workloads import Metric

MS = (Metric("ms", "ms"),)
RATE = (Metric("runs_s", "runs/s", "high", 0),)


def entry(name: str, *rounds: dict[str, float], title: str = "", absent: str = "") -> Entry:
    return Entry(name, title or name, "", list(rounds), absent)


def result(*entries: Entry, workload: str = "burst", case: str = "1,000 jobs", metrics=MS) -> Result:
    return Result(workload, f"{workload}: title", case, metrics, list(entries))
