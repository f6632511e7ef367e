"""A thousand jobs come back after a week, and each owes ten fires: how long is the loop held while that is planned?

The longest stall is how late a task is at worst that asks to be woken every millisecond: of the turns
that decide what is owed and, on its own, of the start, which takes in all jobs. `limit` is
what a recovery starts of it, so that planning is what is measured: the others are skipped, and recorded as such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.workloads import Case, Metric

TITLE = "recovery: thousands of fires owed by many jobs after a week"
METRICS = (
    Metric("stall_ms", "longest stall ms"),
    Metric("starting_ms", "longest while starting ms"),
    Metric("planned_ms", "planned in ms", digits=0),
    Metric("fires", "fires decided", better="high", digits=0),
)

WEEK = timedelta(days=7)


class Absence:
    """What a contestant is given: how many jobs came back, and where their ledger may be."""

    def __init__(self, jobs: int, folder: Path) -> None:
        self.jobs, self.folder = jobs, folder
        self.began = datetime.now(UTC) - WEEK
        self.planned = self.stall = self.starting = 0.0
        self.fires = 0

    def figures(self) -> dict[str, float]:
        return {
            "stall_ms": self.stall * 1e3,
            "starting_ms": self.starting * 1e3,
            "planned_ms": self.planned * 1e3,
            "fires": self.fires,
        }


def cases(quick: bool) -> list[Case]:
    return [Case(f"{jobs:,} jobs, {jobs * 10:,} fires", {"jobs": jobs}) for jobs in ((100,) if quick else (100, 1_000))]


def measure(perform: Callable[[Absence], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    absence = Absence(case["jobs"], folder)
    perform(absence)
    return absence.figures()
