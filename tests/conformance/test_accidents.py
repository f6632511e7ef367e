"""Accidents that other schedulers are known for, each with the real engine on the fake clock: none happens here, and
the audit is balanced after each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from jobdoubles import H, a_job

from asched import Scheduler
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Fire, Job, Retry
from asched.core.outcome import ErrorNote, Failed, Outcome, Succeeded
from asched.core.record import FireQuery, FireRecord
from asched.engine.audit import audit
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import PretendRunner

pytestmark = pytest.mark.anyio

MIDNIGHT = "2026-01-01T00:00Z"
NOTHING = timedelta(0)


def daily(hour: int, name: str = "job", **policies: Any) -> Job:
    return a_job(name, Cron(f"0 {hour} * * *"), **policies)


class Day:
    """A day that begins at midnight. `took` is how long each run takes, `ends` how it ends; both may be changed."""

    def __init__(self, *jobs: Job, took: timedelta = NOTHING) -> None:
        self.clock = FakeClock(MIDNIGHT)
        self.ledger = MemoryLedger()
        self.jobs: Sequence[Job] = jobs
        self.took = took
        self.ends: Outcome = Succeeded()
        self.scheduler: Scheduler

    def _behave(self, fire: Fire, attempt: int) -> tuple[timedelta, Outcome]:
        return self.took, self.ends

    async def start(self) -> None:
        runner = PretendRunner(self.clock, self._behave)
        self.scheduler = Scheduler(ledger=self.ledger, clock=self.clock, runner=runner)
        self.scheduler.replace(self.jobs)
        await self.scheduler.start()

    async def serve(self, *jobs: Job) -> None:
        """Another configuration, read while it serves."""
        self.jobs = jobs
        await self.scheduler.reload(jobs)

    async def restart(self, *jobs: Job) -> None:
        """The same over a restart."""
        await self.scheduler.stop()
        self.jobs = jobs
        await self.start()

    async def until(self, hour: float, day: int = 1) -> None:
        minutes = round(hour * 60)
        await self.clock.advance_to(f"2026-01-{day:02}T{minutes // 60:02}:{minutes % 60:02}Z")

    async def fires(self, job: str = "job") -> Sequence[FireRecord]:
        return list(await self.ledger.fires(FireQuery(jobs=(job,), oldest_first=True, limit=1000)))

    async def ran(self, job: str = "job") -> list[str]:
        """When its runs were due: "1 08:00"."""
        fires = await self.fires(job)
        return [f"{one.scheduled_at:%-d %H:%M}" for one in fires if one.decision.kind == "start"]


@asynccontextmanager
async def a_day(*jobs: Job, took: timedelta = NOTHING) -> AsyncIterator[Day]:
    """Served from midnight on; at the end, whatever happened, everything is accounted for."""
    day = Day(*jobs, took=took)
    await day.start()
    try:
        yield day
        found = await audit(day.ledger, day.clock.now(), live=[day.scheduler.engine.number])
        assert found.balanced, found
    finally:
        await day.scheduler.stop()
    assert (await audit(day.ledger, day.clock.now())).balanced


Edit = Callable[..., Any]
EDITS = pytest.mark.parametrize("edit", [Day.serve, Day.restart], ids=["reload", "restart"])


# The schedule edit that re-ran today.


@EDITS
@pytest.mark.parametrize(
    ("hour", "ran"),
    [
        (8, ["1 08:00", "2 08:00"]),  # as it was
        (7, ["1 08:00", "2 07:00"]),  # earlier, and already past: today is done
        (13, ["1 08:00", "1 13:00", "2 13:00"]),  # later, and yet to come: that is what was asked for
    ],
)
async def test_the_schedule_edit_that_re_ran_today(edit: Edit, hour: int, ran: list[str]) -> None:
    """A new schedule owes nothing from before it began, whatever its catch-up."""
    async with a_day(daily(8, catch_up=CatchUp.ALL)) as day:
        await day.until(12)
        await edit(day, daily(hour, catch_up=CatchUp.ALL))
        await day.until(14, 2)
        assert await day.ran() == ran


@EDITS
async def test_the_option_edit_that_re_ran_today(edit: Edit) -> None:
    """What is no schedule carries the watermark over: nothing runs again, nothing is forgotten."""
    async with a_day(daily(8, catch_up=CatchUp.ALL)) as day:
        await day.until(12)
        await edit(day, daily(8, catch_up=CatchUp.ALL, timeout=5 * H))
        await edit(day, daily(8, catch_up=CatchUp.ALL))
        await day.until(12, 2)
        assert await day.ran() == ["1 08:00", "2 08:00"]


@EDITS
async def test_the_edit_back_and_forth_that_re_ran_today(edit: Edit) -> None:
    async with a_day(daily(8)) as day:
        await day.until(12)
        await edit(day, daily(9))
        await edit(day, daily(8))
        await day.until(12, 2)
        assert await day.ran() == ["1 08:00", "2 08:00"]


# The reload that waited for a long job.


async def test_the_reload_that_waited_for_a_long_job() -> None:
    """It is done at the same instant; the run goes on as it began, and what comes due meanwhile knows of it."""
    async with a_day(daily(1), took=6 * H) as day:
        await day.until(2)
        asked = day.clock.now()
        await day.serve(daily(3, timeout=2 * H), daily(2, "other"))
        assert day.clock.now() == asked
        day.took = NOTHING
        await day.until(12, 2)
        first, second, third = await day.fires()
        assert (first.outcome, first.duration) == (Succeeded(), 6 * H), "not under the timeout that came later"
        assert str(getattr(second.decision, "reason", "")) == "overlapped", "03:00: the first one still runs"
        assert third.outcome == Succeeded()
        assert await day.ran("other") == ["2 02:00"]


async def test_one_reload_after_the_other_while_a_job_runs() -> None:
    async with a_day(daily(1), took=6 * H) as day:
        for hour in (2, 3, 4):
            await day.until(hour)
            await day.serve(daily(1, max_instances=hour))
        await day.until(12)
        (only,) = await day.fires()
        assert only.outcome == Succeeded()


# The deleted job resurrected by a late finish.


@pytest.mark.parametrize("ends", [Succeeded(), Failed(ErrorNote("ValueError", "late"))])
async def test_the_deleted_job_resurrected_by_a_late_finish(ends: Outcome) -> None:
    """Its run ends as what it was: no retry, no follower, no next fire, and no job on the board."""
    job = daily(1, retry=Retry(attempts=3))
    async with a_day(job, a_job("follower", after=("job",)), took=6 * H) as day:
        day.ends = ends
        await day.until(2)
        await day.serve(daily(5, "other"))
        await day.until(12, 2)
        (only,) = await day.fires()
        assert (only.attempt, only.outcome) == (1, ends)
        assert await day.fires("follower") == []
        assert set(day.scheduler.engine.board.jobs) == {"other"}
        assert [one.job for one in await day.ledger.versions(active=True)] == ["other"]
        await day.restart(daily(5, "other"))
        assert set(day.scheduler.engine.board.jobs) == {"other"}
        assert len(await day.fires()) == 1


async def test_the_deleted_job_whose_run_still_counts_when_it_comes_back() -> None:
    async with a_day(daily(1), took=6 * H) as day:
        await day.until(2)
        await day.serve()
        await day.until(3)
        await day.serve(daily(5))
        await day.until(12)
        first, second = await day.fires()
        assert first.outcome == Succeeded()
        assert str(getattr(second.decision, "reason", "")) == "overlapped", "two at once would be one too many"


# The task enabled at noon that ran the 03:00 fire.


@EDITS
@pytest.mark.parametrize("catch_up", CatchUp)
async def test_the_task_enabled_at_noon_that_ran_the_0300_fire(edit: Edit, catch_up: CatchUp) -> None:
    off = replace(daily(3, catch_up=catch_up), disabled="enabled is false")
    async with a_day(off) as day:
        await day.until(12)
        await edit(day, daily(3, catch_up=catch_up))
        await day.until(13)
        assert await day.fires() == []
        await day.until(4, 2)
        assert await day.ran() == ["2 03:00"]


@EDITS
async def test_the_task_that_was_off_for_days_and_ran_them_all_when_it_was_enabled(edit: Edit) -> None:
    """What it owed when it was disabled is a gap, what came due while it was is nobody's."""
    job = daily(3, catch_up=CatchUp.ALL)
    async with a_day(job) as day:
        await day.until(4)
        await edit(day, replace(job, disabled="enabled is false"))
        await day.until(12, 3)
        await edit(day, job)
        await day.until(4, 4)
        assert await day.ran() == ["1 03:00", "4 03:00"]


async def test_the_paused_task_resumed_at_noon_that_ran_the_0300_fire() -> None:
    async with a_day(daily(3, catch_up=CatchUp.ALL)) as day:
        await day.scheduler["job"].pause("not now")
        await day.until(12)
        await day.scheduler["job"].resume()
        await day.until(13)
        (skipped,) = await day.fires()
        assert str(getattr(skipped.decision, "reason", "")) == "paused"
