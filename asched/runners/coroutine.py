"""Runs `async def` functions, on the loop and in the engine's own task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import CoroutineType

from asched.core.action import Function
from asched.core.masking import Mask, mask_for
from asched.core.model import Attempt
from asched.core.outcome import Failed, Outcome
from asched.engine.clock import Clock
from asched.engine.ports import OutputSink
from asched.runners.calls import arguments, returned
from asched.runners.clients import Clients
from asched.runners.context import Run, enter_run, leave_run
from asched.runners.notes import note_of


class CoroutineRunner:
    """A job that raises anything, SystemExit and KeyboardInterrupt included, costs its own run only (FAULTS 23)."""

    def __init__(self, clients: Clients | None = None, *, mask: Mask = str, clock: Clock | None = None) -> None:
        self._own_clients = clients is None
        self._clients = clients or Clients()
        self._mask = mask
        self._clock = clock

    async def run(self, attempt: Attempt, output: OutputSink) -> Outcome:
        task = asyncio.current_task()
        assert task is not None
        asked_before = task.cancelling()
        action = attempt.job.action
        assert isinstance(action, Function)
        run = Run(attempt, output, self._clients, lambda: task.cancelling() > asked_before, self._clock)
        entered = enter_run(run)
        mask = mask_for(attempt.job, self._mask)
        try:
            result = action.call(**arguments(action, attempt, run))
            if type(result) is not CoroutineType and not isinstance(result, Awaitable):  # which is slow to say
                return returned(result, attempt, mask)
            return returned(await result, attempt, mask)
        except asyncio.CancelledError as error:
            if task.cancelling() > asked_before:
                raise
            return Failed(note_of(error, mask, message="cancelled itself: nobody asked it to stop"))
        except GeneratorExit as error:
            if _is_being_closed(task):
                raise
            return Failed(note_of(error, mask))
        except BaseException as error:
            return Failed(note_of(error, mask))
        finally:
            leave_run(entered)

    async def close(self) -> None:
        if self._own_clients:
            await self._clients.close()


def _is_being_closed(task: asyncio.Task[object]) -> bool:
    """Whether GeneratorExit came from outside: the task's coroutine is torn down, and not by its own step."""
    try:
        return asyncio.current_task() is not task
    except RuntimeError:  # no loop is running
        return True
