"""From the start of a process until 1,000 jobs are waiting in it: how long, and how large is it then?

A process of its own each time, the interpreter's start and all imports included; the median of several, after one
that does not count.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from types import FunctionType

from benchmarks.workloads import Case, Metric

TITLE = "start: 1,000 jobs waiting, from the start of the process"
METRICS = (
    Metric("ready_ms", "ms", digits=0),
    Metric("resident_mb", "MB"),
)


def cases(quick: bool) -> list[Case]:
    return [Case("1,000 jobs", {"times": 2 if quick else 10})]


def measure(perform: FunctionType, case: Mapping[str, int], folder: Path) -> dict[str, float]:
    name = perform.__module__.rpartition(".")[2]
    _, *found = [_start(name, folder) for _ in range(1 + case["times"])]
    return {key: median(one[key] for one in found) for key in found[0]}


def _start(name: str, folder: Path) -> dict[str, float]:
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.starter", name, str(folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        ready = time.perf_counter() - began
    return {"ready_ms": ready * 1e3, "resident_mb": json.loads(line)["resident"] / 1e6}
