"""One job, once: it ends when it is told to, whatever the ledger does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest

from asched import Scheduler
from asched.core.change import Change, Finish, Rejected, Streak
from asched.core.model import Job
from asched.engine import patience
from asched.errors import LedgerUnavailable, LedgerUnusable
from asched.ledger.memory import MemoryLedger
from asched.service.oneshot import run_once

pytestmark = pytest.mark.anyio

WITHIN = 5  # seconds


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.02)


class NoEnds(MemoryLedger):
    """Damaged when the end of a run is to be written."""

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        if any(isinstance(change, Finish) for change in changes):
            raise LedgerUnusable("the file is damaged")
        return await super().commit(owner, changes)

    async def leave(self, number: int, at: datetime) -> None:
        raise LedgerUnusable("the file is damaged")


class Away(MemoryLedger):
    """Away from the first commit on."""

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        raise LedgerUnavailable("somebody holds the lock")


def forever(began: asyncio.Event) -> Job:
    async def job() -> None:
        began.set()
        await asyncio.Event().wait()

    return Scheduler(ledger=":memory:").add(job, name="forever").definition


async def test_it_is_interrupted_and_recorded() -> None:
    began, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.ensure_future(run_once(MemoryLedger(), forever(began), by="me", stop=stop))
    await asyncio.wait_for(began.wait(), WITHIN)
    stop.set()
    record = await asyncio.wait_for(running, WITHIN)
    assert record.outcome is not None
    assert record.outcome.kind == "interrupted"


async def test_a_success_by_hand_begins_the_count_of_failures_anew() -> None:
    async def works() -> None: ...

    ledger = MemoryLedger()
    await ledger.commit(1, [Streak("works", 2), Streak("other", 1)])
    await run_once(ledger, Scheduler(ledger=":memory:").add(works).definition, by="me")
    assert (await ledger.restore()).failures == {"other": 1}


async def test_a_ledger_that_is_damaged_while_it_is_interrupted_ends_it_and_is_named() -> None:
    began, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.ensure_future(run_once(NoEnds(), forever(began), by="me", stop=stop))
    await asyncio.wait_for(began.wait(), WITHIN)
    stop.set()
    with pytest.raises(LedgerUnusable, match="damaged"):
        await asyncio.wait_for(running, WITHIN)


async def test_while_the_ledger_is_away_it_can_be_interrupted_before_it_began() -> None:
    began, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.ensure_future(run_once(Away(), forever(began), by="me", stop=stop))
    await asyncio.sleep(0.1)
    assert not running.done()
    stop.set()
    with pytest.raises(LedgerUnavailable, match="lock"):
        await asyncio.wait_for(running, WITHIN)
    assert not began.is_set()
