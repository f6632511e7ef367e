"""A turn that has much to do lets whoever shares the loop go on in the middle of it."""

import asyncio
from collections import Counter

import pytest
from hearts import START, went
from jobdoubles import S, a_job

from asched.core.outcome import Succeeded
from asched.engine import engine
from asched.engine.engine import BITE, SLICE
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio

MANY = SLICE + 2 * BITE


class Steps:
    """Counts the loop's steps while it is open, and what is done in each."""

    def __init__(self):
        self.number, self.work = 0, Counter()

    def note(self, what):
        self.work[what, self.number] += 1

    def of(self, what):
        return [count for (kind, _), count in self.work.items() if kind == what]

    def __enter__(self):
        """Not by a task: its step might be before the engine's in one round of the loop, and after it in the next."""
        loop = asyncio.get_running_loop()
        run_once = loop._run_once

        def counted():
            self.number += 1
            run_once()

        loop._run_once = counted
        return self

    def __exit__(self, *_):
        del asyncio.get_running_loop()._run_once


@pytest.mark.parametrize("what", ["decided", "begun", "ended", "run.started", "run.succeeded"])
async def test_of_nothing_more_than_a_bite_goes_into_one_step_of_the_loop(what, monkeypatch):
    with Steps() as steps:
        harness = Harness(
            [a_job(f"job-{number:04}") for number in range(MANY)],
            behave=lambda fire, attempt: steps.note("begun") or (0 * S, Succeeded()),
            clock=FakeClock(START),
        )
        await harness.start()
        board = harness.engine.board
        new_id, ended = board.new_id, engine.ended
        board.new_id = lambda: steps.note("decided") or new_id()
        monkeypatch.setattr(engine, "ended", lambda *heard: steps.note("ended") or ended(*heard))
        harness.bus.listen(lambda event: steps.note(event["type"]))
        await harness.clock.advance("10s")
        await harness.stop()
    assert sum(steps.of(what)) == MANY
    assert max(steps.of(what)) <= BITE


async def in_the_middle_of_a_turn(harness, act):
    """Until ten seconds have passed; `act` is called between two bites of the decisions of that instant."""
    new_id, given = harness.engine.board.new_id, []

    def counted():
        given.append(new_id())
        if len(given) == BITE:
            asyncio.get_running_loop().call_soon(between)
        return given[-1]

    def between():
        assert len(given) == BITE, "it is in the middle of its decisions"
        act()

    harness.engine.board.new_id = counted
    await harness.clock.advance("10s")
    assert len(given) >= BITE


def a_burst():
    names = [f"job-{number:04}" for number in range(3 * BITE)]
    return names, Harness([a_job(name) for name in names], clock=FakeClock(START))


async def test_a_turn_is_not_lost_if_somebody_cancels_the_engine_in_the_middle_of_it():
    names, harness = a_burst()
    heard = []
    harness.bus.listen(lambda event: heard.append(event["type"]))
    await harness.start()
    await in_the_middle_of_a_turn(harness, lambda: harness._task.cancel())
    assert "engine.cancelled" in heard
    for name in names:
        assert await went(harness, name) == [(10, "succeeded")]
    await harness.stop()


async def test_of_a_turn_that_is_killed_in_the_middle_nothing_is_recorded_and_the_next_start_decides_it():
    names, harness = a_burst()
    await harness.start()

    def kill():
        harness.engine.die()
        harness._task.cancel()

    await in_the_middle_of_a_turn(harness, kill)
    assert [one for name in names for one in await went(harness, name)] == []
    await harness.kill()
    await harness.start()
    await harness.clock.advance("1s")
    for name in names:
        assert await went(harness, name) == [(10, "succeeded")]
    await harness.stop()


async def test_what_is_asked_in_the_middle_of_a_turn_is_done_after_it():
    names, harness = a_burst()
    await harness.start()
    asked = []

    def running(board, now, turn):
        return len(board.runs) + len(turn.changes)

    await in_the_middle_of_a_turn(harness, lambda: asked.append(harness.engine.tell(running)))
    assert await asked[0] == len(names)
    await harness.stop()


async def test_a_drain_in_the_middle_of_a_turn_leaves_the_rest_to_the_next_start():
    names, harness = a_burst()
    await harness.start()
    await in_the_middle_of_a_turn(harness, harness.engine.drain)
    await harness.engine.quiet()
    decided = [len(await went(harness, name)) for name in names]
    assert Counter(decided) == {1: BITE, 0: 2 * BITE}
    await harness.stop()
    await harness.start()
    await harness.clock.advance("1s")
    for name in names:
        assert await went(harness, name) == [(10, "succeeded")]
    await harness.stop()
