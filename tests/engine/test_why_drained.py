"""Why nothing becomes of what a drain holds: who asked for it, and what ends it."""

from datetime import timedelta

import pytest
from hearts import START
from inquiries import a_life, said, why
from jobdoubles import H, a_job

from asched.core.localtime.cron import Cron
from asched.core.rules.arranging import Asked, add
from asched.core.rules.draining import drain, lift
from asched.engine.drains import drain_of

pytestmark = pytest.mark.anyio

HELD = "held by the drain that ada asked for (new disk): `asched drain --cancel` lifts it"
FOUR, FIVE = START + 4 * H, START + 5 * H


async def drained():
    """At half past four, and since half past three."""
    harness = await a_life(a_job("tick", Cron("0 * * * *")))
    await harness.clock.advance("3h30m")
    await harness.engine.ask(lambda board, now, turn: drain(board, "ada", "new disk", now, turn))
    await harness.clock.advance("1h")
    return harness


async def test_what_came_due_in_it_is_held_and_decided_as_late():
    sentence = await said(await drained(), FOUR)
    assert sentence == f"it was due; it is {HELD}, and then it is decided as what is late (catch_up: latest)"


async def test_what_is_ahead_will_be_due_and_held():
    assert await said(await drained(), FIVE) == f"it is not due yet: it will be due in 30m; then it is {HELD}"


async def test_what_somebody_added_is_held_as_well():
    harness, at = await drained(), FIVE + timedelta(minutes=7)
    await harness.engine.ask(lambda board, now, turn: add(board, board.jobs["tick"], at, Asked("ben"), now, turn))
    assert f"added by ben; then it is {HELD}" in await said(harness, at)


async def test_it_holds_nothing_once_it_is_lifted():
    harness = await drained()
    await harness.engine.ask(lambda board, now, turn: lift(board, "ben", "", now, turn))
    await harness.clock.advance("1s")
    assert "the drain" not in await said(harness, FOUR)
    assert "the drain" not in await said(harness, FIVE)


async def test_it_holds_nothing_once_its_asched_is_gone_or_another_has_come():
    harness = await drained()
    await harness.stop()
    assert "whoever starts next will" in await said(harness, FOUR)
    assert "drain" not in await said(harness, FIVE)
    await harness.start()
    stored = await harness.ledger.restore()
    assert await drain_of(harness.ledger, stored.instances, harness.clock.now()) is None


async def test_programs_get_the_act():
    verdict = (await why(await drained(), FOUR)).verdict
    assert (verdict.drain.by, verdict.drain.reason) == ("ada", "new disk")
