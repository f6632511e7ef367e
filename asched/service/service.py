"""The service: a Scheduler with signals, a control socket and a log, from its start to its exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asched.core.model import Job
from asched.engine.clock import sleep
from asched.engine.insistence import keep_on, not_ours, until_done
from asched.errors import ConfigurationError, LedgerError, LedgerUnavailable, LedgerUnusable, Refused
from asched.scheduler import Scheduler
from asched.service import notify
from asched.service.background import Background
from asched.service.collector import Collector
from asched.service.configwatch import ConfigWatch
from asched.service.control import Control
from asched.service.dump import dump
from asched.service.eventlog import EventLog
from asched.service.exitcodes import CONFIGURATION, FAULT, LEDGER, OK, REFUSED, UNAVAILABLE
from asched.service.greeting import say_hello
from asched.service.health import health_of
from asched.service.lastresort import LastResort
from asched.service.livelog import LiveLog
from asched.service.logs import get_logger
from asched.service.loopwatch import watching_the_loop
from asched.service.reloading import Load, Reloading
from asched.service.signals import hearing
from asched.service.timetoleave import TimeToLeave

if TYPE_CHECKING:
    import structlog

_REFUSALS = {ConfigurationError: CONFIGURATION, LedgerUnusable: LEDGER, LedgerUnavailable: UNAVAILABLE}


class Service:
    """Serves the scheduler that `make` makes, on the loop, until it is told to stop. `reload` loads the jobs anew, or
    raises ConfigurationError; None when there is nothing to load from. `facts` go into every status.
    `watched` says from which files it is read: when they have changed since `read_at`, it is reloaded; None to leave
    it. `live` bounds what jobs say in the log. `learn` is told of the jobs before any of them runs."""

    def __init__(
        self,
        make: Callable[[], Scheduler],
        *,
        socket: Path | None = None,
        reload: Load | None = None,
        watched: Callable[[], Sequence[str]] | None = None,
        read_at: datetime | None = None,
        facts: dict[str, object] | None = None,
        live: LiveLog | None = None,
        log_output: bool = True,
        learn: Callable[[Sequence[Job]], None] | None = None,
    ) -> None:
        self._make = make
        self._socket = socket
        self._load = reload
        self._watched = watched
        self._read_at = read_at
        self._facts = facts or {}
        self._live = live
        self._log_output = log_output
        self._learn = learn
        self.scheduler: Scheduler
        self._stop: asyncio.Event
        self._log: structlog.typing.FilteringBoundLogger = get_logger()
        self._signal = ""
        self._code = OK
        self._background = Background()
        self._reloading: Reloading
        self._control: Control | None = None

    async def run(self) -> int:
        """Start, serve, stop. Returns the exit code; what goes wrong is in the log."""
        self.scheduler, self._stop = self._make(), asyncio.Event()
        self._reloading = Reloading(self.scheduler, self._load, self._log, self._background)
        last = LastResort()
        time = TimeToLeave(self.scheduler, last)
        log = EventLog(self._log, self._live, output=self._log_output)
        self.scheduler.bus.listen(log, but=log.unsaid)
        self.scheduler.bus.listen(time.mind_the_ledger, only=("ledger.unavailable", "ledger.recovered"))
        handlers: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGTERM: lambda: self.stop("SIGTERM"),
            signal.SIGINT: lambda: self.stop("SIGINT"),
            signal.SIGHUP: self._reloading.begin,
            signal.SIGUSR1: self.dump,
        }
        try:
            with hearing(handlers, time.begin), Collector() as collector:
                return await self._serve(collector)
        finally:
            last.close()

    async def _serve(self, collector: Collector) -> int:
        try:
            if not await self._start():
                self._log.info("service.stopped", code=OK, given_up=0)
                return OK
        except (Refused, LedgerError, ConfigurationError) as error:
            self._log.error("service.refused", why=str(error))
            return _REFUSALS.get(type(error), REFUSED)
        if self._learn is not None:
            self._learn([handle.definition for handle in self.scheduler.jobs])
        collector.settle()
        with watching_the_loop(self.scheduler, self._log):
            await self._open_control()
            say_hello(self.scheduler, self._facts, self._log)
            notify.tell(READY=1, STATUS=f"{len(self.scheduler.jobs)} jobs")
            self._watch_configuration()
            self._background.do(keep_on(partial(collector.keep, self.scheduler.engine), over=self._is_over))
            await self._until_woken()
            await self._drain()
            await self._background.close()
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
        watchdog = self._background.do(self._tell_watchdog())
        while not self._is_over():
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

    def _is_over(self) -> bool:
        return self._stop.is_set() or not self.scheduler.running

    async def _tell_watchdog(self) -> None:
        period = notify.watchdog_period()
        if period is not None:
            await keep_on(partial(self._show_life, period), over=self._is_over)

    async def _show_life(self, after: float) -> None:
        await sleep(self.scheduler.clock, after)
        if health_of(self.scheduler).healthy:
            notify.tell(WATCHDOG=1)

    def _watch_configuration(self) -> None:
        if self._watched is not None:
            clock = self.scheduler.clock
            since = self._read_at or clock.now()
            watch = ConfigWatch(self._watched, self._reloading.follow, self._say_unseen, clock=clock, since=since)
            self._background.do(watch.run(self._is_over))

    def _say_unseen(self, path: str, why: str) -> None:
        self._log.warning("config.unseen", path=path, why=why)

    # What it is told to do.

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

    def dump(self) -> None:
        """The state, to the log: for somebody who wonders what it is doing."""
        dump(self.scheduler, self._log)

    # Its socket.

    async def _open_control(self) -> None:
        if self._socket is None:
            return
        facts, reload = {**self._facts, "pid": os.getpid()}, self._reloading.reload
        control = Control(self.scheduler, self._socket, facts=facts, reload=reload, dump=self.dump)
        try:
            await control.open()
        except OSError as error:
            self._log.warning("control.unavailable", socket=str(self._socket), why=str(error))
            return
        self._control = control

    async def _close_control(self) -> None:
        if self._control is not None:
            await self._control.close()
