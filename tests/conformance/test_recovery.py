"""A long absence of many jobs, made up for by the real engine on the fake clock: planned as a whole, in turns that
never hold the loop, paced, in order, asked for where that is wanted, and every fire explained."""

from __future__ import annotations

import asyncio
import itertools
import tracemalloc
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from jobdoubles import H, S, a_job
from law import imbalances

from asched import Refused, Scheduler
from asched.core.change import Act, Change, Decide, Rejected
from asched.core.condition import Network, Term
from asched.core.english.reasons import explain_decision
from asched.core.limits import Limits
from asched.core.model import CatchUp, Fire, Job
from asched.core.outcome import Outcome, Skip, SkipReason, Start, Succeeded
from asched.core.record import FireQuery, FireRecord
from asched.core.recovery import Recovery
from asched.core.rules.owed import approve
from asched.core.triggers.interval import Every
from asched.engine.engine import SLICE
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness, PretendRunner

JOBS, EACH, LIMIT = 1000, 10, 300
WEEK = timedelta(days=7)
RULES = Recovery(at_once=20, pace=S, limit=LIMIT)


class CountingLedger(MemoryLedger):
    """Knows how many rows each transaction wrote, and how many fires it decided."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []
        self.decided: list[int] = []

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        fires = [len(change.fires) for change in changes if isinstance(change, Decide)]
        self.decided.append(sum(fires))
        self.rows.append(sum(fires) + sum(not isinstance(change, Decide) for change in changes))
        return await super().commit(owner, changes)


async def a_week_off() -> tuple[Harness, CountingLedger, int]:
    """Every job owes ten fires when it is over. Returns how many bytes it took at most to plan them."""
    ledger = CountingLedger()
    every = [a_job(f"job{n:04}", Every(16 * H), catch_up=CatchUp.ALL) for n in range(JOBS)]
    harness = Harness(
        every,
        behave=lambda fire, attempt: (timedelta(seconds=3), Succeeded()),
        clock=FakeClock(),
        ledger=ledger,
        limits=Limits(recovery=RULES),
    )
    await harness.start()
    await harness.clock.advance("1s")
    await harness.stop()
    await harness.clock.advance(WEEK)
    ledger.rows.clear()
    ledger.decided.clear()
    tracemalloc.start()
    await harness.start()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(harness.engine.board.recovering.owed) == LIMIT - 1  # the first has started
    await harness.clock.advance(timedelta(seconds=LIMIT + 10))
    return harness, ledger, peak


@pytest.fixture(scope="module")
def week() -> tuple[CountingLedger, int, list[FireRecord], list[str]]:
    async def live() -> Any:
        harness, ledger, peak = await a_week_off()
        fires = list(await ledger.fires(FireQuery(limit=100_000)))
        wrong = await imbalances(ledger, harness.clock.now())
        await harness.kill()
        return ledger, peak, fires, wrong

    return asyncio.run(live())  # type: ignore[no-any-return]


Week = tuple[CountingLedger, int, list[FireRecord], list[str]]


def test_no_turn_of_it_is_long(week: Week) -> None:
    ledger, *_ = week
    assert sum(ledger.decided) == JOBS * EACH
    assert max(ledger.decided) <= SLICE + EACH
    assert max(ledger.rows) <= SLICE + EACH + RULES.at_once


def test_it_takes_little_memory_to_plan(week: Week) -> None:
    """The ledger of the test is in memory, too."""
    _, peak, *_ = week
    assert peak / (JOBS * EACH) < 4000  # bytes a fire


def test_it_is_paced_and_never_more_at_once_than_it_may_be(week: Week) -> None:
    started = sorted(one.started_at for one in week[2] if one.started_at is not None)
    assert len(started) == LIMIT
    assert {later - earlier for earlier, later in itertools.pairwise(started)} == {S}


def test_between_jobs_the_newest_goes_first_and_each_job_keeps_its_sequence(week: Week) -> None:
    kept = [one for one in week[2] if isinstance(one.decision, Start)]
    newest = sorted((one.scheduled_at for one in week[2]), reverse=True)[:LIMIT]
    assert sorted((one.scheduled_at for one in kept), reverse=True) == newest
    by_job: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in kept:
        assert one.started_at is not None
        by_job.setdefault(one.job, []).append((one.started_at, one.scheduled_at))
    assert all([s for _, s in sorted(pairs)] == sorted(s for _, s in pairs) for pairs in by_job.values())


def test_every_fire_of_it_is_explained_and_the_audit_is_balanced(week: Week) -> None:
    _, _, fires, wrong = week
    assert wrong == []
    assert len(fires) == JOBS * EACH
    assert {one.outcome.kind for one in fires if one.outcome is not None} == {"succeeded"}
    skips = [one.decision for one in fires if isinstance(one.decision, Skip)]
    assert len(skips) == JOBS * EACH - LIMIT
    assert {skip.reason for skip in skips} == {SkipReason.MISSED}
    assert all(f"of all jobs {LIMIT} such fires are run" in explain_decision(skip) for skip in skips)


# Asking, over restarts.


class Service:
    """Starts and stops over the same ledger; each of its jobs owes one fire after an absence."""

    def __init__(self, jobs: int, **recovery: Any) -> None:
        self.clock, self.ledger = FakeClock(), MemoryLedger()
        self.jobs: list[Job] = [a_job(f"job{n}", Every(10 * H)) for n in range(jobs)]
        self.recovery = recovery
        self.scheduler: Scheduler

    def _behave(self, fire: Fire, attempt: int) -> tuple[timedelta, Outcome]:
        return timedelta(seconds=2), Succeeded()

    async def start(self) -> None:
        runner = PretendRunner(self.clock, self._behave)
        self.scheduler = Scheduler(
            ledger=self.ledger,
            clock=self.clock,
            runner=runner,
            recovery=self.recovery,  # type: ignore[arg-type]
        )
        self.scheduler.replace(self.jobs)
        await self.scheduler.start()
        await self.clock.settle()

    async def restart(self, away: str = "1s") -> None:
        await self.scheduler.stop()
        await self.clock.advance(away)
        await self.start()

    async def ran(self) -> int:
        return len(await self.ledger.fires(FireQuery(outcomes=("succeeded",), limit=1000)))


async def back_after(away: str, jobs: int = 6, **recovery: Any) -> Service:
    service = Service(jobs, **recovery)
    await service.start()
    await service.restart(away)
    return service


@pytest.mark.anyio
async def test_what_is_held_is_asked_again_after_a_restart_and_nothing_of_it_starts() -> None:
    service = await back_after("11h", ask=True)
    for _ in range(2):
        assert service.scheduler.recovery().state == "held"
        await service.clock.advance("1h")
        assert await service.ran() == 0
        await service.restart()
    assert await service.scheduler.approve_recovery(by="ada", reason="looked at it") == 6
    await service.clock.advance("10s")
    assert await service.ran() == 6
    assert await imbalances(service.ledger, service.clock.now()) == []
    await service.scheduler.stop()


@pytest.mark.anyio
async def test_what_was_approved_goes_on_after_a_restart_and_what_is_new_is_asked_for() -> None:
    service = await back_after("11h", ask=2, at_once=1)
    await service.scheduler.approve_recovery(by="ada")
    await service.clock.advance("5s")
    before = await service.ran()
    assert 0 < before < 6
    others = [Act(service.clock.now(), "run", "ada", "job0", f"9-{n}") for n in range(10_001)]
    await service.ledger.commit(1, others)
    await service.restart()
    assert service.scheduler.recovery().state == "going"
    await service.clock.advance("1m")
    assert await service.ran() == 6
    await service.restart("10h")
    assert service.scheduler.recovery().state == "held"
    await service.scheduler.stop()


@pytest.mark.anyio
async def test_an_operators_answer_is_recorded_and_there_is_nothing_to_answer_twice() -> None:
    service = await back_after("11h", ask=True)
    assert await service.scheduler.abort_recovery(["job0"], by="ada", reason="too late") == 1
    assert await service.scheduler.approve_recovery(by="bob") == 5
    with pytest.raises(Refused, match="nothing is held"):
        await service.scheduler.approve_recovery()
    with pytest.raises(Refused, match="nothing waits"):
        await service.scheduler.abort_recovery(["job0"])
    acts = [(act.verb, act.by, act.job, act.reason) for act in await service.ledger.acts()]
    assert sorted(acts) == [("abort", "ada", "job0", "too late"), ("approve", "bob", "", "")]
    (skipped,) = await service.ledger.fires(FireQuery(jobs=("job0",)))
    assert explain_decision(skipped.decision) == "excluded: it is not made up for: too late (by ada)"
    await service.scheduler.stop()


@pytest.mark.anyio
async def test_a_hold_survives_a_stop_and_what_nobody_answers_expires() -> None:
    service = await back_after("11h", ask=3, expires="2h")
    await service.clock.advance("3h")
    reasons = [one.decision for one in await service.ledger.fires(FireQuery())]
    assert {decision.reason for decision in reasons if isinstance(decision, Skip)} == {SkipReason.EXPIRED}
    assert service.scheduler.recovery().state == "idle"
    await service.clock.advance("12h")
    assert await service.ran() == 6  # the schedule goes on
    assert await imbalances(service.ledger, service.clock.now()) == []
    await service.scheduler.stop()


@pytest.mark.anyio
async def test_what_waits_for_a_condition_is_held_like_everything_else() -> None:
    jobs = [a_job(f"job{n}", Every(H), conditions=(Term(Network()),)) for n in range(3)]
    harness = Harness(jobs, limits=Limits(recovery=Recovery(ask_above=0)))
    await harness.start()
    await harness.clock.advance("10m")
    await harness.kill()
    await harness.clock.advance("1d")
    await harness.start()
    await harness.clock.advance("5m")
    held = harness.engine.board.recovering.held
    assert (None if held is None else held.count) == 3
    assert not [one for one in await harness.ledger.fires(FireQuery()) if one.outcome is not None]
    await harness.engine.ask(approve)
    await harness.clock.advance("1s")
    assert len([one for one in await harness.ledger.fires(FireQuery()) if one.outcome is not None]) == 3
    await harness.stop()
