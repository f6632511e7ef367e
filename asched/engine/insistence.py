"""Going on when somebody cancels us who may not: a job that cancels every task of the loop takes only itself along."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


def not_ours() -> None:
    """Within an `except CancelledError` of a task of ours: forget that it was cancelled."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


async def keep_on(step: Callable[[], Awaitable[object]], over: Callable[[], bool]) -> None:
    """One step after the other until it is `over`. Whoever cancels the task before that is not heard."""
    while not over():
        try:
            await step()
        except asyncio.CancelledError:
            if over():
                raise
            not_ours()


async def until_done(*futures: asyncio.Future[Any]) -> None:
    """Wait for all of them, however often the waiting is cancelled."""
    while not all(future.done() for future in futures):
        try:
            await asyncio.wait(futures)
        except asyncio.CancelledError:
            not_ours()
