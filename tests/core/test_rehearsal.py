"""What a rehearsal says is what the engine then does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from boards import NOON
from jobdoubles import H, S, a_job

from asched.core.foresight.rehearsal import counted, known_of, oldest, rehearse
from asched.core.limits import Limits
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Policies
from asched.core.record import FireQuery
from asched.core.recovery import Recovery
from asched.core.rules.board import Now
from asched.core.triggers.interval import AfterFinish, Every
from asched.engine.audit import audit
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio

M = 60 * S
DAY = 24 * H


def a_trigger(random: Random) -> Any:
    return random.choice(
        [
            Cron(f"{random.randrange(60)} * * * *"),
            Cron(f"{random.randrange(60)} {random.randrange(24)} * * *"),
            Every(random.choice([7, 60, 90]) * M),
            Every(4 * M),
        ]
    )


def some_jobs(random: Random, names: str) -> list[Any]:
    return [
        a_job(
            name,
            a_trigger(random),
            catch_up=random.choice(list(CatchUp)),
            catch_up_window=random.choice([None, 5 * H]),
            catch_up_max=random.choice([2, 100]),
            jitter=random.choice([0 * S, 5 * M]),
        )
        for name in names
    ]


@pytest.mark.parametrize("seed", range(12))
async def test_what_is_rehearsed_for_a_service_that_is_down_is_what_its_start_decides(seed: int) -> None:
    """Jobs stay, change, come and go while it is away: the same fires, the same decisions, the same gaps."""
    random = Random(seed)
    harness = Harness(some_jobs(random, "abcdef"), clock=FakeClock(NOON))
    await harness.start()
    await harness.clock.advance(timedelta(minutes=random.randrange(1, 1500)))
    await harness.kill()
    await harness.clock.advance(timedelta(minutes=random.randrange(0, 3000)))
    stay = [job for job in harness.jobs if job.name in "abc"]
    changed = [replace(job, policies=Policies(catch_up=CatchUp.ALL)) for job in harness.jobs if job.name == "d"]
    harness.jobs = [*stay, *changed, *some_jobs(random, "eg")]
    now, ledger = harness.clock.now(), harness.ledger
    told = rehearse(harness.jobs, known_of(await ledger.versions()), Now(now, now))
    before, known = (
        {gap.gap for gap in await ledger.gaps()},
        {one.id for one in await ledger.fires(FireQuery(limit=9999))},
    )
    await harness.start()
    fires = [one for one in await ledger.fires(FireQuery(limit=9999)) if one.id not in known]
    done = {(one.job, one.scheduled_at, "skip" if one.decision.kind == "skip" else "run") for one in fires}
    said = {
        (name, fire.scheduled_at, "skip" if decision.kind == "skip" else "run")
        for name, owed in told.owed.items()
        for fire, decision in owed.fires
    }
    assert said == done
    gaps = {one.gap for one in await ledger.gaps()} - before
    assert gaps == {gap for lost in told.lost.values() for gap in lost} | {
        gap for owed in told.owed.values() for gap in owed.gaps
    }
    served = {name: state.trigger for name, state in harness.engine.board.jobs.items()}
    assert served == {name: job.trigger for name, job in told.jobs.items()}, "the anchors, too"
    await harness.clock.advance("1h")
    assert (await audit(ledger, harness.clock.now())).balanced
    await harness.stop()


async def served(*jobs: Any, until: timedelta = 3 * H) -> tuple[Any, Any]:
    """(what the ledger knows, when) after these jobs were served from noon on, and nobody since, for a day."""
    harness = Harness(list(jobs), clock=FakeClock(NOON))
    await harness.start()
    await harness.clock.advance(until)
    await harness.stop()
    now = NOON + until + DAY
    return known_of(await harness.ledger.versions()), Now(now, now)


async def test_what_is_owed_is_counted_by_what_becomes_of_it() -> None:
    known, now = await served(a_job("a", Cron("0 * * * *")))
    owed = rehearse([a_job("a", Cron("0 * * * *"))], known, now).owed["a"]
    assert counted(owed) == {"start": 1, "coalesced": 23}
    assert oldest(owed) == NOON + 4 * H


async def test_what_is_gone_or_disabled_loses_what_it_owes_and_owes_nothing() -> None:
    jobs = [a_job(name, Cron("0 * * * *")) for name in "ab"]
    known, now = await served(*jobs)
    told = rehearse([replace(jobs[0], disabled="enabled is false")], known, now)
    assert {name: [gap.count for gap in gaps] for name, gaps in told.lost.items()} == {"a": [24], "b": [24]}
    assert (told.jobs, told.owed) == ({}, {})


async def test_what_counts_from_the_end_of_a_run_is_not_due_while_that_goes_on() -> None:
    job = a_job("a", AfterFinish(M))
    known, now = await served(job)
    assert "a" in rehearse([job], known, now).owed
    assert rehearse([job], known, now, running={"a"}).owed == {}


async def test_a_rehearsal_changes_nothing() -> None:
    job = a_job("a", Cron("0 * * * *"))
    known, now = await served(job)
    before = dict(known)
    assert rehearse([], known, now).lost == rehearse([], known, now).lost
    assert known == before


async def test_what_somebody_would_have_to_approve_is_held() -> None:
    job = a_job("a", Cron("0 * * * *"), catch_up=CatchUp.ALL)
    known, now = await served(job, until=3.5 * H)
    told = rehearse([job], known, now, Limits(recovery=Recovery(ask_above=10)))
    assert told.held is not None
    assert (told.held.count, counted(told.owed["a"])) == (24, {"queue": 24})
    assert rehearse([job], known, now, Limits(recovery=Recovery(ask_above=24))).held is None
