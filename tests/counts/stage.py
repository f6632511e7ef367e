"""Where a workload is played: a fake clock, a counted loop and ledger, and a gauge; and the part that counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from countedledgers import Sql, Transactions, sqlite_ledger
from countedloop import CountedLoop
from gauges import Gauge

from asched import Scheduler
from asched.engine.ports import Ledger
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock, FakeTimer


class CountedClock(FakeClock):
    timers = 0
    drive = None  # no time passes while a scheduler stops

    def call_at(self, deadline: float, callback: Callable[[], None]) -> FakeTimer:
        self.timers += 1
        return super().call_at(deadline, callback)


class Stage:
    """`size` scales the workload: a small one first, to warm up."""

    def __init__(self, gauge: Gauge, file: Path | None, size: int) -> None:
        self.size = size
        self.clock = CountedClock()
        self.counts: dict[str, int] = {}
        self._gauge = gauge
        self._sql: Sql | None = None
        self.ledger: Ledger = MemoryLedger()
        if file is not None:
            self.ledger, self._sql = sqlite_ledger(file)
        self._transactions = Transactions(self.ledger)
        self.scheduler = self.another()

    def another(self) -> Scheduler:
        """One more on the same ledger, as after a restart."""
        self.scheduler = Scheduler(ledger=self.ledger, clock=self.clock)
        return self.scheduler

    @contextmanager
    def counted(self) -> Iterator[None]:
        before = self._read()
        self._gauge.start()
        yield
        gauged = self._gauge.stop()
        after = self._read()
        self.counts = {kind: after[kind] - before[kind] for kind in after} | gauged

    def _read(self) -> dict[str, int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CountedLoop)
        turns = self.scheduler.engine.turns if self.scheduler.running else 0
        counted = {"turns": turns, "tasks": loop.tasks, "handles": loop.handles, "timers": self.clock.timers}
        return counted | self._transactions.counts() | (self._sql.counts() if self._sql is not None else {})


def play(workload: Callable[[Stage], Awaitable[Any]], gauge: Gauge, file: Path | None, size: int) -> dict[str, int]:
    """What was counted of the workload."""

    async def driven() -> dict[str, int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CountedLoop)
        loop.driver = asyncio.current_task()
        stage = Stage(gauge, file, size)
        await workload(stage)
        return stage.counts

    gauge.prepare()
    with asyncio.Runner(loop_factory=CountedLoop) as runner:
        return runner.run(driven())
