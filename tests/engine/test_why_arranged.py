"""Why of a fire that was skipped, moved or added: at each instant that it has to do with, with who asked and why."""

from datetime import timedelta

import pytest
from hearts import START
from inquiries import a_life, said, why
from jobdoubles import H, a_job

from asched.core.change import Pause
from asched.core.hindsight.arrangement import arrangement_of
from asched.core.localtime.cron import Cron
from asched.core.model import OnResume
from asched.core.rules.arranging import Asked, add, move, skip
from asched.core.rules.pausing import pause
from asched.engine.evidence import instants_within

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
LATER = START + 2 * H + 30 * MINUTE
EARLIER = START + 30 * MINUTE
DUE = START + 2 * H
ADA = Asked("ada", "the data is late")


async def hourly(**policies):
    return await a_life(a_job(trigger=Cron("0 * * * *"), **policies))


async def arrange(harness, what, *instants, asked=ADA):
    def ask(board, now, turn):
        what(board, board.jobs["tick"], *instants, asked, now, turn)

    await harness.engine.ask(ask)


async def moved(to, *, then):
    harness = await hourly()
    await arrange(harness, move, DUE, to)
    await harness.clock.advance((then - START).total_seconds())
    return harness


async def test_a_moved_fire_is_found_where_it_ran_and_says_where_it_is_from_and_by_whom():
    harness = await moved(LATER, then=START + 3 * H)
    answer = await why(harness, LATER)
    assert str(answer) == (
        "tick, 2026-01-01 02:30:00+00:00: run 1-3, moved here from 2026-01-01 02:00:00+00:00 by ada (the data is late)"
        ": it was started, and after 3s it succeeded"
    )
    assert dict(answer.facts)["operator"] == "move by ada at 2026-01-01 00:00:00+00:00 (the data is late)"


async def test_at_its_own_instant_it_says_where_it_went_and_what_came_of_it():
    harness = await moved(LATER, then=START + 3 * H)
    assert await said(harness, DUE) == (
        "it was skipped, excluded: moved to 2026-01-01 02:30:00+00:00 by ada (the data is late); "
        "run 1-3, moved to 2026-01-01 02:30:00+00:00 by ada (the data is late): it was started, and after 3s "
        "it succeeded"
    )


async def test_what_was_brought_forward_is_found_before_its_own_instant_has_come():
    harness = await moved(EARLIER, then=START + H)
    assert (await said(harness, EARLIER)).startswith("run 1-1, moved here from 2026-01-01 02:00:00+00:00 by ada")
    assert (await said(harness, DUE)).startswith("run 1-1, moved to 2026-01-01 00:30:00+00:00 by ada")


async def test_of_several_moves_the_last_one_is_told():
    harness = await hourly()
    await arrange(harness, move, DUE, LATER)
    await arrange(harness, move, DUE, EARLIER, asked=Asked("bob"))
    await harness.clock.advance(3600)
    assert (await said(harness, EARLIER)).startswith(
        "run 1-1, moved here from 2026-01-01 02:00:00+00:00 by bob: it was"
    )
    assert await said(harness, LATER) == "it is not due then"


async def test_an_added_run_says_who_added_it():
    harness = await hourly()
    await arrange(harness, add, EARLIER)
    await harness.clock.advance(3600)
    assert await said(harness, EARLIER) == (
        "run 1-1, added by ada (the data is late): it was started, and after 3s it succeeded"
    )


async def test_a_moved_run_that_was_skipped_after_all_says_who_skipped_it():
    harness = await moved(START + 5 * H, then=START + 3 * H)
    await arrange(harness, skip, DUE, asked=Asked("bob", "no"))
    assert await said(harness, START + 5 * H) == (
        "run 1-4, moved here from 2026-01-01 02:00:00+00:00 by bob (no): it was skipped, excluded: left out by bob (no)"
    )


AHEAD = [  # (what is done, the instant that is asked for, what is said at the start)
    (move, (DUE, LATER), DUE, "and will be run at 2026-01-01 02:30:00+00:00 instead: moved by ada (the data is late)"),
    (move, (DUE, LATER), LATER,
     "and will be run here in 2h30m: moved from 2026-01-01 02:00:00+00:00 by ada (the data is late)"),
    (add, (EARLIER,), EARLIER, "and will be run beside the schedule in 30m: added by ada (the data is late)"),
    (skip, (DUE,), DUE, "and will be skipped: by ada (the data is late)"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "instants", "asked_for", "sentence"), AHEAD)
async def test_what_is_arranged_is_foretold_at_both_of_its_instants(what, instants, asked_for, sentence):
    harness = await hourly()
    await arrange(harness, what, *instants)
    assert await said(harness, asked_for) == f"it is not due yet, {sentence}"


@pytest.mark.parametrize(
    ("on_resume", "held"), [(OnResume.SKIP, "be skipped then"), (OnResume.LATEST, "wait until its job is resumed")]
)
async def test_a_pause_holds_what_was_moved_too(on_resume, held):
    harness = await hourly(on_resume=on_resume)
    await arrange(harness, move, DUE, LATER)
    await harness.engine.ask(
        lambda board, now, turn: pause(board, board.jobs["tick"], Pause("tick", now.wall, "bob"), turn)
    )
    assert (await said(harness, LATER)).endswith(f"(the data is late); it will {held}, paused by bob")


OVERDUE = [
    (
        move,
        (DUE, LATER),
        LATER,
        "it was to be run here: moved from 2026-01-01 02:00:00+00:00 by ada (the data is late)",
    ),
    (add, (EARLIER,), EARLIER, "it was to be run beside the schedule: added by ada (the data is late)"),
    (skip, (DUE,), DUE, "it was to be skipped: by ada (the data is late)"),
]


@pytest.mark.parametrize(("what", "instants", "asked_for", "sentence"), OVERDUE)
async def test_what_was_arranged_and_nobody_was_there_to_do_is_told_so(what, instants, asked_for, sentence):
    harness = await hourly()
    await arrange(harness, what, *instants)
    await harness.stop()
    await harness.clock.advance("4h")
    assert (await said(harness, asked_for)).startswith(f"{sentence}; nobody has decided on it yet: whoever starts next")


async def test_the_instants_of_a_span_have_what_came_and_comes_from_elsewhere():
    harness = await moved(LATER, then=START + 3 * H)
    await arrange(harness, add, START + 3 * H + 5 * MINUTE)
    found = await instants_within(harness.ledger, "tick", START + 2 * H, START + 4 * H)
    assert [(at - START) / MINUTE for at in found] == [120, 150, 180, 185]


async def test_an_act_in_words_that_are_not_ours_is_nobodys():
    harness = await moved(LATER, then=START + 3 * H)
    (told, *_) = (await why(harness, LATER)).verdict.fires
    (act,) = [one for one in await harness.ledger.acts() if one.verb == "move"]
    assert arrangement_of(told.record, [act]) is not None
    assert arrangement_of(told.record, [type(act)(act.at, "move", "ada", "tick", reason="moving house")]) is None


async def test_an_instant_within_a_second_is_found_in_the_acts_which_know_only_the_second():
    harness = await hourly()
    within = EARLIER + timedelta(milliseconds=500)
    await arrange(harness, add, within)
    await harness.clock.advance(3600)
    assert "added by ada (the data is late)" in await said(harness, within)
