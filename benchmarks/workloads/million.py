"""A million jobs come back to their ledger: how long until all of them wait again, and in how much memory?

They were served once before, in a process that is over, so that each is found as it was; `added` is the jobs as values
in the new process, `started` from there to all of them waiting, `ready` both together.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.usage import peak, resident
from benchmarks.workloads import Case, Metric

TITLE = "million: N jobs started from their ledger"
METRICS = (
    Metric("ready_s", "ready s"),
    Metric("added_s", "added s"),
    Metric("started_s", "started s"),
    Metric("resident_mb", "MB", digits=0),
    Metric("peak_mb", "peak MB", digits=0),
)


class Return:
    """What a contestant is given: how many jobs, and where. It calls `lap` once they are added, and once they wait."""

    def __init__(self, jobs: int, folder: Path) -> None:
        self.jobs, self.folder = jobs, folder
        self._began = time.perf_counter()
        self._laps: list[float] = []
        self._resident = 0

    def lap(self) -> None:
        self._laps.append(time.perf_counter() - self._began)
        self._resident = resident()

    def figures(self) -> dict[str, float]:
        added, ready = self._laps
        return {
            "ready_s": ready,
            "added_s": added,
            "started_s": ready - added,
            "resident_mb": self._resident / 1e6,
            "peak_mb": peak() / 1e6,
        }


def cases(quick: bool) -> list[Case]:
    return [] if quick else [Case("1,000,000 jobs", {"jobs": 1_000_000}, patience=3_600, rounds=1)]


def measure(perform: Callable[[Return], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    before = os.fork()
    if not before:
        _and_exit(lambda: perform(Return(**case, folder=folder)))
    if os.waitpid(before, 0)[1]:
        raise RuntimeError("they could not be served the first time")
    back = Return(**case, folder=folder)
    perform(back)
    return back.figures()


def _and_exit(act: Callable[[], None]) -> None:
    code = 1
    try:
        act()
        code = 0
    finally:
        os._exit(code)
