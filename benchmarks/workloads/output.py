"""A command prints 100 MB: how fast is that taken, and how much of it does one keep? Its end is all that is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.usage import forget_peak, peak, resident
from benchmarks.workloads import Case, Metric

TITLE = "output: 100 MB printed by one command"
METRICS = (
    Metric("mb_s", "MB/s", "high", 0),
    Metric("grown_mb", "grown by MB"),
    Metric("cpu_ms", "CPU of the parent ms", digits=0),
)
MB = 1_000_000
LINE = b"2026-01-01T00:00:00Z a line such as programs print, of eighty characters or so\n"


class Flood:
    """What a contestant is given: the `command`; `lap` is called when it is ready for it, and when it is over."""

    def __init__(self, size: int, folder: Path) -> None:
        self.size, self.folder = size, folder
        printed = folder / "printed"
        printed.write_bytes(LINE * (size // len(LINE)))
        self.command = ("/bin/cat", str(printed))
        self._laps: list[tuple[float, float, int]] = []

    def lap(self) -> None:
        size = peak() if self._laps else resident()
        self._laps.append((time.perf_counter(), time.process_time(), size))
        forget_peak()

    def figures(self) -> dict[str, float]:
        (at, cpu, before), (at_end, cpu_end, most) = self._laps
        return {
            "mb_s": self.size / MB / (at_end - at),
            "grown_mb": max(0, most - before) / MB,
            "cpu_ms": (cpu_end - cpu) * 1e3,
        }


def cases(quick: bool) -> list[Case]:
    return [Case("100 MB", {"size": 100 * MB})]


def measure(perform: Callable[[Flood], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    (folder / "first").mkdir()
    perform(Flood(MB, folder / "first"))  # imports, and other first-time costs
    flood = Flood(**case, folder=folder)
    perform(flood)
    return flood.figures()
