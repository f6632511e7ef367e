"""Months of three hundred mixed jobs on a fake clock: fire by fire as the model says; and whatever the clocks do, the
law holds, nothing starts twice, and no limit is passed."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from disturbing import disturb
from law import imbalances

from asched.core.action import Function
from asched.core.foresight.simulate import Outage, Stall, Step, Suspend, simulate
from asched.core.jitter import fraction
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import Windows
from asched.core.model import CatchUp, Job, Overlap, Policies, Retry
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.record import FireQuery
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.minus import Minus
from asched.core.triggers.once import OncePerWindow
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.within import Within
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTION = Function(print, "builtins:print", "coroutine")
S, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago",
         "Antarctica/Troll", "Pacific/Chatham"]  # fmt: skip
CRONS = ["30 2 * * *", "0 0 * * *", "15 3 * * mon-fri", "0 */6 * * *", "0 9 1 * *", "0 8 L * *", "45 1,2,3 * * *",
         "30 */3 * * *", "0 12 * * 5#2"]  # fmt: skip
JOBS = 300


def a_trigger(rng, number):
    """Mostly slow ones: a handful by the minute, some by the hour, most by the day."""
    if number < 4:
        return Every(rng.randint(5, 15) * MINUTE)
    if number < 24:
        return Cron(f"{rng.randrange(60)} * * * *", rng.choice(ZONES))
    match rng.randrange(12):
        case 0:
            return Every(rng.randint(3, 72) * HOUR + rng.randrange(3600) * S)
        case 1:
            return AfterFinish(rng.randint(2, 48) * HOUR)
        case 2:
            return AnyOf((Startup(), Every(rng.randint(6, 48) * HOUR)))
        case 3:
            return VariedEvery(rng.randint(3, 24) * HOUR, rng.randint(25, 72) * HOUR)
        case 4:
            begin, end = sorted(rng.sample(range(0, 24 * 3600, 600), 2))
            windows = Windows(rng.choice([((begin, end),), ((end, begin),)]), rng.choice(ZONES), (1, 2, 3, 4, 5))
            return rng.choice([OncePerWindow(windows), Within(Cron("*/10 */4 * * *", rng.choice(ZONES)), windows)])
        case 5:
            start = START + rng.randint(-50, 50) * DAY
            return Bounded(Cron(rng.choice(CRONS), rng.choice(ZONES)), start, start + 90 * DAY, rng.randint(1, 60))
        case 6:
            zone = rng.choice(ZONES)
            return Minus(Cron(rng.choice(CRONS), zone), Cron("30 2,3,6 * * sun,mon", zone))
        case _:
            return Cron(rng.choice(CRONS), rng.choice(ZONES))


def some_policies(rng):
    return Policies(
        grace=rng.choice([0, 10, 60]) * S,
        catch_up=rng.choice(list(CatchUp)),
        catch_up_window=rng.choice([None, HOUR, DAY]),
        catch_up_max=rng.randint(1, 20),
        overlap=rng.choice(list(Overlap)),
        max_instances=rng.randint(1, 3),
        queue_max=rng.randint(1, 4),
        timeout=rng.choice([None, rng.randint(60_000_001, 7_200_000_000) * TICK]),
        run_timeout=rng.choice([None, rng.randint(600_000_001, 9_000_000_000) * TICK]),
        kill_after=timedelta(0),
        retry=Retry(attempts=rng.randint(1, 3), delay=rng.randint(1, 600) * S),
        idempotent=rng.random() < 0.3,
        quarantine=False,
        pause_after=rng.choice([None, None, 2, 3]),
        probe_after=rng.choice([None, rng.randint(3_600_000_001, 172_800_000_000) * TICK]),
        jitter=rng.choice([0 * S, 0 * S, 30 * S, 10 * MINUTE]),
        priority=rng.randint(-1, 1),
    )


def some_jobs(seed, many=JOBS):
    rng = Random(seed)
    alone = many * 9 // 10
    jobs = [Job(f"job{n}", ACTION, a_trigger(rng, n), some_policies(rng)) for n in range(alone)]
    for n in range(alone, many):
        after = tuple(f"job{k}" for k in rng.sample(range(4, n), 2 if n % 3 == 0 else 1))
        jobs.append(Job(f"job{n}", ACTION, None, some_policies(rng), after=after))
    return jobs


def behaviour(seed):
    """Most take a minute, some take hours, one in eight fails: a hash, so that engine and model see the same."""

    def behave(fire, attempt):
        chance = fraction(seed, fire.job, fire.scheduled_at, fire.origin, attempt)
        longest = 10_800 if int(chance * 1000) % 20 == 0 else 60
        took = int(chance * 10**16) % (longest * 1_000_000) * TICK
        return took, Failed(ErrorNote("ValueError", "by chance")) if int(chance * 10_000) % 8 == 0 else Succeeded()

    return behave


def some_troubles(seed, days):
    """Outages, sleeps, stalls, and clocks that are set by up to two hours, forward or back."""
    rng, troubles, at = Random(seed + 1), [], START
    while (at := at + rng.uniform(0.5, 9) * DAY) < START + (days - 4) * DAY:
        kind = rng.choice([Outage, Outage, Suspend, Stall, Step])
        if kind is Step:
            troubles.append(Step(at, rng.choice([-1, 1]) * rng.uniform(1, 7200) * S))
        else:
            until = at + rng.choice([10 * S, 10 * MINUTE, 5 * HOUR, 3 * DAY]) * rng.uniform(0.5, 1)
            troubles.append(kind(at, until))
            at = until
    return troubles


def told(fire, decision, outcome, attempt, started_at):
    reason = getattr(decision, "reason", "")
    ended = "" if outcome is None else outcome.kind
    return (fire.job, fire.scheduled_at, fire.origin, decision.kind, reason, fire.caught_up, ended, attempt, started_at)


class CalmLedger(MemoryLedger):
    """Wants its sign of life no oftener than the engine looks at the clock: a year has many times five seconds."""

    @property
    def heartbeat(self):
        return 30 * S


async def lived(jobs, troubles, until, seed):
    harness = Harness(jobs, behave=behaviour(seed), clock=FakeClock(START), ledger=CalmLedger())
    clock, passed = harness.clock, START
    await harness.start()
    try:
        for trouble in troubles:
            await clock.advance(trouble.since - passed)
            passed = getattr(trouble, "until", trouble.since)
            await disturb(harness, trouble)
        await clock.advance(until - passed)
        found = await harness.ledger.fires(FireQuery(limit=10_000_000))
        return found, await harness.ledger.gaps(limit=1_000_000), await imbalances(harness.ledger, clock.now())
    finally:
        await harness.kill()


def goes_as_the_model_says(seed, days):
    jobs, troubles, until = some_jobs(seed), some_troubles(seed, days), START + days * DAY
    found, gaps, wrong = asyncio.run(lived(jobs, troubles, until, seed))
    model = simulate(jobs, START, until, behave=behaviour(seed), disturbances=troubles)
    expected = Counter(told(s.fire, s.decision, s.outcome, s.attempt, s.started_at) for s in model.fires.values())
    actual = Counter(told(f.fire, f.decision, f.outcome, f.attempt, f.started_at) for f in found)
    assert len(found) > 100 * days
    assert sorted((actual - expected).items())[:5] == []
    assert sorted((expected - actual).items())[:5] == []
    assert Counter((g.job, g.gap) for g in gaps) == Counter(model.gaps)
    assert wrong == []


class Troubled:
    """A life in which the clocks do what they like; after each disturbance the limits and the law are looked at."""

    def __init__(self, seed):
        self.jobs, self.rng = some_jobs(seed), Random(seed + 2)
        self.behave = behaviour(seed)
        self.started = Counter()
        self.harness = Harness(self.jobs, behave=self.begin, clock=FakeClock(START), ledger=CalmLedger())

    def begin(self, fire, attempt):
        self.started[fire.id, attempt] += 1
        return self.behave(fire, attempt)

    async def live(self, days):
        clock = self.harness.clock
        end = clock.monotonic() + days * 86_400
        await self.harness.start()
        try:
            while clock.monotonic() < end:
                await clock.advance(self.rng.uniform(1, 60) * HOUR)
                await self.disturb(clock, self.rng)
                self.look_at_the_limits()
            await clock.advance("1m")
            await self.look_at_the_law()
        finally:
            if self.harness._task is not None:
                await self.harness.kill()

    async def disturb(self, clock, rng):
        match rng.randrange(7):
            case 0:
                await clock.step(rng.uniform(1, 40 * 3600) * S)
            case 1:
                await clock.step(-rng.uniform(1, 3 * 3600) * S)
            case 2:
                await clock.step(-rng.uniform(3, 72) * HOUR)
            case 3:
                await clock.suspend(rng.uniform(1, 72) * HOUR)
            case 4:
                await clock.stall(rng.uniform(2, 3600))
            case 5:
                await self.harness.kill()
                await clock.advance(rng.uniform(0.1, 48) * HOUR)
                await self.harness.start()
            case 6:
                await self.harness.stop()
                await clock.advance(rng.uniform(0.1, 48) * HOUR)
                await self.harness.start()
        await clock.advance("31s")

    def look_at_the_limits(self):
        board, now = self.harness.engine.board, self.harness.engine.axes.read()
        assert set(self.started.values()) == {1}
        for state in board.jobs.values():
            if state.job.policies.overlap is not Overlap.ALLOW:
                assert len(state.running) <= state.job.policies.max_instances
            if state.next_at is not None:
                assert board.due_at(state, state.next_at) > now.on(state.steady), "due, and not decided"
            elif state.relative:
                assert state.running or state.queue, "it counts from the end of nothing"
        executing = {fire for fire, run in board.runs.items() if not run.waiting}
        assert executing == self.harness.engine.dispatch.running.keys()

    async def look_at_the_law(self):
        assert await imbalances(self.harness.ledger, self.harness.clock.now()) == []
        open_fires = {f.id for f in await self.harness.ledger.fires(FireQuery(open=True, limit=1_000_000))}
        board = self.harness.engine.board
        waiting = {fire.id for state in board.jobs.values() for fire in state.queue}
        assert open_fires == board.runs.keys() | waiting


def test_a_month_of_three_hundred_jobs_goes_as_the_model_says():
    goes_as_the_model_says(seed=1, days=30)


def test_a_month_of_troubled_clocks_keeps_the_law():
    asyncio.run(Troubled(seed=1).live(days=30))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 5))
def test_a_year_of_three_hundred_jobs_goes_as_the_model_says(seed):
    goes_as_the_model_says(seed, days=365)


@pytest.mark.soak
@pytest.mark.parametrize(("seed", "days"), [(2, 365), (3, 120), (4, 120)])
def test_seasons_of_troubled_clocks_keep_the_law(seed, days):
    asyncio.run(Troubled(seed).live(days))
