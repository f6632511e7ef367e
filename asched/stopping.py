"""Stopping an engine: start nothing more, let what runs end for a while, interrupt the rest, record it all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from asched.core.rules.board import Cause
from asched.engine.clock import sleep
from asched.engine.engine import Engine
from asched.engine.insistence import not_ours, until_done

PATIENCE = 15.0  # seconds for what still runs when the engine has failed


async def wind_down(engine: Engine, task: asyncio.Task[None], drain: timedelta, reason: str) -> None:
    """Returns when `task`, which runs the engine, is over, and nothing that it started is executed any more.

    What runs may go on for `drain`; then it is interrupted for `reason`. What the engine raised stays in `task`.
    """
    engine.drain()
    if not task.done() and not await _quiet_within(engine, task, drain):
        engine.dispatch.stop_all(Cause.SHUTDOWN, reason)
    engine.finish()
    await until_done(task)
    if engine.dispatch.running:  # the engine failed: nobody hears how they end, but they must not live on
        engine.dispatch.stop_all(Cause.SHUTDOWN, reason)
        await engine.dispatch.gone(PATIENCE)


def hurry(engine: Engine, reason: str) -> None:
    """While winding down: wait no more, kill what runs."""
    engine.hurry(reason)


async def _quiet_within(engine: Engine, task: asyncio.Task[None], drain: timedelta) -> bool:
    quiet = asyncio.create_task(engine.quiet())
    limit = asyncio.create_task(sleep(engine.clock, drain.total_seconds()))
    try:
        await asyncio.wait({quiet, limit, task}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:  # of a job that cancels every task: no more patience with it
        not_ours()
    done = quiet.done() and not quiet.cancelled()
    for waiting in (quiet, limit):
        waiting.cancel()
    await until_done(quiet, limit)
    return done
