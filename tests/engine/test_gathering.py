"""Turns that would follow closely are one: what comes due, or ends, meanwhile is decided and recorded together."""

from datetime import timedelta

import pytest
from hearts import START, went
from jobdoubles import S, a_job

from asched.core.change import Decide, Finish
from asched.core.triggers.interval import Every
from asched.engine.clock import SystemClock
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio

CLOSE = timedelta(microseconds=100)  # several of them go into what turns are apart


class Patient(FakeClock):
    """A fake clock on which turns are apart as on the machine's own."""

    apart = SystemClock.apart


class Listening(MemoryLedger):
    """Counts what is decided and what ends, transaction by transaction."""

    def __init__(self):
        super().__init__()
        self.transactions = []

    async def commit(self, owner, changes):
        decided = sum(len(one.fires) for one in changes if isinstance(one, Decide))
        ended = sum(isinstance(one, Finish) for one in changes)
        if decided or ended:
            self.transactions.append((decided, ended))
        return await super().commit(owner, changes)


def one_after_the_other(count, clock, between=CLOSE):
    """Due every ten seconds, each a moment after the one before."""
    jobs = [a_job(f"job-{number}", Every(10 * S, START + number * between)) for number in range(count)]
    return Harness(jobs, ledger=Listening(), clock=clock)


async def test_of_a_busy_moment_one_turn_takes_what_comes_due_and_what_ends():
    harness = one_after_the_other(10, Patient(START))
    await harness.start()
    await harness.clock.advance("11s")
    assert harness.ledger.transactions == [(1, 0), (5, 1), (4, 5), (0, 4)]
    for number in range(10):
        assert len(await went(harness, f"job-{number}")) == 1
    await harness.stop()


async def test_on_a_fake_clock_each_instant_is_for_itself():
    harness = one_after_the_other(10, FakeClock(START))
    await harness.start()
    await harness.clock.advance("11s")
    assert harness.ledger.transactions == [(1, 0), (0, 1)] * 10
    await harness.stop()


async def test_a_fire_that_is_alone_waits_for_nobody_and_neither_does_its_end():
    harness = one_after_the_other(3, Patient(START), between=S)
    await harness.start()
    for number in range(3):
        await harness.clock.advance_to(START + (10 + number) * S)
        assert await went(harness, f"job-{number}") == [(10 + number, "succeeded")]
    assert harness.ledger.transactions == [(1, 0), (0, 1)] * 3
    await harness.stop()


async def test_who_comes_after_waits_for_nobody_where_nothing_is_due_soon():
    harness = Harness([a_job("a"), a_job("b", after=["a"]), a_job("c", after=["b"])], clock=Patient(START))
    await harness.start()
    await harness.clock.advance_to(START + 10 * S)
    assert [await went(harness, name) for name in "abc"] == [[(10, "succeeded")]] * 3
    await harness.stop()


async def test_what_is_asked_while_it_gathers_is_done_with_it_and_a_stop_is_not_late():
    harness = one_after_the_other(3, Patient(START))
    await harness.start()
    await harness.clock.advance_to(START + 10 * S)
    asked = harness.engine.tell(lambda board, now, turn: (now.wall - START).total_seconds())
    await harness.clock.advance(timedelta(0))
    assert not asked.done(), "it gathers"
    await harness.clock.advance(timedelta(milliseconds=1))
    assert await asked == 10.0005
    await harness.clock.advance_to(START + 20 * S)
    await harness.stop()
    assert [await went(harness, f"job-{number}") for number in range(3)] == [
        [(10, "succeeded"), (20, "succeeded")],
        [(10.0001, "succeeded")],
        [(10.0002, "succeeded")],
    ]


async def test_a_busy_turn_leaves_no_empty_one_behind():
    harness = one_after_the_other(10, FakeClock(START))
    await harness.start()
    await harness.clock.advance_to(START + 9 * S)
    before = harness.engine.turns
    await harness.clock.advance_to(START + 11 * S)
    assert harness.engine.turns - before == len(harness.ledger.transactions)
    await harness.stop()
