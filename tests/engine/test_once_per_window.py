"""A job that is due once in a window: at its beginning, late inside it, and not after it."""

from datetime import timedelta

import pytest
from hearts import START
from jobdoubles import S, a_job

from asched.core.localtime.windows import Windows
from asched.core.outcome import SkipReason
from asched.core.record import FireQuery
from asched.core.triggers.once import OncePerWindow, window_of
from asched.engine.audit import audit
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio

MINUTES = 60 * S
BEGINS = START + 10 * MINUTES
SECOND = BEGINS.hour * 3600 + BEGINS.minute * 60 + BEGINS.second
TRIGGER = OncePerWindow(Windows(((SECOND, (SECOND + 7200) % 86_400),)))


async def fires_after(away):
    """asched is away from five minutes before the window begins, for so long."""
    job = a_job(trigger=TRIGGER, catch_up_window=window_of(TRIGGER))
    harness = Harness([job], clock=FakeClock(START))
    await harness.start()
    await harness.clock.advance("5m")
    await harness.kill()
    await harness.clock.advance(away)
    await harness.start()
    await harness.clock.advance("20m")
    await harness.stop()
    assert (await audit(harness.ledger, harness.clock.now())).balanced
    return await harness.ledger.fires(FireQuery(limit=10))


@pytest.mark.parametrize(("away", "late"), [("1m", 0), ("65m", 60), ("125m", 120)])
async def test_it_runs_as_soon_as_it_can_inside_the_window(away, late):
    (fire,) = await fires_after(away)
    assert fire.scheduled_at == BEGINS
    assert fire.started_at == BEGINS + timedelta(minutes=late)


async def test_after_the_window_it_is_expired():
    (fire,) = await fires_after("126m")
    assert fire.scheduled_at == BEGINS
    assert fire.started_at is None
    assert fire.decision.reason is SkipReason.EXPIRED
