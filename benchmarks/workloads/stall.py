"""For how long is the loop held, while runs are started and recorded? Whoever shares it waits as long. 5,000 a second,
one after the other; and 10,000 at the same instant, each second.

A task beside the contestant asks to be woken every millisecond; how late it is, is how long the loop was held. "Held
by the ledger" is the time of the loop's thread inside the ledger's commits, waiting for the disk not included.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.pulse import Pulse
from benchmarks.race import Race
from benchmarks.workloads import Case, Metric

TITLE = "stall: how long the loop is held"
METRICS = (
    Metric("p999_ms", "stall p99.9 ms", digits=2),
    Metric("max_ms", "longest ms"),
    Metric("held_us", "held by the ledger µs/run"),
    Metric("p99_ms", "start p99 ms"),
    Metric("missed_pct", "missed %", digits=2),
)


class Crowd(Race):
    """A race with a pulse beside it. `held` (seconds) is counted up by a contestant that has a ledger."""

    held = math.nan

    async def over(self) -> None:
        await super().over()
        self.longest = self.pulse.stop()
        self.p999 = self.pulse.at(0.999)

    def begin(self) -> None:
        super().begin()
        self.pulse = Pulse(self.window[0] - time.time())

    def stalls(self) -> dict[str, float]:
        found = {"p999_ms": self.p999 * 1e3, "max_ms": self.longest * 1e3}
        return {**self.figures(), **found, "held_us": self.held / max(1, len(self.starts)) * 1e6}


def cases(quick: bool) -> list[Case]:
    spread = Case("5,000/s", {"jobs": 5_000, "seconds": 1 if quick else 5, "spread": True})
    return [spread] if quick else [spread, Case("10,000 at once", {"jobs": 10_000, "seconds": 5, "spread": False})]


def measure(perform: Callable[[Crowd], None], case: Mapping[str, Any], folder: Path) -> dict[str, float]:
    crowd = Crowd(**case, folder=folder)
    perform(crowd)
    return crowd.stalls()
