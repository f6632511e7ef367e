"""Runs plain functions, each in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context

from asched.core.action import Function
from asched.core.masking import Mask, mask_for
from asched.core.model import Attempt
from asched.core.outcome import Failed, Outcome
from asched.engine.clock import Clock
from asched.engine.ports import OutputSink
from asched.runners.calls import arguments, returned
from asched.runners.clients import Clients
from asched.runners.context import Run, enter_run
from asched.runners.notes import failure, note_of
from asched.runners.threads import Call, NoThread, Threads

_MARGIN = 1.5  # seconds beyond kill_after: by then the engine has given the run up


class ThreadRunner:
    """A thread cannot be stopped: it is asked (`run.cancelled`), waited for, and given up.

    `limit` threads work at a time; further runs wait in order. Threads that were given up do not count, so that one bad
    job never stops the others, but a job with `leak_limit` of them is not started again before one has ended.
    """

    def __init__(
        self,
        clients: Clients | None = None,
        *,
        limit: int = 64,
        leak_limit: int = 8,
        mask: Mask = str,
        clock: Clock | None = None,
    ) -> None:
        self._own_clients = clients is None
        self._clients = clients or Clients()
        self._threads = Threads(limit)
        self._leak_limit = leak_limit
        self._mask = mask
        self._clock = clock

    @property
    def busy(self) -> int:
        """Threads at work for a run."""
        return self._threads.busy

    @property
    def leaked(self) -> int:
        """Threads still at work for runs that were given up."""
        return self._threads.leaked()

    async def run(self, attempt: Attempt, output: OutputSink) -> Outcome:
        name = attempt.job.name
        if self._threads.leaked(name) >= self._leak_limit:
            return Failed(failure("ThreadsLeaked", f"{self._leak_limit} threads of this job never ended; not one more"))
        stopping = threading.Event()
        run = Run(attempt, output, self._clients, stopping.is_set, self._clock)
        context, mask = copy_context(), mask_for(attempt.job, self._mask)
        try:
            call = await self._threads.start(name, lambda: context.run(_call, attempt, run, mask))
        except NoThread as error:
            return Failed(note_of(error, mask))
        return await self._watch(call, stopping, attempt.job.policies.kill_after.total_seconds())

    async def _watch(self, call: Call[Outcome], stopping: threading.Event, kill_after: float) -> Outcome:
        try:
            await call.released.wait()
        except asyncio.CancelledError:
            stopping.set()
            self._threads.stop(call, kill_after + _MARGIN)
            await call.wait()  # asked again, it goes on waiting: there is nothing that could be killed
            raise
        return call.result()

    async def close(self) -> None:
        self._threads.close()
        if self._own_clients:
            await self._clients.close()


def _call(attempt: Attempt, run: Run, mask: Mask) -> Outcome:
    """In the thread: encoding a large result, or a long traceback, costs the loop nothing here."""
    action = attempt.job.action
    assert isinstance(action, Function)
    enter_run(run)
    try:
        return returned(action.call(**arguments(action, attempt, run)), attempt, mask)
    except BaseException as error:
        return Failed(note_of(error, mask))
