"""A service whose ledger is away: it can be stopped in order, at its start and at its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import pytest

from asched import Scheduler
from asched.core.change import Change, Rejected
from asched.errors import LedgerUnavailable
from asched.ledger.memory import MemoryLedger
from asched.service.service import Service
from asched.service.timetoleave import TimeToLeave

pytestmark = pytest.mark.anyio


class Away(MemoryLedger):
    """Answers no commit while it is away."""

    def __init__(self, *, away: bool = True) -> None:
        super().__init__()
        self.away = away

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        if self.away and changes:
            raise LedgerUnavailable("it is away")
        return await super().commit(owner, changes)


class Limits:
    """Instead of the last resort: only notes what it is told."""

    def __init__(self) -> None:
        self.told: list[float] = []

    def within(self, seconds: float) -> None:
        self.told.append(seconds)


async def nothing() -> None: ...


async def test_a_start_that_waits_for_its_ledger_ends_at_once_when_told_to_stop() -> None:
    scheduler = Scheduler(ledger=Away())
    scheduler.add(nothing, "every 1s", name="job")
    service, heard = Service(lambda: scheduler), asyncio.Event()
    scheduler.bus.listen(lambda event: heard.set() if event["type"] == "ledger.unavailable" else None)
    running = asyncio.create_task(service.run())
    await asyncio.wait_for(heard.wait(), 5)
    await asyncio.sleep(0.05)
    assert not running.done()
    service.stop("SIGTERM")
    assert await asyncio.wait_for(running, 2) == 0


@pytest.mark.parametrize("away_first", [True, False])
async def test_the_last_resort_has_the_patience_of_an_orderly_end(away_first: bool) -> None:
    ledger = Away(away=False)
    scheduler = Scheduler(ledger=ledger, drain="2s")
    scheduler.add(nothing, name="job", kill_after="3s")
    limits = Limits()
    time = TimeToLeave(scheduler, limits)  # type: ignore[arg-type]
    async with scheduler:
        scheduler.bus.listen(time.mind_the_ledger)

        def goes_away() -> None:
            scheduler.bus.publish({"type": "ledger.unavailable", "at": scheduler.clock.now()})

        if away_first:
            goes_away()
        time.begin(signal.SIGTERM)
        if not away_first:
            assert limits.told == [2 + 3 + 10]
            goes_away()
            goes_away()
        pauses = 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2
        assert limits.told[-1] == pytest.approx(2 + 3 + 10 + pauses + 7 * 5 + 15, abs=1), "seven tries that all wait"
