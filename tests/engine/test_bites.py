"""A turn that has much to do lets whoever shares the loop go on in the middle of it."""

import asyncio
from collections import Counter

import pytest
from hearts import START, went
from jobdoubles import S, a_job

from asched import Scheduler
from asched.core.model import CatchUp
from asched.core.outcome import Succeeded
from asched.core.triggers.at import At
from asched.core.triggers.interval import Every
from asched.engine import engine
from asched.engine.bites import BITE, ROWS
from asched.engine.engine import SLICE
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio

MINUTE = 60 * S
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


async def test_what_one_deadline_decided_of_hours_is_told_by_itself():
    """A Decide may hold a hundred fires: who listens hears of no second one in the same step."""
    hours, each = 10, 60
    jobs = [a_job(f"job-{number}", trigger=Every(MINUTE, START), catch_up=CatchUp.ALL) for number in range(hours)]
    harness = Harness(jobs, clock=FakeClock(START))
    await harness.start()
    with Steps() as steps:
        harness.bus.listen(lambda event: steps.note("told"))
        await harness.clock.suspend(each * MINUTE)
    assert max(steps.of("told")) <= each + 1
    await harness.stop()


async def test_whose_time_is_up_is_stopped_before_the_rest_of_its_turn_is_told():
    """After a stall: it would have succeeded a moment later, while others hear of what few jobs have to make up for."""
    jobs = [a_job("long", trigger=At(START + 5 * S), run_timeout=20 * S, grace=MINUTE)]
    jobs += [a_job(f"job-{number}", trigger=Every(S, START), catch_up=CatchUp.ALL) for number in range(3)]
    harness = Harness(
        jobs,
        behave=lambda fire, attempt: (25 * S if fire.job == "long" else 0 * S, Succeeded()),
        clock=FakeClock(START),
    )
    await harness.start()
    await harness.clock.advance(6 * S)
    harness.bus.listen(lambda event: None)  # somebody is told
    await harness.clock.stall(60 * S)
    await harness.clock.advance(S)
    assert [outcome for _, outcome in await went(harness, "long")] == ["timed_out"]
    await harness.stop()


class Batches(MemoryLedger):
    """How many changes each transaction has."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    async def commit(self, owner, changes):
        self.sizes.append(len(changes))
        return await super().commit(owner, changes)


async def test_an_abort_of_thousands_gives_up_a_slice_a_turn():
    clock, ledger = FakeClock(START), Batches()
    scheduler = Scheduler(ledger=ledger, clock=clock, recovery={"ask": True})
    for number in range(2 * SLICE):
        scheduler.add(nothing, Every(MINUTE, START), name=f"job-{number:04}")
    async with scheduler:
        await clock.suspend(10 * MINUTE + 30 * S)
        await clock.advance(S)
        ledger.sizes.clear()
        aborting = asyncio.ensure_future(scheduler.abort_recovery())
        await clock.advance(S)
        assert await aborting == 2 * SLICE
    assert max(ledger.sizes) <= SLICE + ROWS + 1
    assert sum(ledger.sizes) >= 2 * SLICE


async def nothing(): ...


async def test_at_a_start_nobody_has_a_step_before_the_scheduler_is_there():
    """However many @startup jobs there are: the first may already ask it for something."""
    scheduler = Scheduler(ledger=":memory:", clock=FakeClock(START))
    other = scheduler.add(nothing, "every 1h", name="other")

    async def asks():
        await other.pause(reason="it is there")

    for number in range(3 * BITE):
        scheduler.add(asks, "@startup", name=f"job-{number:04}")
    async with scheduler:
        await scheduler.clock.advance(S)
        runs = await scheduler.runs(limit=MANY)
    assert {run.outcome.kind for run in runs} == {"succeeded"}
    assert len(runs) == 3 * BITE


async def test_a_start_that_is_cancelled_by_what_it_starts_has_started_all_or_nothing():
    alive = set()
    scheduler = Scheduler(ledger=":memory:", clock=FakeClock(START))

    async def cancels():
        starting.cancel()
        alive.add(asyncio.current_task())
        try:
            await asyncio.Event().wait()
        finally:
            alive.discard(asyncio.current_task())

    for number in range(3 * BITE):
        scheduler.add(cancels, "@startup", name=f"job-{number:04}")
    starting = asyncio.ensure_future(scheduler.start())
    await asyncio.wait([starting])
    await scheduler.clock.advance(S)
    assert len(alive) == (3 * BITE if scheduler.running else 0)
    await scheduler.stop(drain=0)
    assert not alive


class Clockwork:
    """A clock of somebody's own, which knows nothing of turns that are apart."""

    def __init__(self):
        own = FakeClock(START)
        self.now, self.monotonic, self.boot, self.call_at = own.now, own.monotonic, own.boot, own.call_at
        self.advance = own.advance


async def test_a_clock_need_not_say_how_far_turns_are_apart():
    clock = Clockwork()
    scheduler = Scheduler(ledger=":memory:", clock=clock)
    scheduler.add(nothing, Every(MINUTE, START), name="job")
    async with scheduler:
        await clock.advance(3 * MINUTE)
        assert [run.outcome.kind for run in await scheduler.runs()] == ["succeeded"] * 3
