"""A Scheduler of our own on a ledger of its own: what is measured is what people use, and nothing beside it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from asched.errors import LedgerUnavailable
from asched.scheduler import Scheduler
from asched.schedules import Schedule


@asynccontextmanager
async def scheduling(
    path: Path, functions: Sequence[Callable[[], Awaitable[None]]], schedule: Schedule | str
) -> AsyncIterator[Scheduler]:
    """Each of them as a job with that schedule. Raises LedgerUnavailable when the ledger was away meanwhile: what was
    measured is then of no use."""
    scheduler = Scheduler(ledger=path, drain="5s")
    away: list[str] = []

    scheduler.bus.listen(lambda event: away.append(str(event["error"])), only=("ledger.unavailable",))
    for number, function in enumerate(functions):
        scheduler.add(function, schedule, name=f"job-{number}")
    try:
        await _whole(scheduler.start())
        with _settled_memory():
            yield scheduler
    finally:
        await _whole(scheduler.stop())
    if away:
        raise LedgerUnavailable(away[0])


async def _whole(doing: Coroutine[Any, Any, None]) -> None:
    """To its end, also when we are cancelled meanwhile: its threads write into the folder that is removed next."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def awaited(scheduler: Scheduler, seconds: float) -> None:
    """So long, on its clock. Raises what ended the scheduler meanwhile."""
    over = asyncio.Event()
    timer = scheduler.clock.call_at(scheduler.clock.monotonic() + seconds, over.set)
    try:
        await scheduler.until(over)
    finally:
        timer.cancel()


@contextmanager
def _settled_memory() -> Iterator[None]:
    """As the service has it: the collector need not walk through all jobs again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
