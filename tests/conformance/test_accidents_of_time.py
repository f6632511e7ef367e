"""More accidents that other schedulers are known for, those of time that was missed, each with the real engine on the
fake clock: none happens here, and the audit is balanced after each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jobdoubles import S, a_job
from law import imbalances
from test_accidents import a_day, daily

from asched.core.english.reasons import explain_decision
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp
from asched.core.outcome import Skip, SkipReason, Succeeded
from asched.core.record import FireQuery
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio


async def test_a_second_of_grace_does_not_drop_a_run_in_silence() -> None:
    """APScheduler: misfire_grace_time is one second; a run that is later is gone, with a line in a log."""
    async with a_day(daily(8, grace=S)) as day:
        await day.until(7.99)
        await day.clock.stall("3m")
        (fire,) = await day.fires()
        assert fire.decision.kind == "start"
        assert fire.caught_up


async def test_whoever_wants_late_runs_dropped_is_told_of_each() -> None:
    async with a_day(daily(8, grace=S, catch_up=CatchUp.NONE)) as day:
        await day.until(7.99)
        await day.clock.stall("3m")
        (fire,) = await day.fires()
        assert explain_decision(fire.decision) == (
            "missed: it was decided 2m late, and the catch-up policy does not run it"
        )


async def test_the_hundredth_missed_start_stops_nothing() -> None:
    """Kubernetes: a CronJob with more than a hundred missed starts is not started any more, until somebody edits it."""
    async with a_day(a_job("job", Cron("* * * * *"))) as day:
        await day.until(1)
        await day.scheduler.stop()
        await day.clock.advance("5h")
        await day.start()
        await day.until(6.1)
        fires = await day.fires()
        caught_up = [one for one in fires if one.caught_up and one.decision.kind == "start"]
        assert len(caught_up) <= 1
        assert [f"{one.scheduled_at:%H:%M}" for one in fires if one.decision.kind == "start"][-1] == "06:06"
        gaps = await day.ledger.gaps("job")
        coalesced = [one for one in fires if isinstance(one.decision, Skip)]
        assert len(coalesced) + sum(one.gap.count or 0 for one in gaps) >= 299


async def test_the_end_of_a_pause_does_not_run_everything_that_fell_into_it() -> None:
    """Airflow: unpausing a DAG runs each interval since its start date at once."""
    async with a_day(daily(8, catch_up=CatchUp.ALL)) as day:
        await day.until(1)
        await day.scheduler["job"].pause("holiday")
        await day.until(1, day=15)
        await day.scheduler["job"].resume()
        await day.until(9, day=15)
        assert await day.ran() == ["15 08:00"]
        skipped = [one.decision for one in await day.fires() if isinstance(one.decision, Skip)]
        assert [skip.reason for skip in skipped] == [SkipReason.PAUSED] * 14


async def test_a_run_that_died_with_its_process_does_not_block_its_job_for_ever() -> None:
    """Many: a row says "running", nobody is, and the job is never started again."""
    harness = Harness([daily(8)], behave=lambda fire, attempt: (timedelta(hours=1), Succeeded()))
    await harness.start()
    await harness.clock.advance("8h30m")
    await harness.kill()
    await harness.clock.advance("1h")
    await harness.start()
    await harness.clock.advance("24h")
    next_day, lost = await harness.ledger.fires(FireQuery())
    assert lost.outcome is not None
    assert lost.outcome.kind == "abandoned"
    assert next_day.outcome is not None
    assert next_day.outcome.kind == "succeeded"
    assert await imbalances(harness.ledger, harness.clock.now()) == []
    await harness.stop()
