"""A scheduler's heart on a fake clock, with jobs that only pretend: for tests of what is decided, and when.

harness = Harness(jobs, behave=lambda fire, attempt: (timedelta(seconds=3), Succeeded()))
await harness.start()
await harness.clock.advance("1d")
await harness.kill()          # everything in memory is gone
await harness.start()         # and comes back from the ledger
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from asched.core.condition import Condition
from asched.core.foresight.simulate import Behaviour, Holds, quick
from asched.core.limits import Limits
from asched.core.model import Attempt, Fire, Job
from asched.core.outcome import Outcome
from asched.engine.bus import Bus
from asched.engine.clock import Clock, sleep
from asched.engine.engine import Engine
from asched.engine.ports import Ledger, OutputSink
from asched.engine.start import begin
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock


class PretendRunner:
    """Runs nothing: each attempt takes as long, and ends, as `behave` says."""

    def __init__(self, clock: Clock, behave: Behaviour) -> None:
        self._clock = clock
        self._behave = behave

    async def run(self, attempt: Attempt, output: OutputSink) -> Outcome:
        took, outcome = self._behave(attempt.fire, attempt.number)
        if took:
            await sleep(self._clock, took.total_seconds())
        return outcome

    async def close(self) -> None:
        pass


class PretendConditions:
    """Looks at nothing: they hold, for a fire at an instant, as `holds` says."""

    def __init__(self, clock: Clock, holds: Holds) -> None:
        self._clock = clock
        self._holds = holds

    async def ask(self, condition: Condition, job: Job, fire: Fire) -> tuple[bool, str]:
        return self._holds(fire, self._clock.now()), ""


class Harness:
    """`ledger` must survive `close` and `open`; the one in memory does."""

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        behave: Behaviour = quick,
        ledger: Ledger | None = None,
        clock: FakeClock | None = None,
        limits: Limits | None = None,
        conditions: Holds = lambda fire, at: True,
    ) -> None:
        self.jobs = list(jobs)
        self.clock = clock or FakeClock()
        self.ledger: Ledger = ledger or MemoryLedger()
        self.limits = limits
        self.bus = Bus()
        self.runner = PretendRunner(self.clock, behave)
        self.conditions = PretendConditions(self.clock, conditions)
        self._engine: Engine | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def engine(self) -> Engine:
        assert self._engine is not None, "start it first"
        return self._engine

    async def start(self) -> None:
        await self.ledger.open()
        self._engine, _ = await begin(
            ledger=self.ledger,
            runner=self.runner,
            clock=self.clock,
            bus=self.bus,
            jobs=self.jobs,
            only_these=True,
            limits=self.limits,
            conditions=self.conditions,
        )
        self.clock.attach(self._engine)
        self._task = asyncio.create_task(self._engine.run())
        await self.clock.settle()

    async def kill(self) -> None:
        """As SIGKILL does: no farewell, nothing written."""
        assert self._task is not None
        engine = self.engine
        tasks = [self._task, *(one.task for one in engine.dispatch.running.values() if one.task is not None)]
        engine.die()
        engine.questions.cancel()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.clock.detach(engine)
        self._engine = self._task = None

    async def stop(self) -> None:
        """An orderly end: nothing new is started, what runs is waited for."""
        assert self._task is not None
        self.engine.drain()
        self.engine.finish()
        await self.clock.drive(self._task)
        await self.ledger.leave(self.engine.number, self.clock.now())
        self._engine = self._task = None
