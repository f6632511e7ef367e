"""What is asked of a scheduler while it starts holds from its start: whoever asks need not know how far it has come."""

import asyncio

import pytest

from asched import ConfigurationError, Refused, Scheduler
from asched.core.record import FireQuery
from asched.engine.audit import audit
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

CALLS = ["open", "enter", "restore", "versions_after", "commit"]
anywhere = pytest.mark.parametrize("at", CALLS)


async def work() -> None: ...


class Interrupted(MemoryLedger):
    """Somebody does something in the midst of the first call of `at`."""

    def __init__(self):
        super().__init__()
        self.at, self.do = "", None

    def during(self, at, do):
        self.at, self.do = at, do

    def __getattribute__(self, name):
        own = super().__getattribute__(name)
        return self._interrupt(own) if name == super().__getattribute__("__dict__").get("at") else own

    def _interrupt(self, own):
        async def call(*given, **more):
            self.at = ""
            await asyncio.sleep(0)
            self.do()
            await asyncio.sleep(0)
            return await own(*given, **more)

        return call


def scheduler(ledger, clock=None, **jobs):
    s = Scheduler(ledger=ledger, clock=clock or FakeClock())
    for name, schedule in jobs.items():
        s.add(work, schedule, name=name)
    return s


async def started(ledger, job):
    """How many seconds after its first midnight."""
    midnight = FakeClock().now()
    found = await ledger.fires(FireQuery(jobs=(job,), decisions=("start",), oldest_first=True))
    return [int((one.scheduled_at - midnight).total_seconds()) for one in found]


@anywhere
async def test_a_job_that_is_discarded_does_not_fire(at):
    s = scheduler(ledger := Interrupted(), clock := FakeClock(), one="every 10s", two="every 10s")
    ledger.during(at, lambda: s.discard("one"))
    async with s:
        await clock.advance("35s")
        assert list(s.engine.board.jobs) == ["two"]
    assert (await started(ledger, "one"), await started(ledger, "two")) == ([], [10, 20, 30])
    assert [v.job for v in await ledger.versions(active=True)] == ["two"]
    assert not (await audit(ledger, clock.now())).imbalances


@anywhere
async def test_one_that_is_defined_anew_fires_as_it_is_defined_now(at):
    def anew():
        s.discard("one")
        s.add(work, "every 20s", name="one")

    s = scheduler(ledger := Interrupted(), clock := FakeClock(), one="every 10s")
    ledger.during(at, anew)
    async with s:
        await clock.advance("45s")
    assert await started(ledger, "one") == [20, 40]


@anywhere
async def test_one_that_is_added_and_discarded_again_was_never_there(at):
    def to_and_fro():
        s.add(work, "every 10s", name="one")
        s.discard("one")

    s = scheduler(ledger := Interrupted(), clock := FakeClock())
    ledger.during(at, to_and_fro)
    async with s:
        await clock.advance("45s")
    assert await ledger.versions() == ()


@anywhere
async def test_one_that_is_added_must_go_together_with_the_others(at):
    refused = []

    def add():
        with pytest.raises(ConfigurationError, match='"nobody"'):
            s.add(work, name="late", after="nobody")
        s.add(work, name="later", after="one")
        refused.append("late")

    s = scheduler(ledger := Interrupted(), clock := FakeClock(), one="every 10s")
    ledger.during(at, add)
    async with s:
        s.add(work, name="last", after="later")
        await clock.advance("15s")
    assert (refused, await started(ledger, "last")) == (["late"], [10])


