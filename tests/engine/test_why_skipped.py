"""Why of each reason for which a fire is not run: the whole sentence, from a life in which it comes about."""

from datetime import timedelta

import pytest
from hearts import START, lasting
from inquiries import a_life, said
from jobdoubles import S, a_job

from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Overlap
from asched.core.rules.arranging import Asked, move, skip
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio

AWAY = "no asched was deciding from 2026-01-01 00:00:15+00:00 to 2026-01-01 00:01:15+00:00 (stopped)"


class Quiet(MemoryLedger):
    """Has no heartbeat that a test would live to see."""

    heartbeat = timedelta(days=1)


async def serving(harness):
    await harness.clock.advance("45s")


async def stopped(harness):
    await harness.clock.advance("15s")
    await harness.stop()
    await harness.clock.advance("1m")
    await harness.start()
    await harness.clock.advance("1s")


async def removed(harness):
    await harness.clock.advance("15s")
    await harness.stop()
    await harness.clock.advance("1m")
    harness.jobs = []
    await harness.start()


async def left_out(harness):
    def ask(board, now, turn):
        skip(board, board.jobs["tick"], START + 20 * S, Asked("ada", "holiday"), now, turn)

    await harness.engine.ask(ask)
    await serving(harness)


REASONS = [  # (the job, how long its runs take, what happens, which second is asked for, what is said)
    (a_job(catch_up=CatchUp.NONE), 1, stopped, 30,
     f"missed: it was decided 45s late, and the catch-up policy does not run it, because {AWAY}"),
    (a_job(catch_up_window=20 * S), 1, stopped, 30,
     f"expired: it was 45s late, beyond its catch_up_window of 20s, because {AWAY}"),
    (a_job(), 1, stopped, 30,
     f"coalesced: the fire of 2026-01-01 00:01:10+00:00 stands for it, because {AWAY}"),
    (a_job(), 12, serving, 20, "overlapped: run 1-1 was still running, and max_instances is reached"),
    (a_job(overlap=Overlap.QUEUE_ONE), 99, serving, 30, "queue full: 1 waited already"),
    (a_job(overlap=Overlap.REPLACE, cooldown=25 * S), 1, serving, 20,
     "replaced: while it waited, the fire of 2026-01-01 00:00:30+00:00 took its place"),
    (a_job(), 1, left_out, 20, "excluded: left out by ada (holiday)"),
    (a_job(), 1, removed, 30, "with 5 others, removed: the definition that owed it is gone"),
]  # fmt: skip


@pytest.mark.parametrize(("job", "took", "happens", "second", "sentence"), REASONS)
async def test_a_reason_is_said_in_full(job, took, happens, second, sentence):
    harness = await a_life(job, behave=lasting(took * S))
    await happens(harness)
    assert await said(harness, START + second * S) == f"it was skipped, {sentence}"


async def test_an_absence_begins_with_the_last_thing_that_was_done_whatever_was_brought_forward():
    """What was brought forward has an instant that is still to come, and is older than what was done since."""
    harness = Harness([a_job(trigger=Cron("* * * * *"))], ledger=Quiet(), behave=lasting(3 * S), clock=FakeClock(START))
    await harness.start()

    def ask(board, now, turn):
        move(board, board.jobs["tick"], START + timedelta(hours=9), START + 5 * S, Asked("ada"), now, turn)

    await harness.engine.ask(ask)
    await harness.clock.advance("64s")
    await harness.kill()
    await harness.clock.advance("10m")
    await harness.start()
    (absence,) = await harness.ledger.absences()
    assert absence.since == START + 63 * S
