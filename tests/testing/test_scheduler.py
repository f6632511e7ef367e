"""The public Scheduler: what somebody who embeds it may do to it, and what it must not do back."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import pytest

from asched import ConfigurationError, NotRunning, Refused, Scheduler
from asched.engine.audit import audit
from asched.ledger.memory import MemoryLedger
from asched.runners.registry import Runners
from asched.testing.clock import FakeClock

pytestmark = pytest.mark.anyio


async def nothing() -> None: ...


class SlowLedger(MemoryLedger):
    """Takes its time for each commit."""

    async def commit(self, owner, changes):
        await asyncio.sleep(0.05)
        return await super().commit(owner, changes)


async def test_what_is_asked_right_after_an_add_comes_behind_it():
    async with Scheduler(ledger=":memory:") as s:
        s.add(nothing, name="new")
        run = await s["new"].run()
        assert (await run.outcome()).kind == "succeeded"


@pytest.mark.parametrize(
    "asked",
    [
        {"scheduled_at": datetime.fromisoformat("2026-01-01")},
        {"scheduled_at": datetime.fromisoformat("9999-12-31T23:59:59-14:00")},
        {"args": "abc"},
    ],
)
async def test_a_bad_argument_is_refused_and_harms_nobody(asked):
    async with Scheduler(ledger=":memory:") as s:
        s.add(nothing, name="job")
        with pytest.raises(Refused):
            await s["job"].run(**asked)
        await s["job"].run(by=None, reason=3)
        assert s.running


async def test_a_run_whose_start_is_still_being_recorded_is_stopped_too():
    async def forever() -> None:
        await asyncio.Event().wait()

    s = Scheduler(ledger=SlowLedger())
    s.add(forever, name="forever", kill_after="1s")
    await s.start()
    asking = asyncio.ensure_future(s["forever"].run())
    await asyncio.sleep(0.01)
    await asyncio.wait_for(s.stop(drain="10ms"), 5)
    (run,) = await s.runs("forever")
    assert run.outcome is not None
    assert run.outcome.kind == "interrupted"
    await asyncio.gather(asking, return_exceptions=True)


async def test_a_refused_add_leaves_nothing_behind():
    async with Scheduler(ledger=":memory:") as s:
        with pytest.raises(ConfigurationError):
            s.add(nothing, name="x", after="nosuch")
        s.add(nothing, name="x")
        s.add(nothing, name="y", after="x")


async def test_single_instants_find_a_free_name_after_one_was_revoked():
    async with Scheduler(ledger=":memory:") as s:
        first, *_ = [s.at("2099-12-24T17:30", nothing) for _ in range(3)]
        first.cancel()
        s.at("2099-12-24T17:30", nothing)
        assert len(s.jobs) == 3


async def test_events_end_with_the_scheduler_and_are_over_after_it():
    s = Scheduler(ledger=":memory:")
    async with s:
        pass
    assert [event async for event in s.events()] == []


async def test_the_lost_run_of_a_job_that_is_gone_is_abandoned():
    ledger = MemoryLedger()

    async def forever() -> None:
        await asyncio.Event().wait()

    lost = Scheduler(ledger=ledger)
    lost.add(forever, name="gone")
    await lost.start()
    await lost["gone"].run()
    lost.engine.die()
    lost._life._over = True
    tasks = [lost._life.task, *lost._life._helpers, *(one.task for one in lost.engine.dispatch.running.values())]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with Scheduler(ledger=ledger) as s:
        (run,) = await s.runs("gone")
        assert run.outcome.kind == "abandoned"


def unwritable(job):
    """No JSON text says it: it holds itself."""
    endless = []
    endless.append(endless)
    return replace(job, args={"endless": endless})


async def test_a_reload_that_cannot_be_written_down_leaves_the_old_set_whole():
    s = Scheduler(ledger=":memory:")
    one, two = (s.add(nothing, "every 1h", name=name).definition for name in ("one", "two"))
    s.replace([one, two])
    async with s:
        await s.reload([one, two])
        for bad in ([unwritable(two)], [one, replace(two, name="one")], [replace(two, after=("nosuch",))]):
            with pytest.raises(ConfigurationError, match=r'job "(one|two)"'):
                await s.reload(bad)
            assert [handle.name for handle in s.jobs] == ["one", "two"]
            assert set(s.engine.board.jobs) == {"one", "two"}
        await s.reload([two])
        assert [handle.name for handle in s.jobs] == ["two"]


async def test_a_reload_keeps_what_is_added_meanwhile_and_fails_with_its_engine():
    s = Scheduler(ledger=SlowLedger())
    one = s.add(nothing, name="one").definition
    s.replace([one])
    async with s:
        reloading = asyncio.ensure_future(s.reload([replace(one, name="two")]))
        await asyncio.sleep(0)
        s.add(nothing, name="three")
        await reloading
        await s["three"].run()
        assert {handle.name for handle in s.jobs} == set(s.engine.board.jobs) == {"two", "three"}
    with pytest.raises(NotRunning):
        await s.reload([one])
    assert {handle.name for handle in s.jobs} == {"two", "three"}


async def test_what_cannot_be_written_down_does_not_start():
    s = Scheduler(ledger=":memory:")
    s.add(nothing, name="one")
    s.replace([unwritable(s.definition("one"))])
    with pytest.raises(ConfigurationError, match="cannot be written down"):
        await s.start()


@pytest.mark.parametrize("ledger", ["memory", "sqlite"])
def test_a_program_that_ends_without_stopping_it_ends(ledger, tmp_path):
    """The loop cancels every task once: ours must not refuse that for ever, nor swallow what ended the program."""
    code = f"""
