"""A thousand shell jobs are due at the same instant: when does the first one start, and when the last?

Each makes an empty file; its time of change is when it started, as the file system has it, which is by up to 4 ms
early. Cron daemons know minutes only, so the instant is a minute for them, and a second for the others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.workloads import Case, Metric

TITLE = "shell: N shell jobs due at the same instant"
METRICS = (
    Metric("last_ms", "last start ms", digits=0),
    Metric("first_ms", "first start ms", digits=0),
    Metric("missing", "never started", digits=0),
)
SOON, MINUTE = 1.5, 60.0  # seconds
LONGEST = 30.0  # seconds from the instant on
LOOKS = 0.02  # seconds between two


class Rush:
    """What a contestant is given. It calls `due_at`, has each of `commands` run by a shell at that instant, and looks
    at `over` every `LOOKS` seconds until that says so."""

    def __init__(self, jobs: int, folder: Path) -> None:
        self.marks = folder / "marks"
        self.marks.mkdir()
        self.folder = folder
        self.commands = [f": > {self.marks / str(index)}" for index in range(jobs)]
        self.instant = math.inf

    def due_at(self, grid: float = 1.0) -> float:
        """Seconds since 1970, a whole multiple of `grid`. All must be in place by then."""
        self.instant = math.ceil((time.time() + SOON) / grid) * grid
        return self.instant

    def over(self) -> bool:
        if self.instant - time.time() > LOOKS:
            return False
        seen = sum(1 for _ in self.marks.iterdir())
        return seen == len(self.commands) or time.time() > self.instant + LONGEST

    def figures(self) -> dict[str, float]:
        started = sorted(mark.stat().st_mtime - self.instant for mark in self.marks.iterdir())
        return {
            "first_ms": started[0] * 1e3 if started else math.nan,
            "last_ms": started[-1] * 1e3 if started else math.nan,
            "missing": len(self.commands) - len(started),
        }


def cases(quick: bool) -> list[Case]:
    jobs = 200 if quick else 1_000
    return [Case(f"{jobs:,} jobs", {"jobs": jobs}, rounds=1)]  # cron daemons wait for whole minutes


def measure(perform: Callable[[Rush], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    rush = Rush(**case, folder=folder)
    perform(rush)
    return rush.figures()
