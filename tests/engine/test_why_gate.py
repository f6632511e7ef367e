"""Why of what is not due yet, where it needs something or is asked for conditions: what will be looked at, foretold."""

from datetime import timedelta

import pytest
from hearts import START
from inquiries import a_life, said, why
from jobdoubles import ACTION, H, a_job

from asched.cli.answerjson import answer_json
from asched.core.condition import Network, PathExists, Term
from asched.core.localtime.cron import Cron
from asched.core.need import Need
from asched.core.rules.arranging import Asked, move
from asched.core.wait import Wait

pytestmark = pytest.mark.anyio

EIGHT = START + 8 * H
NIGHTLY = a_job("import", Cron("0 3 * * *"))


async def at_six(**more):
    harness = await a_life(NIGHTLY, a_job("invoice", Cron("0 8 * * *"), **more))
    await harness.clock.advance("6h")
    return harness


GATES = [  # (what the job says, what is said after "if the job is at its limit then")
    ({"needs": (Need("import"),)},
     "; it needs that import succeeded that day, as it did for 2026-01-01 03:00:00+00:00 (run 1-1)"),
    ({"needs": (Need("import", H),)},
     "; it needs that import succeeded within 1h: not yet, and it last did for 2026-01-01 03:00:00+00:00"),
    ({"needs": (Need("other"),)}, "; it needs that other succeeded that day: not yet, and no success of it is known"),
    ({"conditions": (Term(Network()),)}, "; it will be asked then: if network"),
    ({"conditions": (Term(Network()), Term(PathExists("/x"), holds=False)), "wait": Wait(until=10 * 3600)},
     "; it will be asked then: if network and unless path /x exists; it may wait until 10:00 for that"),
    ({"conditions": (Term(ACTION),), "wait": Wait(limit=90 * timedelta(minutes=1))},
     "; it will be asked then: if builtins:print; it may wait for up to 1h30m for that"),
    ({}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("more", "sentence"), GATES)
async def test_what_must_hold_is_foretold(more, sentence):
    harness = await at_six(**more)
    assert (await said(harness, EIGHT, "invoice")).endswith(f"if the job is at its limit then{sentence}")


async def test_tomorrows_need_is_not_met_by_todays_success():
    harness = await at_six(needs=(Need("import"),))
    assert (await said(harness, EIGHT + 24 * H, "invoice")).endswith(
        "not yet, and it last did for 2026-01-01 03:00:00+00:00"
    )


async def test_what_will_be_skipped_is_asked_nothing_and_what_was_moved_needs_what_its_own_instant_does():
    harness = await at_six(needs=(Need("import"),))

    def ask(board, now, turn):
        move(board, board.jobs["invoice"], EIGHT, EIGHT + 24 * H + 60 * timedelta(minutes=1), Asked("ada"), now, turn)

    await harness.engine.ask(ask)
    assert "needs" not in await said(harness, EIGHT, "invoice")
    assert "as it did for 2026-01-01" in await said(harness, EIGHT + 25 * H, "invoice")


async def test_programs_get_it_in_parts():
    harness = await at_six(needs=(Need("import"),), conditions=(Term(Network()),), wait=Wait(until=10 * 3600))
    gate = answer_json(await why(harness, EIGHT, "invoice"))["gate"]
    assert gate == {
        "needs": [{"job": "import", "needed": "import succeeded that day", "met_by": "1-1", "last": START + 3 * H}],
        "conditions": ["if network"],
        "wait": "until 10:00",
    }


async def test_what_is_ahead_says_that_nobody_is_there_to_decide_on_it():
    harness = await at_six()
    assert "no asched" not in await said(harness, EIGHT, "invoice")
    await harness.stop()
    assert (await said(harness, EIGHT, "invoice")).endswith("; no asched is running now, and one has to by then")
    assert answer_json(await why(harness, EIGHT, "invoice"))["served"] is False
