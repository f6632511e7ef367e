"""The life of a scheduler: its engine from the first decision to the last record, and who works beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asched.core.limits import Limits
from asched.core.model import Job
from asched.core.rules.board import Board, Now, Turn
from asched.engine.bus import Bus
from asched.engine.clock import Clock
from asched.engine.clockwatch import watch_clock
from asched.engine.engine import Engine
from asched.engine.inheritance import Inheritance
from asched.engine.ports import Ledger, Runner
from asched.engine.start import begin
from asched.engine.watching import Watching
from asched.errors import NotRunning, Refused
from asched.retention import Retention
from asched.stopping import hurry, wind_down

if TYPE_CHECKING:
    from asched.runners.conditions import MachineConditions

CANCELLED = (
    "its engine was cancelled before it was stopped, by other code or the end of its loop: nothing fires any more"
)


class Life:
    """One start and one stop. The ledger is opened by the one and closed by the other."""

    def __init__(
        self, ledger: Ledger, clock: Clock, bus: Bus, runner: Runner | None, mask: Callable[[str], str]
    ) -> None:
        self.stopping = False
        self.task: asyncio.Task[None] | None = None
        self._ledger = ledger
        self._clock = clock
        self._bus = bus
        self._runner = runner
        self._mask = mask
        self._conditions: MachineConditions | None = None
        self._engine: Engine | None = None
        self._watching: Watching | None = None
        self._helpers: list[asyncio.Task[None]] = []
        self._over = False
        self._starting: asyncio.Event | None = None

    @property
    def begun(self) -> bool:
        return self._engine is not None

    @property
    def running(self) -> bool:
        return self.task is not None and not self.task.done() and not self._over

    @property
    def engine(self) -> Engine:
        """Raises NotRunning."""
        if self._engine is None:
            raise NotRunning("the scheduler has not been started: use `async with scheduler:`")
        return self._engine

    # Its start.

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Around all of a start: a stop waits for its end. Raises Refused when there is one already."""
        self.refuse_if_started("make another one")
        self._starting, self.stopping = asyncio.Event(), False
        try:
            yield
        finally:
            self._starting.set()
            self._starting = None

    def refuse_if_started(self, instead: str) -> None:
        if self._engine is not None or self._starting is not None:
            raise Refused(f"this scheduler has been started already; {instead}")

    async def begin(
        self, jobs: Sequence[Job], limits: Limits, retention: Retention, *, only_these: bool
    ) -> Inheritance:
        """Settle what came before, then run until `stop`. Returns once the first decisions are recorded."""
        await self._ledger.open()
        try:
            return await self._begin(jobs, limits, retention, only_these=only_these)
        except BaseException:
            await self._ledger.close()
            raise

    async def _begin(
        self, jobs: Sequence[Job], limits: Limits, retention: Retention, *, only_these: bool
    ) -> Inheritance:
        self._engine, heir = await begin(
            ledger=self._ledger,
            runner=self._a_runner(),
            clock=self._clock,
            bus=self._bus,
            jobs=jobs,
            mask=self._mask,
            only_these=only_these,
            limits=limits,
            conditions=self._a_world(),
        )
        if self.stopping:  # we were told so meanwhile
            self._engine.drain()
        attach = getattr(self._clock, "attach", None)
        if attach is not None:  # a fake clock wants to know when we are done with an instant
            attach(self._engine)
        self.task = asyncio.create_task(self._engine.run(), name="asched engine")
        self.task.add_done_callback(self._say_its_end)
        unwatch = watch_clock(self._engine)
        self.task.add_done_callback(lambda _: unwatch())
        self._watching = Watching(self._engine)
        self.help("asched retention", retention.keep(self._engine))
        self.help("asched watching", self._watching.run())
        return heir

    def _a_runner(self) -> Runner:
        if self._runner is None:
            from asched.runners.registry import Runners

            self._runner = Runners(mask=self._mask, clock=self._clock)
        return self._runner

    def _a_world(self) -> MachineConditions:
        if self._conditions is None:
            from asched.runners.conditions import MachineConditions

            self._conditions = MachineConditions(self._clock)
        return self._conditions

    def _say_its_end(self, task: asyncio.Task[None]) -> None:
        """An engine that ends must not do so in silence, unless it was stopped."""
        if task.cancelled() and not self.stopping:
            context = {"message": f"asched: {CANCELLED}", "task": task}
            task.get_loop().call_exception_handler(context)
        _say_so(task)

    # Beside it.

    def help(self, name: str, doing: Coroutine[Any, Any, None]) -> None:
        """Do this beside the engine, as long as it lives."""
        assert self.task is not None
        helper = asyncio.create_task(doing, name=name)
        helper.add_done_callback(_say_so)
        self.task.add_done_callback(lambda _: helper.cancel())
        self._helpers.append(helper)

    def tell(self, act: Callable[[Board, Now, Turn], None]) -> None:
        """Ask without waiting. What is asked later is done later; a failure goes to the loop's exception handler."""
        self.engine.tell(act).add_done_callback(_say_so)

    def watch(self) -> None:
        """There are other jobs on the board than before: they may watch something."""
        if self._watching is not None:
            self._watching.notice()

    # Its end.

    async def stop(self, drain: timedelta, reason: str) -> None:
        """Start nothing more, wait up to `drain` for what runs, interrupt the rest, record it, close the ledger. While
        it starts: once it has."""
        if self._starting is not None:
            self.stopping = True
            await asyncio.shield(self._stop_after(self._starting, drain, reason))
            return
        if self._engine is None or self._over:
            return
        self.stopping = True
        stopping = asyncio.ensure_future(self._stop(self._engine, drain, reason))
        drive = getattr(self._clock, "drive", None)
        await (asyncio.shield(stopping) if drive is None else drive(stopping))

    async def _stop_after(self, started: asyncio.Event, drain: timedelta, reason: str) -> None:
        await started.wait()
        await self.stop(drain, reason)

    async def _stop(self, engine: Engine, drain: timedelta, reason: str) -> None:
        assert self.task is not None
        try:
            await wind_down(engine, self.task, drain, reason)
        finally:
            await self._close(engine)
        if not self.task.cancelled():
            self.task.result()  # a fault of our own is not kept silent

    async def _close(self, engine: Engine) -> None:
        self._over = True
        for helper in self._helpers:
            helper.cancel()
        await asyncio.gather(*self._helpers, return_exceptions=True)
        try:
            with contextlib.suppress(Exception):
                await self._ledger.leave(engine.number, self._clock.now())
            await self._a_runner().close()
            await self._a_world().close()
        finally:  # whatever a runner makes of it, the ledger is free for the next one
            try:
                await self._ledger.close()
            finally:
                self._bus.close()

    def hurry(self, reason: str) -> None:
        """While stopping: do not wait for the drain any more."""
        if self._engine is not None:
            hurry(self._engine, reason)

    async def wait(self) -> None:
        """Until it stops. Raises what stopped it, when that was a fault of our own or of the ledger; NotRunning when
        its engine was cancelled by somebody else."""
        if self.task is None:
            raise NotRunning("the scheduler has not been started")
        await asyncio.wait({self.task})
        if not self.task.cancelled():
            self.task.result()
        elif not self.stopping:
            raise NotRunning(CANCELLED)

    async def until(self, event: asyncio.Event) -> None:
        """Wait for `event`, or raise what ended the engine meanwhile."""
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({waiting, self.task} if self.task else {waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not event.is_set():
                await self.wait()
                raise NotRunning("the scheduler has stopped")
        finally:
            waiting.cancel()


def _say_so(task: asyncio.Future[None]) -> None:
    """An engine that fails must not do so in silence, whoever forgot to wait for it."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        context = {"message": "asched: a fault of its own, or of its ledger", "exception": error, "future": task}
        task.get_loop().call_exception_handler(context)
