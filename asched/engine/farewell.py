"""The farewell of an instance whose start came to nothing: it was never there, and nobody shall look for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from asched.core.record import InstanceRecord
from asched.engine.clock import Clock
from asched.engine.ports import Ledger


@contextlib.asynccontextmanager
async def farewell_on_failure(ledger: Ledger, me: InstanceRecord, clock: Clock) -> AsyncIterator[None]:
    """Around a start that enters the ledger as `me`: when it fails or is cancelled, say farewell, whoever cancels."""
    try:
        yield
    except BaseException:
        await asyncio.shield(_leave(ledger, me, clock))
        raise


async def _leave(ledger: Ledger, me: InstanceRecord, clock: Clock) -> None:
    """It may have been cancelled before it heard its number: entering again, with the same token, tells it."""
    with contextlib.suppress(Exception):  # a ledger that is away: then the next one finds a start without a farewell
        await ledger.leave(await ledger.enter(me), clock.now())
