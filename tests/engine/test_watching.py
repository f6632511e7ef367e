"""Real files, looked at beside a real engine on a fake clock."""

import asyncio
import os
import threading
from datetime import UTC, datetime

import pytest
from hearts import imbalances, lasting
from jobdoubles import S, a_job

from asched.core.change import Pause, Unpause
from asched.core.model import Origin, Overlap
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.record import FireQuery, Keep
from asched.core.rules.pausing import pause, unpause
from asched.core.triggers.interval import Every
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import Watch
from asched.engine import filelooks
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


async def test_what_cannot_be_seen_is_said_once_and_harms_no_other(tmp_path):
    (tmp_path / "queue").mkdir()
    jobs = (
        a_job("load", Watch(str(tmp_path / "typo" / "in.csv"))),
        a_job("work", Watch(str(tmp_path / "queue"), "has files")),
    )
    async with Watcher(*jobs) as watcher:
        heard = []
        watcher.harness.bus.listen(heard.append)
        await watcher.look(3)
        os.symlink("loop", tmp_path / "queue" / "loop")
        await watcher.look(4)
        assert [fire.job for fire in await watcher.fires()] == ["work"], "a link to itself is an entry, too"
        unseen = [event for event in heard if event["type"] == "watch.unseen"]
        assert [(event["job"], event["why"]) for event in unseen] == [("load", "it is not there")]


async def test_a_path_that_hangs_costs_only_itself(tmp_path, monkeypatch):
    hanging, free, good = tmp_path / "hanging", threading.Event(), tmp_path / "good"
    real = filelooks._entries

    def entries(path, event):
        if path == str(hanging):
            free.wait(20)
        return real(path, event)

    monkeypatch.setattr(filelooks, "_entries", entries)
    monkeypatch.setattr(filelooks, "PATIENCE", 0.05)
    async with Watcher(a_job("bad", Watch(str(hanging))), a_job("good", Watch(str(good)))) as watcher:
        heard = []
        watcher.harness.bus.listen(heard.append)
        await watcher.look(3)
        write(good, "x")
        await watcher.look(4)
        assert [fire.job for fire in await watcher.fires()] == ["good"]
        assert [event["job"] for event in heard if "answer" in event.get("why", "")] == ["bad"]
        free.set()
        write(hanging, "x")
        await asyncio.sleep(0.1)  # until its thread is back: nothing here can tell
        await watcher.look(5)
        assert [fire.job for fire in await watcher.fires()] == ["good", "bad"]


async def test_it_does_not_run_again_for_what_it_ran_for_when_that_fire_is_pruned(tmp_path):
    file = tmp_path / "in.csv"
    async with Watcher(a_job("load", Watch(str(file)))) as watcher:
        await watcher.look(2)
        write(file, "x")
        await watcher.look(4)
        assert len(await watcher.fires()) == 1
        await watcher.harness.clock.advance("1h")
        assert await watcher.harness.ledger.prune(Keep(watcher.harness.clock.now(), 0)) == 1
        await watcher.restart()
        await watcher.look(4)
        assert await watcher.fires() == ()


async def test_a_failure_that_is_kept_longer_does_not_make_it_forget_what_came_after(tmp_path):
    file = tmp_path / "in.csv"
    async with Watcher(a_job("load", Watch(str(file)))) as watcher:
        await watcher.look(2)
        watcher.harness.runner._behave = lambda fire, attempt: (0 * S, Failed(ErrorNote("ValueError", "no")))
        write(file, "x")
        await watcher.look(4)
        watcher.harness.runner._behave = lambda fire, attempt: (0 * S, Succeeded())
        write(file, "xx")
        await watcher.look(4)
        assert [one.outcome.kind for one in await watcher.fires()] == ["failed", "succeeded"]
        await watcher.harness.clock.advance("1h")
        now = watcher.harness.clock.now()
        assert await watcher.harness.ledger.prune(Keep(now, 1000, now - 3600 * 24 * S)) == 1
        await watcher.restart()
        await watcher.look(4)
        assert [one.outcome.kind for one in await watcher.fires()] == ["failed"], "and nothing ran again"


async def test_what_changed_before_the_job_watched_is_not_its_business(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    async with Watcher(a_job("load", Every(3600 * S))) as watcher:
        write(first, "x")
        write(second, "x")
        for watch in (Watch(str(first)), Watch(str(second))):
            watcher.harness.jobs = [a_job("load", watch)]
            await watcher.restart()
            await watcher.look(4)
            assert await watcher.fires() == ()


async def test_two_paths_that_change_together_are_one_run(tmp_path):
    paths = [tmp_path / "one", tmp_path / "two"]
    job = a_job("load", AnyOf(tuple(Watch(str(path)) for path in paths)))
    async with Watcher(job, took=5 * S) as watcher:
        await watcher.look(2)
        for path in paths:
            write(path, "x")
        await watcher.look(10)
        assert [fire.decision.kind for fire in await watcher.fires()] == ["start"]
        await watcher.restart()
        await watcher.look(4)
        assert len(await watcher.fires()) == 1


async def test_a_paused_queue_waits_without_a_word(tmp_path):
    async with Watcher(a_job("work", Watch(str(tmp_path), "has files"))) as watcher:
        engine = watcher.harness.engine
        pausing = Pause("work", watcher.harness.clock.now(), "somebody")
        await engine.ask(lambda board, now, turn: pause(board, board.jobs["work"], pausing, turn))
        write(tmp_path / "one", "1")
        await watcher.look(40)
        assert await watcher.fires() == ()
        resuming = Unpause("work", watcher.harness.clock.now(), "somebody")
        await engine.ask(lambda board, now, turn: unpause(board, board.jobs["work"], resuming, now, turn))
        await watcher.look(4)
        assert len(await watcher.fires()) == 1


async def test_a_pattern_finds_its_own_among_many_and_says_when_there_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(filelooks, "ENTRIES", 10)
    for number in range(50):
        write(tmp_path / f"{number}.log", "x")
    async with Watcher(
        a_job("csv", Watch(str(tmp_path / "*.csv"))), a_job("log", Watch(str(tmp_path / "*.log")))
    ) as watcher:
        heard = []
        watcher.harness.bus.listen(heard.append)
        await watcher.look(2)
        write(tmp_path / "one.csv", "x")
        await watcher.look(4)
        assert [fire.job for fire in await watcher.fires()] == ["csv"]
        assert [event["job"] for event in heard if "more than 10" in event.get("why", "")] == ["log"]


@pytest.mark.parametrize("ahead", [-3600, 3600], ids=["the file server is behind", "the file server is ahead"])
async def test_clocks_that_disagree_neither_repeat_nor_lose_a_change(tmp_path, ahead):
    file = tmp_path / "in.csv"
    write(file, "old")
    async with Watcher(a_job("load", Watch(str(file)))) as watcher:
        await watcher.harness.clock.step(ahead * S)
        await watcher.look(3)
        before = len(await watcher.fires())
        write(file, "new text")
        await watcher.look(4)
        assert len(await watcher.fires()) == before + 1
        for _ in range(2):
            await watcher.restart()
            await watcher.look(4)
            assert len(await watcher.fires()) == before + 1
        write(file, "newer text, while nobody looked")
        await watcher.restart()
        await watcher.look(4)
        assert len(await watcher.fires()) == before + 2
