"""A task that asks to be woken every millisecond, and notes how late it is: how long others held the loop."""

from __future__ import annotations

import asyncio
import time

from benchmarks.quantile import quantile

BEAT = 0.001  # seconds


class Pulse:
    """Beats from its construction until `stop`; what ends within the first `after` seconds is not noted."""

    def __init__(self, after: float = 0.0) -> None:
        self.late: list[float] = []
        self._since = time.perf_counter() + after
        self._before = time.perf_counter()
        self._task = asyncio.ensure_future(self._beat())

    async def _beat(self) -> None:
        while True:
            self._before = time.perf_counter()
            await asyncio.sleep(BEAT)
            self._note()

    def _note(self) -> None:
        now = time.perf_counter()
        if now >= self._since:
            self.late.append(now - self._before - BEAT)

    def stop(self) -> float:
        """The longest stall, seconds: also the one that is going on."""
        self._task.cancel()
        self._note()
        return self.at(1.0)

    def at(self, q: float) -> float:
        """That quantile of the lateness so far, seconds; never negative."""
        return max(0.0, quantile(sorted(self.late), q))
