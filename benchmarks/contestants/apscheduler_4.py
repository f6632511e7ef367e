"""APScheduler 4.0 alpha: AsyncScheduler, in memory; for `durable` its SQLAlchemy data store on SQLite."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

TITLE = "APScheduler 4.0a6"
PACKAGES = ("apscheduler==4.0.0a6", "sqlalchemy[asyncio]>=2", "aiosqlite", "sniffio")  # sniffio: imported undeclared
_RACE = (
    "keeps no record of runs after they end; defaults: 100 runs at once; max_running_jobs raised from 1 to "
    "all (one function is one task here), which favours it"
)
SLOW = ("parse", "register", "burst", "spread", "tick", "drift", "idle", "durable")
NOTES = {
    **dict.fromkeys(("burst", "spread", "tick", "drift"), _RACE),
    **dict.fromkeys(("idle", "start"), "schedules in memory; no ledger"),
    "durable": "job row at the start, deleted at the end: no history stays; 200 schedules due each second, so 200/s "
    "is the most that it is offered; SQLite's default journal",
    "parse": "schedules in memory; no ledger",
    "register": "added to a running scheduler: there is no other way; one schedule row in memory",
}
CASES = {"durable": "FULL"}

counted = None  # a stored task is named by "module:function", so what it counts into must be found from here


def burst(race) -> None:
    asyncio.run(_race(race))


tick = spread = drift = idle = start = burst


async def _race(race) -> None:
    from apscheduler import AsyncScheduler
    from apscheduler.triggers.interval import IntervalTrigger

    async with AsyncScheduler() as scheduler:
        await scheduler.configure_task("tick", func=race.run, max_running_jobs=max(1, race.jobs))
        start = datetime.now(UTC).replace(microsecond=0)
        for index, name in enumerate(race.names):
            due = IntervalTrigger(
                microseconds=round(race.period * 1e6), start_time=start + timedelta(seconds=race.offset(index))
            )
            await scheduler.add_schedule("tick", due, id=name, args=(index,))
        for name in race.waiting:
            due = IntervalTrigger(hours=1, start_time=start + timedelta(hours=1))
            await scheduler.add_schedule("tick", due, id=name, args=(0,))
        await scheduler.start_in_background()
        await race.over()


async def count() -> None:
    counted.count += 1


def durable(race) -> None:
    global counted
    counted = race
    asyncio.run(_durable(race))


async def _durable(race) -> None:
    from apscheduler import AsyncScheduler
    from apscheduler.datastores.sqlalchemy import SQLAlchemyDataStore
    from apscheduler.triggers.interval import IntervalTrigger
    from sqlalchemy.ext.asyncio import create_async_engine

    store = SQLAlchemyDataStore(create_async_engine(f"sqlite+aiosqlite:///{race.folder / 'apscheduler.db'}"))
    async with AsyncScheduler(store) as scheduler:
        await scheduler.configure_task("count", func=count, max_running_jobs=race.jobs)
        for name in race.names[:200]:
            await scheduler.add_schedule("count", IntervalTrigger(seconds=1), id=name)
        await scheduler.start_in_background()
        await race.over()


def register(race) -> None:
    asyncio.run(_register(race))


parse = register


async def _register(race) -> None:
    from apscheduler import AsyncScheduler
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    from benchmarks.workloads.register import WAITING

    async with AsyncScheduler() as scheduler:
        await scheduler.configure_task("tick", func=race.run)
        for index, name in enumerate(race.names):
            if race.kind == "every":
                trigger = IntervalTrigger(hours=1)
            else:
                trigger = CronTrigger.from_crontab(race.expression(index), timezone=UTC)
            await scheduler.add_schedule("tick", trigger, id=name)
        race.lap(WAITING)
