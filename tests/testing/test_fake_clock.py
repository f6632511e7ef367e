"""The fake clock stands still until it is told to move, and then nothing is skipped."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched import Run, Scheduler
from asched.engine.clock import Axes, sleep
from asched.testing.clock import FakeClock

pytestmark = pytest.mark.anyio
S = timedelta(seconds=1)

STARTS = [
    ("2026-03-28T12:00+01:00[Europe/Berlin]", datetime(2026, 3, 28, 11, tzinfo=UTC)),
    ("2026-03-28T12:00[Europe/Berlin]", datetime(2026, 3, 28, 11, tzinfo=UTC)),
    ("2026-03-28T12:00+05:30", datetime(2026, 3, 28, 6, 30, tzinfo=UTC)),
    ("2026-03-28T12:00Z", datetime(2026, 3, 28, 12, tzinfo=UTC)),
    ("2026-03-28", datetime(2026, 3, 28, tzinfo=UTC)),
    (datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin")), datetime(2026, 3, 28, 11, tzinfo=UTC)),
]


@pytest.mark.parametrize(("start", "instant"), STARTS, ids=str)
async def test_it_starts_at_any_iso_text_or_aware_datetime(start, instant):
    assert FakeClock(start).now() == instant
    assert FakeClock(start).now().tzinfo is UTC


async def test_what_is_no_instant_is_refused():
    with pytest.raises(ValueError, match=r"not an ISO instant|Invalid isoformat"):
        FakeClock("[Europe/Berlin]")


async def test_it_stands_still():
    clock = FakeClock()
    before = clock.now(), clock.monotonic(), clock.boot()
    await asyncio.sleep(0.01)
    assert (clock.now(), clock.monotonic(), clock.boot()) == before


def readings(clock):
    return clock.now(), clock.monotonic(), clock.boot()


async def moved(clock, move):
    wall, mono, boot = readings(clock)
    await move
    after = readings(clock)
    return (after[0] - wall).total_seconds(), round(after[1] - mono, 6), round(after[2] - boot, 6)


async def test_which_clocks_move_is_what_tells_the_troubles_apart():
    clock = FakeClock()
    assert await moved(clock, clock.advance("90s")) == (90, 90, 90)
    assert await moved(clock, clock.step("1h")) == (3600, 0, 0)
    assert await moved(clock, clock.step(timedelta(hours=-2))) == (-7200, 0, 0)
    assert await moved(clock, clock.suspend("8h")) == (28800, 0, 28800)
    assert await moved(clock, clock.stall("5s")) == (5, 5, 5)


async def test_timers_fire_in_order_each_at_its_own_instant():
    clock, seen = FakeClock(), []
    for seconds in (5, 1, 3, 3):
        clock.call_at(clock.monotonic() + seconds, lambda s=seconds: seen.append((s, clock.now().second)))
    await clock.advance("4s")
    assert seen == [(1, 1), (3, 3), (3, 3)]
    await clock.advance("4s")
    assert seen[-1] == (5, 5)


async def test_a_cancelled_timer_does_not_fire():
    clock, seen = FakeClock(), []
    clock.call_at(clock.monotonic() + 1, lambda: seen.append(1)).cancel()
    await clock.advance("2s")
    assert seen == []


async def test_after_a_stall_everything_is_late():
    clock, seen = FakeClock("2026-01-01"), []
    for seconds in (1, 2):
        clock.call_at(clock.monotonic() + seconds, lambda: seen.append(clock.now().second))
    await clock.stall("10s")
    assert seen == [10, 10]


async def test_sleepers_wake_in_order_also_those_that_sleep_again():
    clock, seen = FakeClock("2026-01-01"), []

    async def sleeper(name, period):
        while True:
            await sleep(clock, period)
            seen.append((name, clock.now().second))

    tasks = [asyncio.create_task(sleeper("a", 2)), asyncio.create_task(sleeper("b", 3))]
    await clock.advance("7s")
    assert seen == [("a", 2), ("b", 3), ("a", 4), ("a", 6), ("b", 6)] or seen == [
        ("a", 2),
        ("b", 3),
        ("a", 4),
        ("b", 6),
        ("a", 6),
    ]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_it_advances_to_an_instant():
    clock = FakeClock("2026-01-01")
    await clock.advance_to("2026-03-01T00:00+01:00")
    assert clock.now() == datetime(2026, 2, 28, 23, tzinfo=UTC)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=400)), max_size=30))
def test_nothing_is_ever_rounded(moves):
    clock = FakeClock("2026-01-01")
    axes = Axes(clock)
    for by in moves:
        clock._move(by // timedelta(microseconds=1))
    now = axes.read()
    assert now.wall == datetime(2026, 1, 1, tzinfo=UTC) + sum(moves, timedelta(0))
    assert math.isclose(now.steady.timestamp(), now.wall.timestamp(), abs_tol=2e-6)
    assert axes.jumps() == []


# With a scheduler on it.


async def test_an_instant_is_over_only_when_the_runs_of_that_instant_are_done():
    clock, seen = FakeClock("2026-01-01"), []
    async with Scheduler(ledger=":memory:", clock=clock) as s:

        @s.job("every 10s")
        async def tick():
            for _ in range(20):
                await asyncio.sleep(0)
            seen.append(clock.now().second)

        await clock.advance("30s")
        assert seen == [10, 20, 30]


async def test_a_plain_function_in_a_thread_is_waited_for():
    clock, seen = FakeClock("2026-01-01"), []
    async with Scheduler(ledger=":memory:", clock=clock) as s:

        @s.job("every 10s")
        def tick(run: Run):
            seen.append(run.scheduled_at.second)

        await clock.advance("20s")
        assert seen == [10, 20]


async def test_two_schedulers_may_share_a_clock():
    clock = FakeClock("2026-01-01")
    async with Scheduler(ledger=":memory:", clock=clock) as one, Scheduler(ledger=":memory:", clock=clock) as two:
        for s in (one, two):
            s.add(asyncio.sleep, "every 10s", name="nap", args={"delay": 0})
        await clock.advance("30s")
        assert [len(await s["nap"].runs()) for s in (one, two)] == [3, 3]


async def test_stopping_waits_for_what_runs_in_fake_time_only():
    clock = FakeClock("2026-01-01")
    s = Scheduler(ledger=":memory:", clock=clock, drain="1h")
    await s.start()

    @s.job("every 10s", timeout="2h")
    async def nap():
        await sleep(clock, 600)

    await clock.advance("11s")
    await s.stop()
    (run,) = await s["nap"].runs()
    assert (run.outcome.kind, run.duration) == ("succeeded", timedelta(seconds=600))