import asyncio
from asched import Scheduler

async def tick(): ...

async def main():
    scheduler = Scheduler(ledger={":memory:" if ledger == "memory" else str(tmp_path / "x.db")!r})
    scheduler.add(tick, "every 100ms")
    await scheduler.start()
    await asyncio.sleep(0.3)
    raise ValueError("what ended it")

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert "ValueError: what ended it" in ended.stderr
    assert "nothing fires any more" in ended.stderr


async def test_an_engine_that_others_cancelled_does_not_pass_for_one_that_stopped():
    said = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context["message"]))
    s = Scheduler(ledger=":memory:")
    await asyncio.create_task(s.start())  # its owner is gone
    (engine,) = [task for task in asyncio.all_tasks() if task.get_name() == "asched engine"]
    engine.cancel()
    with pytest.raises(NotRunning, match="cancelled"):
        await s.wait()
    assert [message for message in said if "nothing fires any more" in message]
    await s.stop()


async def test_a_runner_that_cannot_be_closed_leaves_the_ledger_free(tmp_path):
    class Stubborn(Runners):
        async def close(self):
            raise RuntimeError("not closed")

    s = Scheduler(ledger=tmp_path / "x.db", runner=Stubborn())
    await s.start()
    events = s.events()
    with pytest.raises(RuntimeError, match="not closed"):
        await s.stop()
    async with asyncio.timeout(5):
        assert [event async for event in events] == [], "whoever listens is told that it is over"
    async with Scheduler(ledger=tmp_path / "x.db") as another:
        assert another.running


async def test_single_fires_go_otherwise_and_so_they_do_after_a_restart():
    """Of an hourly job: one is skipped, one is brought forward, one is moved to later, one is added."""
    ledger, clock = MemoryLedger(), FakeClock("2026-01-01T12:30Z")
    hour = clock.now().replace(hour=0, minute=0)
    async with Scheduler(ledger=ledger, clock=clock) as s:
        job = s.add(nothing, "0 * * * *", name="hourly")
        await job.skip(reason="holiday", by="ana")
        await job.move(hour.replace(hour=16), hour.replace(hour=12, minute=45), by="ana")
        await job.move(hour.replace(hour=14), hour.replace(hour=15, minute=30), by="ben")
        await job.add_once(hour.replace(hour=17, minute=10), by="ben")
        assert job.next_at == hour.replace(hour=12, minute=45)
        await clock.advance("20m")
        with pytest.raises(Refused, match="brought forward"):
            await job.restore(hour.replace(hour=16))
        with pytest.raises(Refused, match="offset"):
            await job.add_once(datetime.fromisoformat("2026-01-02"))
    async with Scheduler(ledger=ledger, clock=clock) as s:
        job = s.add(nothing, "0 * * * *", name="hourly")
        await clock.settle()
        assert [one.kind for one in job.occurrences] == ["skip", "move", "move", "add"]
        await clock.advance("5h")
        assert job.occurrences == ()
        found = [(f"{f.scheduled_at:%H:%M}", f.fire.nonce, f.decision.kind) for f in await job.fires()]
        assert (await audit(ledger, clock.now())).balanced
    assert sorted(found) == [
        ("13:00", "", "skip"),
        ("14:00", "", "skip"),
        ("14:00", "moved", "start"),
        ("15:00", "", "start"),
        ("16:00", "", "skip"),
        ("16:00", "moved", "start"),
        ("17:00", "", "start"),
        ("17:10", "added", "start"),
    ]


async def test_a_job_that_others_come_after_is_not_discarded_before_them():
    async with Scheduler(ledger=":memory:") as s:
        s.add(nothing, name="first")
        s.add(nothing, name="second", after="first")
        s.add(nothing, name="third", after=["first", "second"])
        with pytest.raises(Refused, match='"second", "third" would wait for it for ever'):
            s.discard("first")
        with pytest.raises(Refused, match='"third"'):
            s["second"].cancel()
        assert [handle.name for handle in s.jobs] == ["first", "second", "third"]
        for name in ("third", "second", "first"):
            s.discard(name)
        assert s.jobs == ()


async def test_why_answers_for_any_instant_of_a_job():
    async with Scheduler(ledger=":memory:", timezone="Europe/Berlin") as s:
        s.add(nothing, "daily at 02:30", name="nightly")
        run = await s["nightly"].run()
        record = await run.wait()
        told = str(await s["nightly"].why(record.scheduled_at))
        assert "manual run 1-1: it was started, and " in told
        assert told.endswith("it succeeded")
        skipped = await s["nightly"].why(datetime.fromisoformat("2100-03-28T02:31+02:00"))
        assert (skipped.verdict.kind, skipped.zone) == ("never_due", "Europe/Berlin")
        with pytest.raises(Refused, match="no offset"):
            await s["nightly"].why(datetime.fromisoformat("2100-03-28T02:31"))


async def test_a_fire_that_is_added_for_now_is_due_at_once() -> None:
    ledger, clock = MemoryLedger(), FakeClock("2026-01-01T12:30Z")
    async with Scheduler(ledger=ledger, clock=clock) as s:
        job = s.add(nothing, "0 * * * *", name="hourly")
        added = await job.add_once(by="ana")
        assert added.scheduled_at == clock.now()
        await clock.settle()
        (run,) = await s.runs("hourly")
        assert (run.scheduled_at, run.outcome and run.outcome.kind) == (added.scheduled_at, "succeeded")
        assert job.occurrences == ()
