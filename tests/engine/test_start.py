"""A start with many jobs: the loop goes on meanwhile, and sees nothing that is half done."""

import asyncio

import pytest
from hearts import START, fires, imbalances
from jobdoubles import H, S, a_job

from asched import Scheduler
from asched.core.change import Activate, Decide
from asched.core.model import CatchUp, Fire
from asched.core.outcome import Start
from asched.core.record import FireQuery, FireRecord
from asched.core.triggers.interval import Every
from asched.engine import clock
from asched.engine.instance import this_instance
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

JOBS = 200


class CountedLedger(MemoryLedger):
    """Counts its transactions, and the changes in each."""

    def __init__(self):
        super().__init__()
        self.commits = []

    async def commit(self, owner, changes):
        self.commits.append(len(changes))
        return await super().commit(owner, changes)


class Beside:
    """Somebody else on the loop: counts how often it is let go on, and how many jobs it finds recorded then."""

    def __init__(self, ledger):
        self.ledger, self.seen = ledger, []

    async def go_on(self):
        while True:
            self.seen.append(len(await self.ledger.versions()))
            await asyncio.sleep(0)


def many(**policies):
    return [a_job(f"job{n:03}", Every(H, START), **policies) for n in range(JOBS)]


async def started(ledger, when, jobs):
    """What somebody else saw while it started."""
    harness, beside = Harness(jobs, ledger=ledger, clock=FakeClock(when)), Beside(ledger)
    task = asyncio.ensure_future(beside.go_on())
    await harness.start()
    task.cancel()
    return harness, beside.seen


@pytest.fixture(params=[0.0, 1e9], ids=["step by step", "in one go"])
def held(request, monkeypatch):
    monkeypatch.setattr(clock, "HELD", request.param)
    return request.param


async def test_the_loop_goes_on_between_two_jobs_of_a_start(monkeypatch):
    monkeypatch.setattr(clock, "HELD", 0.0)
    harness, seen = await started(MemoryLedger(), START, many())
    assert seen.count(0) >= JOBS
    await harness.stop()


async def test_a_start_is_one_transaction_however_often_the_loop_goes_on(held):
    ledger = CountedLedger()
    harness, seen = await started(ledger, START, many())
    assert (ledger.commits[0], set(seen) <= {0, JOBS}) == (JOBS + 1, True), "a version each, and that it takes over"
    await harness.stop()


async def test_a_start_comes_to_the_same_however_often_the_loop_goes_on(held):
    ledger, jobs = MemoryLedger(), many(catch_up=CatchUp.ALL)
    harness, _ = await started(ledger, START, jobs)
    await harness.kill()
    harness, _ = await started(ledger, START + 3 * H + S, [*jobs[1:], a_job("new", Every(H))])
    await harness.clock.advance(60 * S)
    await harness.stop()
    assert [len(await fires(harness, name)) for name in ("job000", "job001", "job199", "new")] == [0, 3, 3, 0]
    assert not await imbalances(harness)


async def test_what_runs_no_more_is_settled_without_comparing_each_with_each(monkeypatch):
    ledger, compared = MemoryLedger(), []
    number = await ledger.enter(this_instance(START))
    lost = [Fire(number << 32 | n, "gone", 1, START + n * S, START + n * S) for n in range(1, JOBS + 1)]
    move = Decide("gone", 1, START, tuple((fire, Start()) for fire in lost), (), START, START + H)
    assert await ledger.commit(number, [Activate("gone", 1, START, None, "{}", START), move]) == ()
    monkeypatch.setattr(FireRecord, "__eq__", lambda one, other: compared.append(one) or one is other)
    async with Scheduler(ledger=ledger, clock=FakeClock(START + H)):
        found = await ledger.fires(FireQuery(outcomes=("abandoned",), limit=JOBS * 2))
    assert (len(found), len(compared)) == (JOBS, 0)
