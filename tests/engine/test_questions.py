"""Conditions are asked beside the loop: whatever they do, exactly one answer comes, in time."""

import asyncio
from datetime import timedelta

import pytest
from jobdoubles import S, a_job

from asched.core.condition import MainsPower, Network, Term
from asched.core.need import Need
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.record import FireQuery
from asched.core.rules.runs import manual
from asched.core.triggers.interval import Every
from asched.core.wait import Wait
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio
NETWORK = (Term(Network()),)


class World:
    """Answers as it is told; counts how often it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def ask(self, condition, job, fire):
        self.asked.append(condition)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            return await answer()
        return answer, f"it is {answer}"


async def a_harness(world, *jobs, **options):
    harness = Harness(jobs, clock=FakeClock("2026-01-15T08:00Z"), **options)
    harness.conditions = world
    await harness.start()
    return harness


async def fires(harness):
    found = await harness.ledger.fires(FireQuery(oldest_first=True))
    return [(one.job, one.decision.kind, dict(getattr(one.decision, "facts", {}))) for one in found]


async def test_what_holds_starts_in_the_very_instant():
    harness = await a_harness(World(True), a_job(conditions=NETWORK))
    await harness.clock.advance(10 * S)
    (fire,) = await harness.ledger.fires(FireQuery())
    assert (fire.started_at, fire.outcome) == (fire.scheduled_at, Succeeded())
    assert fire.waited_for == {"for": "condition", "condition": "if network"}
    await harness.kill()


async def test_the_first_that_is_not_so_is_the_reason_and_the_others_are_not_asked():
    conditions = (Term(Network()), Term(MainsPower(), holds=False), Term(Network()))
    world = World(True)
    harness = await a_harness(world, a_job(conditions=conditions))
    await harness.clock.advance(10 * S)
    assert await fires(harness) == [("tick", "skip", {"condition": "unless ac power", "said": "it is True"})]
    assert world.asked == [Network(), MainsPower()]
    await harness.kill()


async def raising():
    raise OSError("no such  device")


async def leaving():
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("answer", "said"), [(raising, "it raised OSError: no such device"), (leaving, "it raised SystemExit: 3")]
)
async def test_one_that_raises_blocks_its_own_fire_only(answer, said):
    harness = await a_harness(World(answer), a_job(conditions=NETWORK), a_job("other"))
    await harness.clock.advance(10 * S)
    assert sorted(await fires(harness)) == [
        ("other", "start", {}),
        ("tick", "skip", {"condition": "if network", "said": said}),
    ]
    await harness.kill()


async def test_one_that_does_not_answer_is_given_up_even_if_it_will_not_be_cancelled():
    over = asyncio.Event()

    async def stubborn():
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue
        return True, ""

    harness = await a_harness(World(stubborn), a_job(trigger=Every(100 * S), conditions=NETWORK))
    await harness.clock.advance(100 * S)
    assert [kind for _, kind, _ in await fires(harness)] == ["queue"]
    await harness.clock.advance(30 * S)
    said = "it did not answer within 30s"
    assert await fires(harness) == [("tick", "skip", {"condition": "if network", "said": said})]
    over.set()
    await harness.kill()


async def test_the_loop_turns_while_a_condition_is_asked():
    async def slow():
        await asyncio.get_running_loop().create_future()

    harness = await a_harness(World(slow), a_job(trigger=Every(100 * S), conditions=NETWORK), a_job("other"))
    await harness.clock.advance(120 * S)
    assert sum(job == "other" for job, _, _ in await fires(harness)) == 12
    await harness.kill()


async def test_it_is_asked_again_until_it_holds():
    world = World(False, False, True)
    job = a_job(trigger=Every(3600 * S), conditions=NETWORK, wait=Wait(limit=600 * S), poll=45 * S)
    harness = await a_harness(world, job)
    await harness.clock.advance(3700 * S)
    (fire,) = await harness.ledger.fires(FireQuery())
    assert (fire.started_at - fire.scheduled_at, len(world.asked)) == (90 * S, 3)
    await harness.kill()


async def test_until_its_time_is_over():
    job = a_job(trigger=Every(3600 * S), conditions=NETWORK, wait=Wait(until=33_000), poll=45 * S)  # 09:10
    harness = await a_harness(World(False), job)
    await harness.clock.advance(3600 * S + 599 * S)
    assert [kind for _, kind, _ in await fires(harness)] == ["queue"]
    await harness.clock.advance(1 * S)
    assert await fires(harness) == [("tick", "skip", {"condition": "if network", "said": "it is False"})]
    await harness.kill()


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_what_waits_is_asked_again_after_a_restart_until_the_same_time(end):
    job = a_job(trigger=Every(3600 * S), conditions=NETWORK, wait=Wait(limit=600 * S), poll=300 * S)
    world = World(False, True)
    harness = await a_harness(world, job)
    await harness.clock.advance(3610 * S)
    await getattr(harness, end)()
    await harness.clock.advance(20 * S)
    await harness.start()
    (fire,) = await harness.ledger.fires(FireQuery())
    assert (fire.decision.kind, fire.started_at - fire.scheduled_at) == ("start", 30 * S)
    await harness.kill()


async def test_what_it_needs_is_known_after_a_restart():
    """Whether somebody needed it before does not matter."""
    a, b = a_job("a", Every(3600 * S)), a_job("b", Every(5400 * S), needs=(Need("a"),))
    harness = await a_harness(World(True), a)
    await harness.clock.advance(3610 * S)
    await harness.kill()
    harness.jobs = [a, b]
    await harness.start()
    await harness.clock.advance(5400 * S)
    assert [(job, kind) for job, kind, _ in await fires(harness) if job == "b"] == [("b", "start")]
    await harness.kill()


async def test_a_fire_that_waits_for_what_it_needs_outlives_a_restart():
    def behave(fire, attempt):
        return timedelta(minutes=40), Succeeded()

    jobs = [
        a_job("a", Every(3600 * S), idempotent=True),
        a_job("b", Every(3660 * S), needs=(Need("a"),), wait=Wait(limit=3600 * S)),
    ]
    harness = await a_harness(World(True), *jobs, behave=behave)
    await harness.clock.advance(3670 * S)
    await harness.kill()
    await harness.clock.advance(10 * S)
    await harness.start()
    assert [(job, kind) for job, kind, _ in await fires(harness)] == [("a", "start"), ("b", "queue")]
    await harness.clock.advance(2500 * S)
    assert [(job, kind) for job, kind, _ in await fires(harness)] == [("a", "start"), ("b", "start")]
    await harness.kill()


async def test_a_join_remembers_how_its_upstreams_ended_over_a_restart():
    def behave(fire, attempt):
        outcome = Failed(ErrorNote("ValueError", "no")) if fire.job == "a" else Succeeded()
        return timedelta(seconds=1 if fire.job == "a" else 60), outcome

    jobs = [
        a_job("a", Every(3600 * S)),
        a_job("b", Every(3600 * S), idempotent=True),
        a_job("c", after={"a": "failed", "b": "succeeded"}),
    ]
    harness = await a_harness(World(True), *jobs, behave=behave)
    await harness.clock.advance(3610 * S)
    await harness.kill()
    await harness.start()
    await harness.clock.advance(100 * S)
    assert ("c", "start", {}) in await fires(harness)
    await harness.kill()


async def test_what_comes_after_a_lost_run_is_decided_when_all_that_is_open_is_known():
    """It takes places like any other: here its own job's only one is taken by a run that was idempotent."""
    jobs = [a_job("a", Every(3600 * S)), a_job("b", after={"a": "ended"}, idempotent=True)]

    def behave(fire, attempt):
        return timedelta(seconds=1 if (fire.job, fire.origin) == ("a", "manual") else 5000), Succeeded()

    harness = await a_harness(World(True), *jobs, behave=behave)
    await harness.engine.ask(lambda board, now, turn: manual(board, board.jobs["a"], now, turn))
    await harness.clock.advance(3610 * S)
    assert [(job, kind) for job, kind, _ in await fires(harness)] == [
        ("a", "start"), ("b", "start"), ("a", "start"),
    ]  # fmt: skip
    await harness.kill()
    await harness.clock.advance(1 * S)
    await harness.start()
    assert [(job, kind) for job, kind, _ in await fires(harness)][-1] == ("b", "skip")
    await harness.kill()
