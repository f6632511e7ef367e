"""The service: a Scheduler with signals, a control socket and a log, from its start to its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asched.core.model import Job
from asched.core.version import definition_of
from asched.declaration.problems import format_problems
from asched.engine.bus import Event
from asched.engine.clock import sleep
from asched.engine.insistence import not_ours, until_done
from asched.engine.patience import FIRST_PAUSE, LONGEST_PAUSE
from asched.engine.watchdog import Block, Watchdog
from asched.errors import ConfigurationError, LedgerError, LedgerUnavailable, LedgerUnusable, Refused
from asched.scheduler import Scheduler
from asched.service import notify
from asched.service.control import Control
from asched.service.dump import dump
from asched.service.eventlog import EventLog
from asched.service.exitcodes import CONFIGURATION, FAULT, LEDGER, OK, REFUSED, UNAVAILABLE
from asched.service.health import health_of
from asched.service.lastresort import LastResort
from asched.service.livelog import LiveLog
from asched.service.logs import get_logger
from asched.service.reloading import Load, loaded
from asched.service.signals import hearing
from asched.stopping import PATIENCE

if TYPE_CHECKING:
    import structlog

_REFUSALS = {ConfigurationError: CONFIGURATION, LedgerUnusable: LEDGER, LedgerUnavailable: UNAVAILABLE}
_MARGIN = 10.0  # seconds beyond drain and kill_after to record how things ended
_BUSY = 5.0  # seconds that a ledger which somebody else has locked takes to say so


def _patience() -> float:
    """Seconds that an engine which is to stop may spend on a ledger that is away, and on what it then has to leave."""
    pause, total = FIRST_PAUSE, 0.0
    while pause < LONGEST_PAUSE:
        total += _BUSY + pause
        pause *= 2
    return total + _BUSY + PATIENCE


class Service:
    """Serves the scheduler that `make` makes, on the loop, until it is told to stop. `reload` loads the jobs anew, or
    raises ConfigurationError; None when there is nothing to load from. `facts` go into every status.
    `live` bounds what jobs say in the log. `learn` is told of the jobs before any of them runs."""

    def __init__(
        self,
        make: Callable[[], Scheduler],
        *,
        socket: Path | None = None,
        reload: Load | None = None,
        facts: dict[str, object] | None = None,
        live: LiveLog | None = None,
        log_output: bool = True,
        learn: Callable[[Sequence[Job]], None] | None = None,
    ) -> None:
        self._make = make
        self._socket = socket
        self._load = reload
        self._facts = facts or {}
        self._live = live
        self._log_output = log_output
        self._learn = learn
        self.scheduler: Scheduler
        self._stop: asyncio.Event
        self._log: structlog.typing.FilteringBoundLogger = get_logger()
        self._signal = ""
        self._asked = 0
        self._code = OK
        self._last: LastResort | None = None
        self._leave_by = 0.0  # monotonic, once we are asked to stop
        self._ledger_away = False
        self._control: Control | None = None
        self._reloading = asyncio.Lock()
        self._next_reload: asyncio.Task[dict[str, object]] | None = None
        self._background: set[asyncio.Task[Any]] = set()

    async def run(self) -> int:
        """Start, serve, stop. Returns the exit code; what goes wrong is in the log."""
        self.scheduler, self._stop = self._make(), asyncio.Event()
        self._last = LastResort()
        handlers: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGTERM: lambda: self.stop("SIGTERM"),
            signal.SIGINT: lambda: self.stop("SIGINT"),
            signal.SIGHUP: self._reload_in_background,
            signal.SIGUSR1: self.dump,
        }
        try:
            with hearing(handlers, self._at_once):
                return await self._serve()
        finally:
            self._last.close()

    async def _serve(self) -> int:
        self.scheduler.bus.listen(EventLog(self._log, self._live, output=self._log_output))
        self.scheduler.bus.listen(self._mind_the_ledger)
        try:
            if not await self._start():
                self._log.info("service.stopped", code=OK, given_up=0)
                return OK
        except (Refused, LedgerError, ConfigurationError) as error:
            self._log.error("service.refused", why=str(error))
            return _REFUSALS.get(type(error), REFUSED)
        if self._learn is not None:
            self._learn([handle.definition for handle in self.scheduler.jobs])
        _settle_memory()
        with self._watching():
            await self._open_control()
            self._say_hello()
            notify.tell(READY=1, STATUS=f"{len(self.scheduler.jobs)} jobs")
            await self._until_woken()
            await self._drain()
            await self._close_control()
        self._log.info("service.stopped", code=self._code, given_up=len(self.scheduler.engine.dispatch.given_up))
        return self._code

    async def _start(self) -> bool:
        """False when we were told to stop before it had begun: its ledger may be away for long.

        In this very task, for an engine takes the end of the one that began it for its own.
        """
        task = asyncio.current_task()
        assert task is not None
        stopped = asyncio.ensure_future(self._stop.wait())
        stopped.add_done_callback(give_up := lambda done: done.cancelled() or task.cancel())
        try:
            await self.scheduler.start()
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            not_ours()
            return False
        finally:
            stopped.remove_done_callback(give_up)
            stopped.cancel()
        return True

    async def _until_woken(self) -> None:
        """Until we are to stop, or the engine has. A job that cancels every task of the loop does not stop us."""
        watchdog = self._in_background(self._tell_watchdog())
        while not self._stop.is_set() and self.scheduler.running:
            waking = asyncio.ensure_future(self._stop.wait())
            over = asyncio.ensure_future(self.scheduler.wait())
            try:
                await asyncio.wait({waking, over}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                not_ours()
            for task in (waking, over):
                task.cancel()
            await asyncio.gather(waking, over, return_exceptions=True)
        watchdog.cancel()

    async def _drain(self) -> None:
        notify.tell(STOPPING=1)
        stopping = asyncio.ensure_future(
            self.scheduler.stop(reason=f"asched was stopped ({self._signal or 'a fault'})")
        )
        await until_done(stopping)
        error = None if stopping.cancelled() else stopping.exception()
        if error is not None:
            trace = "" if isinstance(error, LedgerError) else "".join(traceback.format_exception(error))
            self._log.error("service.failed", why=str(error), exception=trace)
            self._code = _REFUSALS.get(type(error), FAULT)

    # Signals.

    def _at_once(self, sign: signal.Signals) -> None:
        """Within the signal's handler, whatever the loop is doing: from now on our time is limited."""
        if sign not in (signal.SIGTERM, signal.SIGINT) or self._last is None:
            return
        kill = max((handle.definition.policies.kill_after for handle in self.scheduler.jobs), default=timedelta(0))
        drain = timedelta(0) if self._asked else self.scheduler.drain
        self._asked += 1
        limit = (drain + kill).total_seconds() + _MARGIN + (_patience() if self._ledger_away else 0.0)
        self._leave_by = self.scheduler.clock.monotonic() + limit
        self._last.within(limit)

    def _mind_the_ledger(self, event: Event) -> None:
        """A listener: while the ledger is away, an orderly end takes longer."""
        if event["type"] == "ledger.unavailable" and not self._ledger_away:
            self._ledger_away = True
            if self._asked and self._last is not None:
                self._leave_by += _patience()
                self._last.within(self._leave_by - self.scheduler.clock.monotonic())
        elif event["type"] == "ledger.recovered" and not self._asked:
            self._ledger_away = False

    def stop(self, why: str) -> None:
        """Drain and stop; asked a second time, hurry."""
        if self._stop.is_set():
            self._log.warning("service.hurrying", signal=why)
            self.scheduler.hurry(f"asched was told twice to stop ({why})")
            return
        self._signal = why
        running = len(self.scheduler.engine.dispatch.running) if self.scheduler.running else 0
        self._log.info("service.stopping", signal=why, running=running)
        self._stop.set()

    def fail(self, why: str) -> None:
        """Stop in order, but loudly."""
        self._log.error("service.failed", why=why)
        self._code = FAULT
        self._stop.set()

    def _in_background(self, doing: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(doing)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # whoever asked may be gone
        return task

    def _reload_in_background(self) -> None:
        self._in_background(self._reload_quietly())

    async def _reload_quietly(self) -> None:
        with contextlib.suppress(Exception):  # said in the log; the old jobs stay
            await self.reload()

    async def reload(self) -> dict[str, object]:
        """Load the jobs anew. Validated first: on any error the old set stays. Raises ConfigurationError, Refused.

        One after the other: what was read last is what stays. All who ask while one is under way share the next.
        """
        if self._next_reload is None:
            self._next_reload = self._in_background(self._reload_in_turn())
        return await asyncio.shield(self._next_reload)

    async def _reload_in_turn(self) -> dict[str, object]:
        async with self._reloading:
            self._next_reload = None  # who asks from now on may have changed what is read now
            notify.tell(RELOADING=1)
            try:
                return await self._reload()
            except Exception as error:
                problems = format_problems(error.problems) if isinstance(error, ConfigurationError) else ""
                self._log.error("service.reload_failed", why=problems or str(error) or type(error).__name__)
                raise
            finally:
                notify.tell(READY=1)

    async def _reload(self) -> dict[str, object]:
        if self._load is None:
            raise Refused("there is no configuration to load again")
        self._log.info("service.reloading")
        jobs = await loaded(self._load)
        before = {handle.name: definition_of(handle.definition) for handle in self.scheduler.jobs}
        await self.scheduler.reload(jobs)
        after = {job.name: definition_of(job) for job in jobs}
        answer: dict[str, object] = {
            "added": sorted(after.keys() - before.keys()),
            "changed": sorted(name for name in after.keys() & before.keys() if after[name] != before[name]),
            "removed": sorted(before.keys() - after.keys()),
        }
        self._log.info("service.reloaded", jobs=len(after), **answer)
        return answer

    def dump(self) -> None:
        """The state, to the log: for somebody who wonders what it is doing."""
        dump(self.scheduler, self._log)

    # The rest.

    @contextlib.contextmanager
    def _watching(self) -> Any:
        loop = asyncio.get_running_loop()
        watchdog = Watchdog(
            self.scheduler.engine.dispatch,
            on_block=self._blocked,
            on_free=lambda: _call(loop, lambda: self._log.warning("loop.freed")),
        )
        watchdog.start()
        try:
            yield
        finally:
            watchdog.stop()

    def _blocked(self, block: Block) -> None:
        """From the watchdog's thread: the loop can say nothing now."""
        at = f"{block.file}:{block.line}"
        why = "a job blocks the event loop"
        self._log.error("loop.blocked", by=block.task, where=at, function=block.function, why=why)

    async def _tell_watchdog(self) -> None:
        period = notify.watchdog_period()
        while period is not None and not self._stop.is_set():
            try:
                await sleep(self.scheduler.clock, period)
                if health_of(self.scheduler).healthy:
                    notify.tell(WATCHDOG=1)
            except asyncio.CancelledError:
                if self._stop.is_set() or not self.scheduler.running:
                    raise
                not_ours()

    async def _open_control(self) -> None:
        if self._socket is None:
            return
        control = Control(
            self.scheduler, self._socket, facts={**self._facts, "pid": os.getpid()}, reload=self.reload, dump=self.dump
        )
        try:
            await control.open()
        except OSError as error:
            self._log.warning("control.unavailable", socket=str(self._socket), why=str(error))
            return
        self._control = control

    async def _close_control(self) -> None:
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._control is not None:
            await self._control.close()

    def _say_hello(self) -> None:
        for remark in getattr(self.scheduler.ledger, "remarks", ()):
            self._log.warning("ledger.remark", what=remark)
        jobs = [handle.definition for handle in self.scheduler.jobs]
        active = sum(not job.disabled for job in jobs)
        self._log.info("service.started", instance=self.scheduler.engine.number, jobs=active, **self._facts)
        for handle in self.scheduler.jobs:
            self._say_job(handle.definition, handle.next_at)

    def _say_job(self, job: Job, next_at: object) -> None:
        if job.disabled:
            self._log.warning("job.disabled", job=job.name, why=job.disabled)
        elif job.trigger is not None:
            self._log.info("job.scheduled", job=job.name, schedule=job.trigger.text(), next_at=next_at)
        else:
            self._log.info("job.waiting", job=job.name, after=", ".join(job.after) or "asched run")


def _settle_memory() -> None:
    """What is there now is there to stay: the collector need not walk through all jobs again and again."""
    gc.collect()
    gc.freeze()


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
