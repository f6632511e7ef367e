"""What users test their own jobs with: a fixture, exact nights, and milliseconds."""

import subprocess
import sys
import textwrap
from datetime import UTC, datetime

import pytest

from asched import Run, Scheduler

pytestmark = pytest.mark.anyio
RAN = []


async def backup(run: Run) -> None:
    RAN.append(run.scheduled_at)


async def test_backup_runs_once_in_the_spring_night(asched_clock) -> None:
    RAN.clear()
    clock = asched_clock("2026-03-28T12:00+01:00[Europe/Berlin]")
    async with Scheduler(ledger=":memory:", clock=clock) as s:
        s.add(backup, "daily at 02:30", tz="Europe/Berlin")
        await clock.advance("36h")
        assert len(await s[backup].runs()) == 1
        assert [datetime(2026, 3, 29, 1, tzinfo=UTC)] == RAN, "03:00 summer time: there is no 02:30"
        await clock.suspend("72h")
        assert (await s[backup].runs())[0].caught_up


async def test_backup_runs_once_in_the_autumn_night(asched_clock) -> None:
    clock = asched_clock("2026-10-24T12:00+02:00[Europe/Berlin]")
    async with Scheduler(ledger=":memory:", clock=clock) as s:
        s.add(backup, "daily at 02:30", tz="Europe/Berlin")
        await clock.advance("24h")
        assert [run.scheduled_at for run in await s[backup].runs()] == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


async def test_each_clock_is_its_own(asched_clock) -> None:
    one, two = asched_clock(), asched_clock()
    await one.advance("1h")
    assert (one.now() - two.now()).total_seconds() == 3600


async def test_a_failing_job_is_a_value_to_assert_on(asched_clock) -> None:
    clock = asched_clock()

    async def broken() -> None:
        raise ValueError("no rates today")

    async with Scheduler(ledger=":memory:", clock=clock) as s:
        s.add(broken, "every 1h", retry={"attempts": 2, "delay": "1m"})
        await clock.advance("62m")
        (run,) = await s["broken"].runs()
        assert (run.outcome.kind, run.attempt, run.outcome.error.message) == ("failed", 2, "no rates today")


USERS_TEST = """
import asyncio
from asched import Scheduler

async def nap():
    pass

def test_mine(asched_clock):
    async def main():
        clock = asched_clock("2026-03-28T12:00+01:00[Europe/Berlin]")
        async with Scheduler(ledger=":memory:", clock=clock) as s:
            s.add(nap, "every 1h")
            await clock.advance("5h")
            assert len(await s[nap].runs()) == 5
    asyncio.run(main())
"""


def test_a_users_test_finds_the_fixture_by_the_entry_point_alone(tmp_path) -> None:
    (tmp_path / "test_mine.py").write_text(USERS_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_mine.py"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 passed" in told.stdout


def test_the_plugin_costs_next_to_nothing_to_those_who_do_not_use_it() -> None:
    code = textwrap.dedent(
        """
        import sys, pytest
        before = set(sys.modules)
        import asched.testing.plugin
        print(*sorted(name for name in set(sys.modules) - before), sep="\\n")
        """
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = told.stdout.split()
    heavy = ("pydantic", "httpx", "rich", "croniter", "structlog", "sqlite3", "asched.engine", "asched.core")
    assert [name for name in loaded if name.startswith(heavy)] == []
