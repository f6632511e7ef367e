"""Real files, looked at beside a real engine on a fake clock."""

import os
from datetime import UTC, datetime

import pytest
from hearts import imbalances, lasting
from jobdoubles import S, a_job

from asched.core.model import Origin, Overlap
from asched.core.record import FireQuery
from asched.core.triggers.interval import Every
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import Watch
from asched.engine.watching import Watching
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio


class Watcher:
    """A harness with a watcher beside it, whose looks are ours to make. The clock starts now: files are dated so."""

    def __init__(self, *jobs, took=0 * S):
        self.harness = Harness(jobs, behave=lasting(took), clock=FakeClock(datetime.now(UTC)))

    async def __aenter__(self):
        await self.harness.start()
        self.watching = Watching(self.harness.engine)
        return self

    async def __aexit__(self, *_):
        await self.harness.kill()

    async def look(self, times=1):
        for _ in range(times):
            await self.watching.look()
            await self.harness.clock.advance("1s")

    async def restart(self):
        await self.harness.kill()
        await self.harness.clock.advance("1m")
        await self.harness.start()
        self.watching = Watching(self.harness.engine)

    async def fires(self):
        return await self.harness.ledger.fires(FireQuery(origins=(Origin.CHANGE,), oldest_first=True))


def write(path, text, seconds_ago=0.0):
    path.write_text(text)
    at = datetime.now(UTC).timestamp() - seconds_ago
    os.utime(path, (at, at))


@pytest.mark.parametrize("event", ["write", "create", "delete", "replace"])
async def test_whatever_happens_to_it_is_a_change(tmp_path, event):
    file = tmp_path / "in.csv"
    if event != "create":
        write(file, "old")
    async with Watcher(a_job("load", Watch(str(file)))) as watcher:
        await watcher.look(4)
        assert await watcher.fires() == ()
        match event:
            case "delete":
                file.unlink()
            case "replace":
                (tmp_path / "new").write_text("old")
                (tmp_path / "new").replace(file)
            case _:
                write(file, "new text")
        await watcher.look(5)
        (fire,) = await watcher.fires()
        assert (fire.job, fire.outcome.kind) == ("load", "succeeded")
        assert await imbalances(watcher.harness) == []


async def test_a_directory_and_a_pattern_see_their_own(tmp_path):
    jobs = a_job("all", Watch(str(tmp_path))), a_job("csv", Watch(str(tmp_path / "*.csv")))
    async with Watcher(*jobs) as watcher:
        await watcher.look()
        write(tmp_path / "notes.txt", "x")
        await watcher.look(5)
        write(tmp_path / "data.csv", "x")
        await watcher.look(5)
        (tmp_path / "data.csv").unlink()
        await watcher.look(5)
        assert [fire.job for fire in await watcher.fires()].count("all") == 3
        assert [fire.job for fire in await watcher.fires()].count("csv") == 2


async def test_a_change_while_nobody_was_there_is_found_and_only_once(tmp_path):
    file = tmp_path / "in.csv"
    write(file, "old")
    async with Watcher(a_job("load", Watch(str(file)))) as watcher:
        await watcher.look(2)
        await watcher.restart()
        await watcher.look(4)
        assert await watcher.fires() == ()
        write(file, "while nobody was there")
        await watcher.restart()
        await watcher.look(4)
        (fire,) = await watcher.fires()
        assert fire.scheduled_at <= fire.decided_at
        await watcher.restart()
        await watcher.look(4)
        assert len(await watcher.fires()) == 1


async def test_a_change_during_its_run_is_one_more_run_afterwards(tmp_path):
    file = tmp_path / "in.csv"
    async with Watcher(a_job("load", Watch(str(file))), took=30 * S) as watcher:
        await watcher.look()
        for number in range(4):
            write(file, str(number) * (number + 1))
            await watcher.look(4)
        await watcher.look(40)
        assert [fire.decision.kind for fire in await watcher.fires()] == ["start", "start"]


async def test_a_job_that_may_queue_or_run_beside_itself_gets_each_change(tmp_path):
    file = tmp_path / "in.csv"
    async with Watcher(a_job("load", Watch(str(file)), overlap=Overlap.QUEUE), took=30 * S) as watcher:
        await watcher.look()
        for number in range(3):
            write(file, str(number) * (number + 1))
            await watcher.look(4)
        assert [fire.decision.kind for fire in await watcher.fires()] == ["start", "queue", "queue"]


async def test_a_queue_directory_is_worked_off(tmp_path):
    async with Watcher(a_job("mail", Watch(str(tmp_path), "has files")), took=5 * S) as watcher:
        await watcher.look(4)
        assert await watcher.fires() == ()
        write(tmp_path / "one", "1")
        await watcher.look(4)
        write(tmp_path / "two", "2")
        await watcher.look(8)
        assert len(await watcher.fires()) == 2
        for file in tmp_path.iterdir():
            file.unlink()
        await watcher.look(30)
        assert len(await watcher.fires()) == 2


async def test_beside_instants_of_the_same_job(tmp_path):
    job = a_job("both", AnyOf((Every(10 * S), Watch(str(tmp_path)))))
    async with Watcher(job) as watcher:
        await watcher.look(3)
        write(tmp_path / "one", "1")
        await watcher.look(20)
        assert len(await watcher.fires()) == 1
        of_schedule = await watcher.harness.ledger.fires(FireQuery(origins=(Origin.SCHEDULE,)))
        assert len(of_schedule) == 2
        assert await imbalances(watcher.harness) == []


async def test_a_path_that_is_not_there_yet_is_waited_for(tmp_path):
    async with Watcher(a_job("load", Watch(str(tmp_path / "later" / "in.csv")))) as watcher:
        await watcher.look(3)
        (tmp_path / "later").mkdir()
        write(tmp_path / "later" / "in.csv", "x")
        await watcher.look(4)
        assert len(await watcher.fires()) == 1
