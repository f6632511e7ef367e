"""What one asks of a ledger with a long history: does an answer cost more the more there is that it is not about?

A hundred jobs, a run each minute. The commands are those of a person, from start to end, each in a process of its own:
the newest runs of one job, why its last one ran, its strip of a week; the median of several. Then the oldest tenth is
pruned, 10,000 to 100,000 runs, the start of that command not counted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.workloads import MANY, Case, Metric

TITLE = "history: questions about one job of 100, as commands"
METRICS = (
    Metric("runs_ms", "runs ms", digits=0),
    Metric("why_ms", "why ms", digits=0),
    Metric("strip_ms", "strip of 7 days ms", digits=0),
    Metric("prune_us", "prune µs/run"),
    Metric("file_mb", "ledger MB", digits=0),
)
JOBS, LARGE = 100, 10_000_000


class Past:
    """What a contestant is given: how many runs there are to be, and `asked` for each question about them."""

    def __init__(self, rows: int, times: int, folder: Path) -> None:
        self.rows, self.times, self.folder = rows, times, folder
        self.pruned = min(max(10_000, rows // 10), 100_000)
        self.found: dict[str, float] = {}

    def asked(self, key: str, *arguments: str) -> None:
        """`arguments` are what stands after `python`."""
        self.found[key] = median(_seconds(arguments, self.folder) for _ in range(self.times)) * 1e3

    def prune(self, nothing: Sequence[str], those: Sequence[str]) -> None:
        """The second command prunes as many as `pruned` says, the first one nothing: its time is taken off."""
        start = _seconds(nothing, self.folder)
        self.found["prune_us"] = (_seconds(those, self.folder) - start) / self.pruned * 1e6


def _seconds(arguments: Sequence[str], folder: Path) -> float:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=folder)
    taken = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
    return taken


def cases(quick: bool) -> list[Case]:
    sizes = (100_000,) if quick else (100_000, 1_000_000, 10_000_000)
    return [
        Case(
            f"{rows:,} runs",
            {"rows": rows, "times": 3 if quick else 7},
            patience=3_600,
            rounds=1 if rows >= LARGE else MANY,
        )
        for rows in sizes
    ]


def measure(perform: Callable[[Past], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    past = Past(**case, folder=folder)
    perform(past)
    return past.found
