"""Asched dies again and again while a job runs: it is held at the fourth start, and nobody who was merely there."""

import pytest
from jobdoubles import H, S, a_job

from asched.core.change import Act, Decide, Unpause
from asched.core.model import Fire, Origin
from asched.core.outcome import Start, Succeeded
from asched.core.record import FireQuery
from asched.core.rules.pausing import unpause
from asched.core.triggers.at import At
from asched.core.triggers.interval import Every
from asched.core.triggers.startup import Startup
from asched.engine.instance import this_instance
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio


def lasting(seconds):
    return lambda fire, attempt: (seconds * S, Succeeded())


async def dies(harness, times=3, after="15s"):
    for _ in range(times):
        await harness.start()
        await harness.clock.advance(after)
        await harness.kill()
        await harness.clock.advance("1s")
    await harness.start()


def held(harness):
    return {name: state.pause for name, state in harness.engine.board.jobs.items() if state.pause is not None}


def a_poison(**policies):
    return a_job("poison", Startup(), **policies)


async def test_a_job_that_ran_at_three_deaths_in_a_row_is_held_and_that_is_an_act():
    harness = Harness([a_poison()], behave=lasting(3600))
    await dies(harness)
    pause = held(harness)["poison"]
    assert (pause.by, pause.until) == ("asched", None)
    assert pause.reason.startswith("quarantined: asched died three times while it ran: asched 1 at ")
    acts = [(act.verb, act.by, act.job, act.reason) for act in await harness.ledger.acts()]
    assert acts == [("quarantine", "asched", "poison", pause.reason)]
    newest = (await harness.ledger.fires(FireQuery(jobs=("poison",))))[0]
    assert newest.decision.reason == "paused"
    await harness.stop()


async def test_two_deaths_are_not_enough():
    harness = Harness([a_poison()], behave=lasting(3600))
    await dies(harness, times=2)
    assert held(harness) == {}


async def test_a_farewell_between_them_begins_anew():
    harness = Harness([a_poison()], behave=lasting(20))
    await dies(harness, times=2)
    await harness.stop()
    await harness.clock.advance("1s")
    await dies(harness, times=2)
    assert held(harness) == {}


async def test_resumed_it_is_released_and_counted_anew():
    harness = Harness([a_job("poison", Every(10 * S))], behave=lasting(3600))
    await dies(harness)
    await harness.engine.ask(_resume)
    await harness.clock.advance("15s")
    await harness.kill()
    await harness.clock.advance("1s")
    await dies(harness, times=1)
    assert held(harness) == {}, "killed twice since"
    await harness.clock.advance("15s")
    await harness.kill()
    await harness.clock.advance("1s")
    await harness.start()
    assert list(held(harness)) == ["poison"], "and now a third time"


def _resume(board, now, turn):
    unpause(board, board.jobs["poison"], Unpause("poison", now.wall, "ann"), now, turn)
    turn.changes.append(Act(now.wall, "resume", "ann", "poison"))


async def test_an_idempotent_job_that_is_tried_again_at_each_start_is_held_and_its_run_is_over():
    harness = Harness([a_job("poison", At(FakeClock().now() + 10 * S), idempotent=True)], behave=lasting(3600))
    await dies(harness)
    (run,) = await harness.ledger.fires(FireQuery(jobs=("poison",)))
    assert (list(held(harness)), run.attempt, run.outcome.kind) == (["poison"], 3, "abandoned")
    await harness.clock.advance("1h")
    assert harness.engine.dispatch.running == {}


async def test_a_job_that_succeeded_meanwhile_is_not_to_blame():
    harness = Harness([a_job("often", Every(10 * S))], behave=lasting(7))
    await dies(harness, after="25s")
    assert held(harness) == {}


async def test_of_two_the_one_that_was_always_started_last_is_held():
    jobs = [a_job("worker", Startup()), a_job("poison", Every(10 * S))]
    harness = Harness(jobs, behave=lasting(3600))
    await dies(harness)
    assert list(held(harness)) == ["poison"]


async def test_where_that_is_not_plain_nobody_is_held():
    harness = Harness([a_job("one", Startup()), a_job("two", Startup())], behave=lasting(3600))
    await dies(harness)
    assert held(harness) == {}


async def test_a_job_may_refuse_to_be_held():
    harness = Harness([a_poison(quarantine=False)], behave=lasting(3600))
    await dies(harness)
    assert held(harness) == {}


async def test_what_somebody_ran_by_hand_between_them_was_not_what_they_died_of():
    harness = Harness([a_job("by-hand", Every(H))], behave=lasting(3600))
    for _ in range(3):
        await harness.start()
        await harness.clock.advance("5s")
        await harness.kill()
        now = harness.clock.now()
        visitor = await harness.ledger.enter(this_instance(now, visiting=True))
        fire = Fire(visitor << 32 | 1, "by-hand", 1, now, now, Origin.MANUAL, "by hand")
        assert await harness.ledger.commit(visitor, [Decide("by-hand", 1, now, ((fire, Start()),))]) == ()
        await harness.clock.advance("1s")
    await harness.start()
    assert held(harness) == {}
    found = await harness.ledger.fires(FireQuery(outcomes=("abandoned",)))
    assert len(found) == 3, "a positive control: they were lost"


async def test_a_job_that_waited_for_its_time_was_not_there():
    harness = Harness([a_job("later", Every(H))], behave=lasting(3600))
    await dies(harness)
    assert held(harness) == {}
