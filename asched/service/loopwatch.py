"""The watch over the loop: a job that blocks it is named in the log, while it does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from asched.engine.watchdog import Block, Watchdog
from asched.scheduler import Scheduler

if TYPE_CHECKING:
    import structlog


@contextlib.contextmanager
def watching_the_loop(scheduler: Scheduler, log: structlog.typing.FilteringBoundLogger) -> Iterator[None]:
    """The loop that is running, for a scheduler that is."""
    loop = asyncio.get_running_loop()

    def blocked(block: Block) -> None:
        """From the watchdog's thread: the loop can say nothing now."""
        at, why = f"{block.file}:{block.line}", "a job blocks the event loop"
        log.error("loop.blocked", by=block.task, where=at, function=block.function, why=why)

    watchdog = Watchdog(
        scheduler.engine.dispatch, on_block=blocked, on_free=lambda: _call(loop, lambda: log.warning("loop.freed"))
    )
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # it is closed
        loop.call_soon_threadsafe(callback)
