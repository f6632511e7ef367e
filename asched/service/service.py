"""The service: a Scheduler with signals, a control socket and a log, from its start to its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asched.core.model import Job
from asched.engine.clock import sleep
from asched.engine.watchdog import Block, Watchdog
from asched.errors import ConfigurationError, LedgerUnusable, Refused
from asched.scheduler import Scheduler
from asched.service import notify
from asched.service.control import Control
from asched.service.eventlog import EventLog
from asched.service.health import health_of
from asched.service.init import reaping_orphans
from asched.service.logs import get_logger
from asched.service.status import status_of

if TYPE_CHECKING:
    import structlog

EXIT_OK, EXIT_REFUSED, EXIT_LEDGER, EXIT_FAULT = 0, 6, 65, 70

Reload = Callable[[], Sequence[Job]]


class Service:
    """Serves `scheduler` until it is told to stop. `reload` loads the jobs anew, or raises ConfigurationError; None
    when there is nothing to load from. `facts` go into every status."""

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        socket: Path | None = None,
        reload: Reload | None = None,
        facts: dict[str, object] | None = None,
        log_output: bool = True,
    ) -> None:
        self.scheduler = scheduler
        self._socket = socket
        self._load = reload
        self._facts = facts or {}
        self._log_output = log_output
        self._log: structlog.typing.FilteringBoundLogger = get_logger()
        self._stop = asyncio.Event()
        self._signal = ""
        self._control: Control | None = None
        self._background: set[asyncio.Task[Any]] = set()

    async def run(self) -> int:
        """Start, serve, stop. Returns the exit code."""
        self.scheduler.bus.listen(EventLog(self._log, output=self._log_output))
        try:
            await self.scheduler.start()
        except (Refused, LedgerUnusable) as error:
            self._log.error("service.refused", why=str(error))
            return EXIT_REFUSED if isinstance(error, Refused) else EXIT_LEDGER
        with reaping_orphans(), self._signals(), self._watching():
            await self._open_control()
            self._say_hello()
            notify.tell(READY=1, STATUS=f"{len(self.scheduler.jobs)} jobs")
            try:
                return await self._until_stopped()
            finally:
                await self._close_control()

    async def _until_stopped(self) -> int:
        engine = self._in_background(self.scheduler.wait())
        stop = self._in_background(self._stop.wait())
        self._in_background(self._tell_watchdog())
        await asyncio.wait({engine, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not self._stop.is_set():
            return await self._fail(engine)
        return await self._drain()

    async def _drain(self) -> int:
        notify.tell(STOPPING=1)
        running = len(self.scheduler.engine.dispatch.running)
        self._log.info("service.stopping", signal=self._signal, running=running)
        self._stop.clear()
        stopping = self._in_background(self.scheduler.stop(reason=f"asched was stopped ({self._signal})"))
        again = self._in_background(self._stop.wait())
        await asyncio.wait({stopping, again}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            self._log.warning("service.hurrying", signal=self._signal)
            self.scheduler.hurry(f"asched was stopped in a hurry ({self._signal})")
        await asyncio.wait({stopping})
        code = EXIT_OK if stopping.exception() is None else self._code_of(stopping.exception())
        self._log.info("service.stopped", given_up=len(self.scheduler.engine.dispatch.given_up))
        return code

    async def _fail(self, engine: asyncio.Task[Any]) -> int:
        """The engine ended by itself: loudly, and with what still runs stopped."""
        error = None if engine.cancelled() else engine.exception()
        with contextlib.suppress(Exception):
            await self.scheduler.stop(drain=0)
        return self._code_of(error)

    def _code_of(self, error: BaseException | None) -> int:
        if isinstance(error, LedgerUnusable):
            self._log.error("service.failed", why=str(error))
            return EXIT_LEDGER
        trace = "" if error is None else "".join(traceback.format_exception(error))
        self._log.error("service.failed", why=str(error or "the engine was cancelled"), exception=trace)
        return EXIT_FAULT

    # Signals.

    @contextlib.contextmanager
    def _signals(self) -> Any:
        loop = asyncio.get_running_loop()
        handlers: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGTERM: lambda: self.stop("SIGTERM"),
            signal.SIGINT: lambda: self.stop("SIGINT"),
            signal.SIGHUP: lambda: self._reload_in_background(),
            signal.SIGUSR1: self.dump,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def stop(self, why: str) -> None:
        """Drain and stop; asked a second time, hurry."""
        self._signal = why
        self._stop.set()

    def _in_background(self, doing: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(doing)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _reload_in_background(self) -> None:
        self._in_background(self._reload_quietly())

    async def _reload_quietly(self) -> None:
        with contextlib.suppress(ConfigurationError, Refused):  # said in the log; the old jobs stay
            await self.reload()

    async def reload(self) -> dict[str, object]:
        """Load the jobs anew. Validated first: on any error the old set stays. Raises ConfigurationError, Refused."""
        if self._load is None:
            raise Refused("there is no configuration to load again")
        notify.tell(RELOADING=1)
        try:
            jobs = await asyncio.to_thread(self._load)
        except ConfigurationError as error:
            self._log.error("service.reload_failed", why=str(error))
            raise
        finally:
            notify.tell(READY=1)
        before = {handle.name for handle in self.scheduler.jobs}
        await self.scheduler.reload(jobs)
        after = {job.name for job in jobs}
        answer: dict[str, object] = {"added": sorted(after - before), "removed": sorted(before - after)}
        self._log.info("service.reloaded", jobs=len(after), **answer)
        return answer

    def dump(self) -> None:
        """The state, to the log: for somebody who wonders what it is doing."""
        status = status_of(self.scheduler)
        jobs = status.pop("jobs")
        self._log.info("service.dumped", **status)
        for job in jobs if isinstance(jobs, list) else ():
            self._log.info("job.dumped", **{key: value for key, value in job.items() if value})
        for task in asyncio.all_tasks():
            where = [f"{frame.f_code.co_filename}:{frame.f_lineno}" for frame in task.get_stack(limit=3)]
            self._log.info("task.dumped", task=task.get_name(), where=where)

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
        self._log.error("loop.blocked", by=block.task, at=at, function=block.function, why=why)

    async def _tell_watchdog(self) -> None:
        period = notify.watchdog_period()
        while period is not None:
            await sleep(self.scheduler.clock, period)
            if health_of(self.scheduler).healthy:
                notify.tell(WATCHDOG=1)

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


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
