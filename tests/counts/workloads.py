"""What is counted: a few lives of the real Scheduler, on a fake clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stage import Stage

from asched import Scheduler, cron, every

PERIOD = "10s"  # less would fall together with other things, more would count heartbeats


@dataclass(frozen=True)
class Workload:
    """`size` of `unit` is what is counted."""

    title: str
    unit: str
    size: int
    play: Callable[[Stage], Awaitable[None]]


async def nothing() -> None: ...


async def burst(stage: Stage) -> None:
    _intervals(stage.scheduler, stage.size)
    async with stage.scheduler:
        await stage.clock.advance(PERIOD)
        with stage.counted():
            await stage.clock.advance(PERIOD)


async def each_second(stage: Stage) -> None:
    stage.scheduler.add(nothing, every("1s"))
    async with stage.scheduler:
        await stage.clock.advance("10s")
        with stage.counted():
            await stage.clock.advance(stage.size)


async def begin(stage: Stage) -> None:
    with stage.counted():
        _mixed(stage.scheduler, stage.size)
        await stage.scheduler.start()
        await stage.clock.settle()
    await stage.scheduler.stop()


async def restart(stage: Stage) -> None:
    _mixed(stage.scheduler, stage.size)
    async with stage.scheduler:
        await stage.clock.advance("1m")
    scheduler = stage.another()
    _mixed(scheduler, stage.size)
    with stage.counted():
        await scheduler.start()
        await stage.clock.settle()
    await scheduler.stop()


async def retries(stage: Stage) -> None:
    tries: dict[int, int] = {}

    async def fails_twice(number: int) -> None:
        tries[number] = tries.get(number, 0) + 1
        if tries[number] % 3:
            raise ValueError("not yet")

    for number in range(stage.size):
        retry = {"attempts": 3, "delay": "2s", "jitter": 0}
        stage.scheduler.add(fails_twice, every("20s"), name=f"job-{number}", args={"number": number}, retry=retry)
    async with stage.scheduler:
        await stage.clock.advance("30s")
        with stage.counted():
            await stage.clock.advance("20s")


def _intervals(scheduler: Scheduler, jobs: int) -> None:
    for number in range(jobs):
        scheduler.add(nothing, every(PERIOD), name=f"job-{number}")


def _mixed(scheduler: Scheduler, jobs: int) -> None:
    for number in range(jobs):
        schedule = every("1m") if number % 2 else cron(f"* * * * {number % 3 + 1}-{number % 4 + 4}")
        scheduler.add(nothing, schedule, name=f"job-{number}")


WORKLOADS = {
    "burst": Workload("1,000 jobs due at once, which succeed", "run", 1000, burst),
    "each-second": Workload("one job each second, 100 times", "run", 100, each_second),
    "begin": Workload("1,000 jobs, half of them cron, added and started", "job", 1000, begin),
    "restart": Workload("1,000 jobs started from a ledger with a run of each", "job", 1000, restart),
    "retries": Workload("200 jobs due at once, which fail twice and then succeed", "run", 200, retries),
}
