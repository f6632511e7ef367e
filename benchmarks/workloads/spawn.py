"""Processes started, waited for, and what they print captured: how many a second, and what does one cost the parent?

The same in a parent of 1 GB, which a fork that copies page tables would pay for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.throughput import Throughput
from benchmarks.workloads import Case, Metric

TITLE = "spawn: commands that print one line, started, awaited, captured"
METRICS = (
    Metric("runs_s", "runs/s", "high", 0),
    Metric("cpu_us", "CPU of the parent µs/run", digits=0),
)
AT_ONCE = 8
COMMAND = ("/bin/echo", "hello")
PAGE = 4096


class Spawning(Throughput):
    """So many `names`, each of which starts `command` again as soon as it is over."""

    command = COMMAND


def cases(quick: bool) -> list[Case]:
    seconds = 1 if quick else 5
    return [
        Case("a small parent", {"seconds": seconds, "ballast": 0}),
        Case("a parent of 1 GB", {"seconds": seconds, "ballast": 1 << 30}),
    ]


def measure(perform: Callable[[Spawning], None], case: Mapping[str, Any], folder: Path) -> dict[str, float]:
    ballast = bytearray(case["ballast"])
    ballast[::PAGE] = b"x" * len(ballast[::PAGE])  # a page that nobody wrote to does not exist
    spawning = Spawning(AT_ONCE, case["seconds"], folder)
    perform(spawning)
    return spawning.figures()
