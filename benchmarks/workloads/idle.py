"""Many jobs, and none of them due: what does waiting cost? The one wake-up that ends the measurement is taken off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.race import Race
from benchmarks.workloads import Case, Metric

TITLE = "idle: 10,000 jobs, none of them due"
METRICS = (
    Metric("cpu_ms_s", "CPU ms/s", digits=3),
    Metric("wake_ups_s", "wake-ups/s", digits=2),
)


def cases(quick: bool) -> list[Case]:
    seconds = 2 if quick else 30
    return [Case(f"{seconds} s", {"jobs": 10_000, "seconds": seconds}, rounds=1)]  # long, and a mean


def measure(perform: Callable[[Race], None], case: Mapping[str, int], folder: Path) -> dict[str, float]:
    race = Race(0, case["seconds"], folder, waiting=case["jobs"])
    perform(race)
    before, after, _ = race.readings
    return {
        "cpu_ms_s": (after.cpu - before.cpu) / race.seconds * 1e3,
        "wake_ups_s": max(0, after.wake_ups - before.wake_ups - 1) / race.seconds,
    }
