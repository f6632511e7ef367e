"""How long does a command line take to say what it can do? Beside a bare interpreter, turn by turn."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from benchmarks.contestants import NotHere
from benchmarks.workloads import Case, Metric

TITLE = "help: the command line's own --help"
METRICS = (
    Metric("beyond_ms", "beyond the interpreter ms", digits=0),
    Metric("whole_ms", "whole ms", digits=0),
)
BARE = ("-c", "pass")


class Subject:
    """What a contestant is given: it calls `run` with what stands after `python`."""

    def __init__(self, times: int) -> None:
        self._times = times
        self._found: list[tuple[float, float]] = []

    def run(self, *arguments: str) -> None:
        rounds = [(_seconds(BARE), _seconds(arguments)) for _ in range(1 + self._times)]
        self._found = rounds[1:]  # the first one may write byte code

    def figures(self) -> dict[str, float]:
        return {
            "beyond_ms": median(whole - bare for bare, whole in self._found) * 1e3,
            "whole_ms": median(whole for _, whole in self._found) * 1e3,
        }


def _seconds(arguments: tuple[str, ...]) -> float:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True)
    if done.returncode:
        raise NotHere(f"failed: exit code {done.returncode} of python {' '.join(arguments)}")
    return time.perf_counter() - began


def cases(quick: bool) -> list[Case]:
    times = 2 if quick else 15
    return [Case(f"{times} times", {"times": times})]


def measure(perform: Callable[[Subject], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    subject = Subject(**case)
    perform(subject)
    return subject.figures()
