"""Whatever a job does, exactly one end is told of each attempt, and no later than its kill_after allows."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from hearts import START, lasting
from jobdoubles import S, a_job

from asched.core.model import Fire
from asched.core.outcome import Cancelled, ErrorNote, Failed, Interrupted, Succeeded, TimedOut
from asched.core.rules.board import Cause
from asched.engine.capture import Capture
from asched.engine.clock import sleep
from asched.engine.dispatch import GIVE_UP_MARGIN, Dispatch
from asched.testing.clock import FakeClock
from asched.testing.harness import PretendRunner

pytestmark = pytest.mark.anyio


AT_ONCE = timedelta(0)


class Doing:
    """A runner that does one thing."""

    def __init__(self, what):
        self.what, self.attempts = what, []

    async def run(self, attempt, output):
        self.attempts.append(attempt)
        return await self.what()

    async def close(self):
        pass


class World:
    def __init__(self, runner_of, **policies):
        self.clock = FakeClock(START)
        self.ended = []
        self.runner = runner_of(self.clock)
        self.dispatch = Dispatch(self.clock, self.runner, self.ended.append, self.results)
        self.job = a_job(**policies)

    async def results(self, upstream):
        return {job: f"result of {fire}" for job, fire in upstream.items()}

    def start(self, number=1, attempt=1, **fire):
        self.dispatch.start(
            self.job, Fire(number, "tick", 1, START, START, **fire), attempt, Capture(print, print, str)
        )

    async def later(self, seconds):
        await self.settle()
        await self.clock.advance(seconds)
        await self.settle()

    async def settle(self):
        for _ in range(10):
            await asyncio.sleep(0)

    @property
    def outcomes(self):
        return [ended.outcome for ended in self.ended]


def pretending(duration, outcome=None):
    return lambda clock: PretendRunner(clock, lasting(duration, outcome))


def stubborn(clock):
    """Swallows two cancellations, and works for a minute."""

    async def work():
        end = clock.monotonic() + 60
        for _ in range(2):
            with contextlib.suppress(asyncio.CancelledError):
                await sleep(clock, end - clock.monotonic())
                return Succeeded()
        await sleep(clock, end - clock.monotonic())
        return Succeeded()

    return Doing(work)


async def test_an_attempt_ends_once_with_what_the_runner_says():
    world = World(pretending(3 * S))
    world.start()
    await world.later(3)
    (ended,) = world.ended
    assert (ended.fire, ended.attempt, ended.outcome, ended.duration) == (1, 1, Succeeded(), 3 * S)
    assert (ended.started_at, ended.finished_at) == (START, START + 3 * S)
    assert world.dispatch.running == {}


async def test_the_end_is_told_in_the_last_step_of_its_task():
    world = World(pretending(AT_ONCE))
    world.start()
    await asyncio.sleep(0)
    assert world.outcomes == [Succeeded()]


async def test_an_end_is_told_once_where_tasks_begin_at_once():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(getattr(asyncio, "eager_task_factory", None))  # from Python 3.12 on
    try:
        world = World(pretending(AT_ONCE))
        world.start()
        await world.settle()
    finally:
        loop.set_task_factory(None)
    assert (world.outcomes, world.dispatch.running) == ([Succeeded()], {})


async def test_an_attempt_is_given_its_arguments_and_what_upstream_returned():
    world = World(lambda clock: Doing(lambda: asyncio.sleep(0, Succeeded())))
    world.start(attempt=2, args={"x": 1}, upstream={"rates": 7})
    await world.settle()
    (attempt,) = world.runner.attempts
    assert (attempt.number, dict(attempt.args), dict(attempt.upstream)) == (2, {"x": 1}, {"rates": "result of 7"})


async def test_a_timeout_stops_it_and_is_its_outcome():
    world = World(pretending(60 * S), timeout=5 * S)
    world.start()
    await world.later(4.9)
    assert world.ended == []
    await world.later(0.1)
    assert world.outcomes == [TimedOut(5 * S)]
    assert world.ended[0].duration == 5 * S


async def test_what_ends_in_time_is_not_timed_out_later():
    world = World(pretending(1 * S), timeout=5 * S)
    world.start()
    await world.later(60)
    assert world.outcomes == [Succeeded()]


async def test_what_swallows_cancellation_is_given_up_and_its_slot_freed():
    world = World(stubborn, timeout=5 * S, kill_after=3 * S)
    world.start()
    await world.later(8.9)
    assert world.ended == []
    await world.later(GIVE_UP_MARGIN.total_seconds() - 0.9)
    assert world.outcomes == [TimedOut(5 * S, left_running=True)]
    assert (world.dispatch.running, len(world.dispatch.given_up)) == ({}, 1)
    await world.later(60)
    assert (len(world.ended), world.dispatch.given_up) == (1, set())


async def test_stopping_says_who_and_why():
    for cause, outcome in ((Cause.OPERATOR, Cancelled("enough")), (Cause.SHUTDOWN, Interrupted("enough"))):
        world = World(pretending(60 * S))
        world.start()
        await world.settle()
        world.dispatch.stop(1, cause, "enough")
        await world.settle()
        assert world.outcomes == [outcome]


async def test_stopping_before_the_task_took_its_first_step_counts():
    world = World(pretending(60 * S))
    world.start()
    world.dispatch.stop(1, Cause.OPERATOR, "at once")
    await world.settle()
    assert world.outcomes == [Cancelled("at once")]


async def test_the_first_to_stop_it_names_the_cause_and_there_is_one_end():
    world = World(stubborn, kill_after=2 * S)
    world.start()
    await world.settle()
    world.dispatch.stop(1, Cause.OPERATOR, "first")
    world.dispatch.stop(1, Cause.SHUTDOWN, "second")
    await world.later(10)
    assert world.outcomes == [Cancelled("first", left_running=True)]
    await world.later(90)


async def test_stopping_at_once_cancels_a_second_time():
    seen = []

    async def count():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("asked")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("told")
                raise

    world = World(lambda clock: Doing(count))
    world.start()
    await world.settle()
    world.dispatch.stop(1, Cause.SHUTDOWN, "now", at_once=True)
    await world.settle()
    assert (seen, world.outcomes) == (["asked", "told"], [Interrupted("now")])


async def test_hurrying_what_was_asked_before_cancels_again():
    world = World(stubborn, kill_after=2 * S)
    world.start()
    await world.settle()
    world.dispatch.stop_all(Cause.SHUTDOWN, "drained")
    world.dispatch.stop_all(Cause.SHUTDOWN, "hurry", at_once=True)
    await world.later(3)
    assert world.outcomes == [Interrupted("drained", left_running=True)]
    await world.later(90)


async def test_stopping_what_is_over_or_unknown_does_nothing():
    world = World(pretending(1 * S))
    world.start()
    await world.later(1)
    world.dispatch.stop(1, Cause.OPERATOR, "late")
    world.dispatch.stop(99, Cause.OPERATOR, "who")
    await world.later(60)
    assert world.outcomes == [Succeeded()]


async def test_what_returns_after_it_was_stopped_was_stopped_all_the_same():
    async def shrug():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return Succeeded("I made it")

    world = World(lambda clock: Doing(shrug))
    world.start()
    await world.settle()
    world.dispatch.stop(1, Cause.OPERATOR, "enough")
    await world.settle()
    assert world.outcomes == [Cancelled("enough")]


async def test_being_cancelled_by_others_is_a_failure_of_that_run():
    world = World(pretending(60 * S))
    world.start()
    await world.settle()
    world.dispatch.running[1].task.cancel()
    await world.settle()
    assert world.outcomes == [
        Failed(ErrorNote("CancelledError", "its task was cancelled by other code in this process"))
    ]


async def test_so_is_being_cancelled_by_others_in_its_last_step():
    async def turn_against_itself():
        asyncio.current_task().cancel()
        return Succeeded()

    world = World(lambda clock: Doing(turn_against_itself))
    world.start()
    await world.settle()
    assert [outcome.error.type for outcome in world.outcomes] == ["CancelledError"]


ERRORS = [ValueError("no"), SystemExit(3), KeyboardInterrupt(), BaseExceptionGroup("x", [SystemExit()])]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_what_a_runner_lets_through_costs_that_run_only(error):
    async def explode():
        raise error

    world = World(lambda clock: Doing(explode))
    world.start()
    await world.settle()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Failed)
    assert outcome.error.type == type(error).__name__


async def test_a_second_attempt_of_a_fire_is_not_ended_by_the_leftovers_of_the_first():
    world = World(stubborn, timeout=5 * S, kill_after=0 * S)
    world.start()
    await world.later(6)
    world.start(attempt=2)
    await world.later(3)
    assert [ended.attempt for ended in world.ended] == [1]
    assert list(world.dispatch.running) == [1]
    world.dispatch.stop_all(Cause.SHUTDOWN, "over")
    await world.later(90)
