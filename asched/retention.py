"""Retention: closed fires leave the ledger once they are old enough, a little at a time."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

from asched.core.dataclass import dataclass
from asched.core.record import Keep
from asched.engine.clock import Clock, sleep
from asched.engine.engine import Engine
from asched.engine.insistence import keep_on
from asched.engine.ports import Ledger

PRUNE_EVERY = timedelta(minutes=10)
_BETWEEN = 0.05  # seconds between two bites: the engine wants the ledger too


@dataclass(frozen=True, slots=True)
class Retention:
    """Keeps what is younger than `age`, and of that the newest `runs_per_job` of each job; of its failures
    the newest `runs_per_job` as long as `failures`, where that is longer."""

    age: timedelta
    runs_per_job: int
    failures: timedelta | None = None

    def at(self, now: datetime, since: datetime | None = None) -> Keep:
        """What is to be kept now; with `since`, of what is older nothing but failures that are kept longer."""
        longer = None if self.failures is None else earlier(now, max(self.failures, self.age))
        return Keep(since or earlier(now, self.age), self.runs_per_job, longer)

    async def keep(self, engine: Engine) -> None:
        """Prune every now and then, until the engine is over and the task is cancelled."""
        await keep_on(lambda: self._prune_later(engine), over=lambda: engine.over)

    async def _prune_later(self, engine: Engine) -> None:
        await sleep(engine.clock, PRUNE_EVERY.total_seconds())
        await self._prune(engine.ledger, engine.clock)

    async def _prune(self, ledger: Ledger, clock: Clock) -> None:
        keep = self.at(clock.now())
        with contextlib.suppress(Exception):  # the ledger's troubles are the engine's to report
            await prune_all(ledger, keep, clock)


async def prune_all(ledger: Ledger, keep: Keep, clock: Clock) -> int:
    """In small bites. Returns how many fires went."""
    gone = 0
    while bite := await ledger.prune(keep):
        gone += bite
        await sleep(clock, _BETWEEN)
    return gone


def earlier(now: datetime, by: timedelta) -> datetime:
    """For ever, where there is no calendar so far back."""
    try:
        return now - by
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
