"""The live engine, on a fake clock and a ledger, does what the model says, fire by fire, whatever happens."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from unittest.mock import patch

from disturbing import disturb
from hypothesis import example, given, settings
from hypothesis import strategies as st
from law import imbalances

from asched.core.action import Function
from asched.core.change import Arrange, Backfill
from asched.core.condition import Network, Term
from asched.core.foresight.simulate import Outage, Stall, Step, Suspend, simulate
from asched.core.jitter import fraction
from asched.core.limits import Limits
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Ending, Job, Overlap, Policies, Retry
from asched.core.need import Need
from asched.core.occurrence import Added, Moved, Skipped
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.record import FireQuery
from asched.core.recovery import Recovery, RecoveryOrder
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.wait import Wait
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness, PretendConditions

HALF = timedelta(milliseconds=500)
TICK = timedelta(microseconds=1)
START = datetime(2026, 3, 28, 12, tzinfo=UTC)
ACTION = Function(print, "builtins:print", "coroutine")


def seconds(low, high):
    return st.integers(low, high).map(lambda n: timedelta(seconds=n))


triggers = st.one_of(
    seconds(7, 900).map(Every),
    seconds(1, 600).map(lambda period: AfterFinish(period + TICK)),  # never due when trouble begins or ends
    st.sampled_from(["*/5 * * * *", "0 * * * *", "30 2 * * *", "*/20 * * * * *"]).map(
        lambda text: Cron(text, "Europe/Berlin")
    ),
    seconds(5, 900).map(lambda period: AnyOf((Startup(), Every(period)))),
)
policies = st.builds(
    Policies,
    grace=seconds(0, 60),
    catch_up=st.sampled_from(CatchUp),
    catch_up_window=st.none() | seconds(60, 7200),
    catch_up_max=st.integers(1, 20),
    overlap=st.sampled_from(Overlap),
    max_instances=st.integers(1, 3),
    queue_max=st.integers(1, 4),
    timeout=st.none() | st.integers(5_000_001, 300_000_000).map(lambda n: timedelta(microseconds=n)),
    run_timeout=st.none() | st.integers(20_000_001, 900_000_000).map(lambda n: timedelta(microseconds=n)),
    kill_after=st.just(timedelta(0)),
    retry=st.builds(Retry, attempts=st.integers(1, 3), delay=seconds(1, 60)),
    idempotent=st.booleans(),
    quarantine=st.just(False),  # a guess about deaths, of which a simulation knows nothing
    pause_after=st.none() | st.integers(1, 3),
    probe_after=st.none() | seconds(10, 1000).map(lambda wait: wait + TICK),
    jitter=st.just(timedelta(0)) | seconds(1, 20),
    priority=st.integers(-1, 1),
    pool=st.sampled_from([(), (), ("p",), ("p", "q")]),
    exclusive=st.sampled_from([(), (), ("x",)]),
    cooldown=st.just(timedelta(0)) | seconds(1, 300),
    wait=st.none() | st.none() | seconds(1, 3000).map(lambda limit: Wait(limit=limit)) | st.just(Wait(until=3600 * 14)),
    poll=seconds(1, 60),
)
conditions = st.sampled_from([(), (), (Term(Network()),)])
recoveries = st.builds(
    Recovery,
    order=st.sampled_from(RecoveryOrder),
    at_once=st.sampled_from([1, 2, 20]),
    pace=st.just(timedelta(0)) | seconds(1, 30),
    limit=st.none() | st.integers(1, 20),
    ask_above=st.none() | st.none() | st.integers(0, 20),
    expires=seconds(60, 9000),
)
limits = st.builds(
    Limits,
    recovery=recoveries,
    running=st.none() | st.integers(1, 4),
    pools=st.fixed_dictionaries({"p": st.integers(1, 2), "q": st.integers(1, 3)}),
)


def needs(draw, place):
    """Of what any other job did."""
    others = [f"job{n}" for n in range(place)]
    some = st.builds(Need, st.sampled_from(others), st.none() | seconds(60, 7200)).map(lambda need: (need,))
    return draw(st.just(()) | some) if others else ()


@st.composite
def traces(draw):
    jobs = [
        Job(f"job{n}", ACTION, draw(triggers), draw(policies), conditions=draw(conditions), needs=needs(draw, n))
        for n in range(draw(st.integers(1, 4)))
    ]
    if draw(st.booleans()):
        wished = {jobs[0].name: draw(st.sampled_from(Ending))}
        jobs.append(Job("follower", ACTION, None, draw(policies), after=(jobs[0].name,), wished=wished))
        last = Job("last", ACTION, None, draw(policies), after=("follower",), conditions=draw(conditions))
        jobs.append(replace(last, needs=needs(draw, len(jobs))))
    if len(jobs) > 2 and draw(st.booleans()):
        wished = {"job1": draw(st.sampled_from(Ending))}
        jobs.append(Job("joiner", ACTION, None, draw(policies), after=(jobs[0].name, jobs[1].name), wished=wished))
    troubles, at = [], START
    for _ in range(draw(st.integers(0, 4))):
        # Between the full seconds, where nothing is due: what is decided at the very instant is not the question here.
        at += draw(seconds(10, 2000)) + HALF
        kind = draw(st.sampled_from([Outage, Outage, Step, Suspend, Stall]))
        if kind is Step:
            troubles.append(Step(at, draw(seconds(-20_000, 20_000).filter(bool))))
        else:
            until = at + draw(seconds(1, 20_000))
            troubles.append(kind(at, until))
            at = until
        at += HALF + timedelta(microseconds=1)  # what begins anew after it does not fall together with the next
    arranged = [one for job in jobs for one in draw(st.lists(occurrences(job), max_size=4))]
    past = [one for n, job in enumerate(jobs, 1) for one in draw(backfills(n, job))]
    return jobs, troubles, at + draw(seconds(1, 2000)), draw(st.integers(0, 1000)), draw(limits), arranged, past


@st.composite
def backfills(draw, number, job):
    """Of what a calendar had before the beginning."""
    if not isinstance(job.trigger, Cron) or draw(st.booleans()):
        return []
    until = START - draw(seconds(0, 4000))
    since = until - draw(seconds(1, 4000))
    return [Backfill(number, job.name, since, until, since - TICK, START, "x", "", draw(st.integers(1, 3)))]


@st.composite
def occurrences(draw, job):
    """For one of its first instants, if it has such. Moved and added to where nothing else is due, see `traces`."""
    instants = list(islice(_instants(job), draw(st.integers(1, 30))))
    later = START + draw(seconds(1, 20_000)) + draw(st.integers(1, 99)) * timedelta(microseconds=1)
    if not instants or draw(st.integers(0, 3)) == 0:
        return Added(job.name, later, START, "x")
    return draw(
        st.sampled_from([Skipped(job.name, instants[-1], START, "x"), Moved(job.name, instants[-1], later, START, "x")])
    )


def _instants(job):
    trigger = None if job.trigger is None or job.trigger.relative else job.trigger.anchored(START)
    at = trigger and trigger.next_after(START)
    while at is not None:
        yield at
        at = trigger.next_after(at)


def behaviour(seed):
    """How long, and how, an attempt goes: a hash, so that engine and model see the same."""

    def behave(fire, attempt):
        chance = fraction(seed, fire.job, fire.scheduled_at, fire.nonce, attempt)
        # To the microsecond, so that no end falls together with another or with a due instant: what happens then is
        # written down, but a loop hears of two ends in two turns where the model has one.
        took = timedelta(microseconds=int(chance * 10**15) % 400_000_000)
        failed = int(chance * 10_000) % 5 == 0
        return took, Failed(ErrorNote("ValueError", "by chance")) if failed else Succeeded()

    return behave


def holding(seed):
    """Whether conditions hold, for a fire at an instant."""
    return lambda fire, at: fraction(seed, fire.job, fire.scheduled_at, at) < 0.5


@patch("asched.engine.engine.SLICE", 1_000_000)
@patch("asched.engine.engine.ROWS", 1_000_000)
async def live(jobs, troubles, until, seed, limits=None, arranged=(), past=()):
    """In one turn, as the model: between slices the loop goes on, and what is stopped, or answered, comes in between.
    That slices keep the law is what the state machine looks at."""
    clock = FakeClock(START)
    harness, passed = Harness(jobs, behave=behaviour(seed), clock=clock, limits=limits), START
    harness.conditions = PretendConditions(clock, holding(seed))
    await harness.ledger.commit(0, [*(Arrange(one) for one in arranged), *past])
    await harness.start()
    for trouble in troubles:
        await harness.clock.advance(trouble.since - passed)
        passed = getattr(trouble, "until", trouble.since)
        await disturb(harness, trouble)
    await harness.clock.advance(until - passed)
    found = await harness.ledger.fires(FireQuery(limit=1_000_000))
    assert await imbalances(harness.ledger, harness.clock.now()) == []
    gaps, left = await harness.ledger.gaps(), (await harness.ledger.restore()).occurrences
    await harness.kill()
    return found, gaps, left


def told_of_gap(job, gap):
    """But for why it was paused: the engine names the process that died."""
    facts = {name: str(fact) for name, fact in gap.facts.items() if (gap.reason, name) != ("paused", "reason")}
    return job, gap.after, gap.until, gap.reason, gap.count, tuple(sorted(facts.items()))


def told(fire, decision, outcome, attempt, started_at):
    reason = getattr(decision, "reason", "")
    ended = "" if outcome is None else outcome.kind
    return (
        fire.job,
        fire.scheduled_at,
        fire.origin,
        fire.nonce.partition("-")[0],
        decision.kind,
        reason,
        fire.caught_up,
        ended,
        attempt,
        started_at,
    )


A_MOMENT = START + 1000 * HALF + HALF
SET_BACK = (
    [Job("a", ACTION, Cron("*/5 * * * *"))],
    [Step(A_MOMENT, -timedelta(hours=4))],
    A_MOMENT + 4000 * HALF,
    1,
    None,
    [],
    [],
)


@settings(max_examples=60, deadline=None)
@given(traces())
@example(SET_BACK)
def test_every_fire_goes_as_the_model_says(trace):
    jobs, troubles, until, seed, limits, arranged, past = trace
    found, gaps, left = asyncio.run(live(jobs, troubles, until, seed, limits, arranged, past))
    each = {(one.job, one.scheduled_at, isinstance(one, Added)): one for one in arranged}  # as a ledger keeps them
    model = simulate(
        jobs,
        START,
        until,
        behave=behaviour(seed),
        disturbances=troubles,
        limits=limits,
        occurrences=list(each.values()),
        conditions=holding(seed),
        backfills=past,
    )
    expected = Counter(told(s.fire, s.decision, s.outcome, s.attempt, s.started_at) for s in model.fires.values())
    actual = Counter(told(f.fire, f.decision, f.outcome, f.attempt, f.started_at) for f in found)
    assert actual == expected
    assert Counter(told_of_gap(g.job, g.gap) for g in gaps) == Counter(told_of_gap(*pair) for pair in model.gaps)
    assert Counter(left) == Counter(model.pending)
