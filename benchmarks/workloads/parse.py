"""Ten thousand cron jobs over forty expressions, as a crontab of many jobs has them: read, and waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.workloads import Case, Metric
from benchmarks.workloads.next_fire import EXPRESSIONS
from benchmarks.workloads.register import Register

TITLE = "parse: cron jobs over 40 expressions, parsed and scheduled"
METRICS = (
    Metric("all_s", "all waiting s", digits=3),
    Metric("wait_us", "µs/job"),
    Metric("wait_bytes", "B/job", digits=0),
)


class Crontab(Register):
    """Jobs to be registered, their expressions those of next_fire."""

    def expression(self, index: int) -> str:
        return EXPRESSIONS[index % len(EXPRESSIONS)]


def cases(quick: bool) -> list[Case]:
    return [Case("10,000 jobs", {"jobs": 10_000})]


def measure(perform: Callable[[Register], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    perform(Register(100, "cron"))  # imports, first-time costs, and other expressions than those that count
    crontab = Crontab(case["jobs"], "cron")
    perform(crontab)
    found = crontab.figures()
    return {**found, "all_s": found["wait_us"] * case["jobs"] / 1e6}
