"""Why a fire was late that a recovery held: nobody was there, and then somebody had to approve."""

import pytest
from hearts import START, lasting
from inquiries import said
from jobdoubles import H, S, a_job

from asched.core.change import Act
from asched.core.limits import Limits
from asched.core.localtime.cron import Cron
from asched.core.model import run_name
from asched.core.recovery import Recovery
from asched.core.rules.owed import APPROVE, approve
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio


def approving(board, now, turn):
    up_to = approve(board, now, turn)
    turn.changes.append(Act(now.wall, APPROVE, "ada", "", run_name(up_to), "seen"))


async def test_it_says_that_it_was_held_until_approved():
    limits = Limits(recovery=Recovery(ask_above=0))
    harness = Harness([a_job("tick", Cron("0 * * * *"))], behave=lasting(S), clock=FakeClock(START), limits=limits)
    await harness.start()
    await harness.stop()
    await harness.clock.suspend("1h30m")
    await harness.start()
    await harness.clock.advance("10m")
    assert "waits for its turn among all that is made up for" in await said(harness, START + H)
    await harness.engine.ask(approving)
    await harness.clock.advance("1m")
    sentence = await said(harness, START + H)
    assert "because no asched was deciding from" in sentence
    assert ", and was held until approved by ada at 2026-01-01 01:40:00+00:00 (seen)" in sentence
