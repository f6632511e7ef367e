"""Work that begins anew as soon as it is done, counted for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

WARM_UP = 0.5


class Throughput:
    """What a contestant is given. `count` is what the contestant counts up, of `begin` on for as long as `going`."""

    def __init__(self, jobs: int, seconds: float, folder: Path) -> None:
        self.jobs, self.seconds, self.folder = jobs, seconds, folder
        self.names: Sequence[str] = [f"job-{index}" for index in range(jobs)]
        self.count = 0
        self._readings: list[tuple[float, float, int]] = []
        self._edges: list[float] = []

    def begin(self) -> None:
        start = time.perf_counter() + WARM_UP
        self._edges = [start, start + self.seconds]

    def going(self) -> bool:
        """Asked after each piece of work: is there time for another one?"""
        if self._edges and time.perf_counter() >= self._edges[0]:
            self._edges.pop(0)
            self._readings.append((time.perf_counter(), time.process_time(), self.count))
        return bool(self._edges)

    async def over(self) -> None:
        self.begin()
        while self.going():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def figures(self) -> dict[str, float]:
        (at, cpu, count), (at_end, cpu_end, count_end) = self._readings
        runs = count_end - count
        return {"runs_s": runs / (at_end - at), "cpu_us": (cpu_end - cpu) / max(1, runs) * 1e6}
