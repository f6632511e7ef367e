"""Why a fire was skipped for another that was itself waiting: the answer says for what that waited."""

import pytest
from hearts import START, lasting
from inquiries import a_life, said
from jobdoubles import H, a_job

from asched.core.english.reasons import explain_outcome
from asched.core.localtime.cron import Cron
from asched.core.outcome import Cancelled

pytestmark = pytest.mark.anyio


async def test_what_stood_before_it_is_told_with_what_it_waited_for():
    harness = await a_life(
        a_job("hog", Cron("30 0 * * *"), exclusive=("disk",)),
        a_job("tick", Cron("0 * * * *"), exclusive=("disk",)),
        behave=lasting(5 * H),
    )
    await harness.clock.advance("2h30m")
    assert "which 1-1 had" in await said(harness, START + 2 * H)
    assert '; 1-2 waited for its turn in "disk"' in await said(harness, START + 2 * H)


def test_a_cancellation_without_a_reason_says_only_who_asked_for_it():
    assert explain_outcome(Cancelled("cancelled (by root)")) == "it was cancelled (by root)"
    assert explain_outcome(Cancelled("too slow (by root)")) == "it was cancelled: too slow (by root)"
