"""What the gauges count, and what they leave out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from countedloop import CountedLoop
from gauges import Gauge, Kept, Work

from asched.core.text.durations import as_duration
from asched.core.timeline import Timeline
from asched.testing.clock import FakeClock

FAR = datetime(2100, 1, 1, tzinfo=UTC)


class Link:
    other: "Link | None" = None


@contextmanager
def read_by(gauge: Gauge) -> Iterator[dict[str, int]]:
    found: dict[str, int] = {}
    gauge.prepare()
    gauge.start()
    try:
        yield found
    finally:
        found.update(gauge.stop())


def test_calls_are_those_of_our_own_functions():
    """Neither those of others, nor of what is lent to tests."""

    def not_ours() -> None: ...

    as_duration("1m")  # remembered from now on
    with read_by(Work()) as once:
        as_duration("1m")
    with read_by(Work()) as twice:
        as_duration("1m")
        not_ours()
        FakeClock().now()
        as_duration("1m")
    assert twice["calls"] == 2 * once["calls"] > 0


def test_heap_operations_are_the_pushes_and_pops_of_the_timelines():
    with read_by(Work()) as found:
        timeline = Timeline()
        timeline.put(("a",), FAR)
        timeline.put(("b",), FAR)
        timeline.pop()
    assert found["heap_operations"] == 3


def test_what_only_the_collector_frees_is_garbage_and_what_stays_is_kept():
    kept = []
    with read_by(Kept()) as found:
        for _ in range(100):
            one, other = Link(), Link()
            one.other, other.other = other, one
            kept.append([one] if len(kept) < 10 else [])
        del one, other
    assert 100 <= found["objects"] <= 130  # the lists, and ten pairs
    assert found["garbage"] >= 2 * 90 - 2
    assert found["kept_bytes"] > 0
    assert found["peak_bytes"] > found["kept_bytes"]


def test_tasks_and_handles_are_those_that_others_than_the_driver_make():
    """How often the driver goes round, and what wakes it, is not counted."""

    async def steps(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    async def drive(loop: CountedLoop) -> tuple[int, int]:
        loop.driver = asyncio.current_task()
        await steps(50)
        tasks, handles = loop.tasks, loop.handles
        task = asyncio.ensure_future(steps(3))
        while not task.done():
            await steps(1)
        await asyncio.sleep(0.001)
        return loop.tasks - tasks, loop.handles - handles

    with asyncio.Runner(loop_factory=CountedLoop) as runner:
        assert runner.run(drive(runner.get_loop())) == (1, 3)
