"""scheduler (the package of that name): its asyncio Scheduler, a task for each job that sleeps until it is due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

TITLE = "scheduler"
PACKAGES = ("scheduler",)
_RACE = (
    "no record, no names, no policies: as shipped, what it is late for is run at once, one after the other; in memory"
)
NOTES = {
    **dict.fromkeys(("burst", "spread", "tick", "drift", "stall"), _RACE),
    **dict.fromkeys(("idle", "start"), "a task for each job; no ledger"),
    "register": "no names, no cron",
}
SLOW = ("burst", "spread", "tick", "drift", "stall", "idle", "start")
CASES = {"register": "every"}
HOUR = timedelta(hours=1)


def burst(race) -> None:
    asyncio.run(_race(race))


tick = spread = drift = stall = idle = start = burst


async def _race(race) -> None:
    from scheduler.asyncio import Scheduler

    scheduler = Scheduler(tzinfo=UTC)
    period = timedelta(seconds=race.period)
    now = datetime.now(UTC).replace(microsecond=0)
    for index in range(race.jobs):
        first = now + timedelta(seconds=race.offset(index))
        scheduler.cyclic(period, race.run, args=(index,), start=first)
    for _ in race.waiting:
        scheduler.cyclic(HOUR, race.run, args=(0,))
    await race.over()


def register(race) -> None:
    asyncio.run(_register(race))


async def _register(race) -> None:
    from scheduler.asyncio import Scheduler

    from benchmarks.workloads.register import ADDED, WAITING

    scheduler = Scheduler(tzinfo=UTC)
    for name in race.names:
        scheduler.cyclic(HOUR, race.run, alias=name)
    race.lap(ADDED)
    await asyncio.sleep(0)  # its tasks begin to sleep
    race.lap(WAITING)
    scheduler.delete_jobs()