@pytest.mark.parametrize("when", ["before", *CALLS, "after"])
@pytest.mark.parametrize("wait", [{}, {"wait": "1h"}], ids=["at once", "with a wait"])
@pytest.mark.parametrize("owed", [False, True], ids=["ahead", "owed"])
async def test_a_need_that_was_met_before_is_known_whenever_the_job_is_added(when, wait, owed):
    """`owed`: its fire is due the moment it comes, for it was there before."""
    ledger, clock = Interrupted(), FakeClock("2026-01-01T09:00Z")

    def add(s):
        s.add(work, "daily at 10:30", name="report", needs="rates", catch_up="latest", **wait)

    s = scheduler(ledger, clock, rates="daily at 09:30")
    add(s)
    async with s:
        await clock.advance("1h")
    await clock.advance("45m" if owed else "1s")
    s = scheduler(ledger, clock, rates="daily at 09:30")
    if when == "before":
        add(s)
    elif when != "after":
        ledger.during(when, lambda: add(s))
    async with s:
        if when == "after":
            add(s)
        await clock.advance("44m")
        (fire,) = await ledger.fires(FireQuery(jobs=("report",)))
        assert (fire.outcome and fire.outcome.kind) == "succeeded", fire


async def test_a_need_that_was_not_met_blocks_once_that_is_known():
    ledger, clock = MemoryLedger(), FakeClock("2026-01-01T10:00Z")

    def add(s):
        s.add(work, "daily at 10:30", name="report", needs="rates", catch_up="latest")

    s = scheduler(ledger, clock, rates="daily at 09:30")
    add(s)
    async with s:
        pass
    await clock.advance("45m")
    async with scheduler(ledger, clock, rates="daily at 09:30") as s:
        add(s)
        await clock.settle()
        (fire,) = await ledger.fires(FireQuery(jobs=("report",)))
        assert (fire.decision.kind, fire.decision.reason) == ("skip", "blocked")


@anywhere
async def test_a_stop_waits_for_the_start_and_then_stops(at):
    stops = []
    s = scheduler(ledger := Interrupted(), clock := FakeClock(), one="every 10s")
    ledger.during(at, lambda: stops.append(asyncio.ensure_future(s.stop())))
    await s.start()
    await asyncio.gather(*stops)
    assert not s.running
    await clock.advance("1m")
    assert await started(ledger, "one") == []
    assert all(one.left_at is not None for one in await ledger.instances())


async def test_a_stop_while_the_jobs_are_read_does_so_too():
    s = scheduler(MemoryLedger(), one="every 10s")
    s._sources = ("jobdoubles",)
    starting = asyncio.ensure_future(s.start())
    await asyncio.sleep(0)
    await s.stop()
    assert starting.done()
    assert not s.running


async def test_a_stop_that_is_no_longer_waited_for_stops_it_all_the_same():
    stops = []

    def ask():
        stops.append(stopping := asyncio.ensure_future(s.stop()))
        asyncio.get_running_loop().call_soon(stopping.cancel)  # it has begun to wait by then

    s = scheduler(ledger := Interrupted(), one="every 10s")
    ledger.during("restore", ask)
    await s.start()
    await s.wait()
    assert stops[0].cancelled()
    assert not s.running


async def test_a_stop_of_a_start_that_fails_has_nothing_to_do_and_it_may_be_started_anew():
    stops = []

    def fail():
        stops.append(asyncio.ensure_future(s.stop()))
        raise OSError("no")

    s = scheduler(ledger := Interrupted(), clock := FakeClock(), one="every 10s")
    ledger.during("enter", fail)
    with pytest.raises(OSError, match="no"):
        await s.start()
    await asyncio.gather(*stops)
    async with s:
        await clock.advance("15s")
    assert await started(ledger, "one") == [10]


@anywhere
async def test_it_is_started_once(at):
    said = []

    async def again():
        with pytest.raises(Refused, match="has been started already"):
            await s.start()
        with pytest.raises(Refused, match="reload"):
            s.replace([])
        said.append(len(await ledger.instances()))

    s = scheduler(ledger := Interrupted(), one="every 10s")
    tasks = []
    ledger.during(at, lambda: tasks.append(asyncio.ensure_future(again())))
    async with s:
        await asyncio.gather(*tasks)
    assert len(said) == len(await ledger.instances()) == 1
