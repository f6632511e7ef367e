"""APScheduler 3.11: AsyncIOScheduler as shipped; for `durable` its SQLAlchemy job store on SQLite."""

from __future__ import annotations

import asyncio
from datetime import UTC

TITLE = "APScheduler 3.11"
PACKAGES = ("apscheduler>=3.11,<4", "sqlalchemy>=2")
_RACE = (
    "keeps no record of runs; defaults: misfire_grace_time 1 s (later ones are dropped with a log line only), "
    "max_instances 1, coalesce off; jobs in memory"
)
NOTES = {
    **dict.fromkeys(("burst", "spread", "tick", "drift", "stall"), _RACE),
    **dict.fromkeys(("idle", "start"), "jobs in memory; no ledger"),
    "durable": "stores each job's next fire time only, one commit a run with SQLite's default journal: neither start "
    "nor end nor outcome; coalesce on and no misfire limit, which favours it",
    "next_fire": "its CronTrigger, as the scheduler asks it",
    "parse": "no ledger; each job parses its expression anew",
    "register": "nothing about the function's arguments beyond their number is checked",
}
CASES = {"durable": "FULL"}

SLOW = ("drift", "stall", "idle")

counted = None  # a stored job is named by "module:function", so what it counts into must be found from here


def burst(race) -> None:
    asyncio.run(_race(race))


tick = spread = drift = stall = idle = start = burst


async def _race(race) -> None:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger

    scheduler = AsyncIOScheduler(timezone=UTC)
    for index, name in enumerate(race.names):
        due = IntervalTrigger(seconds=race.period, start_date=race.anchor(index), timezone=UTC)
        due.interval_length = race.period
        scheduler.add_job(race.run, due, args=(index,), id=name)
    hourly = IntervalTrigger(hours=1, timezone=UTC)
    for name in race.waiting:
        scheduler.add_job(race.run, hourly, args=(0,), id=name)
    scheduler.start()
    await race.over()
    scheduler.shutdown(wait=False)


async def count() -> None:
    counted.count += 1


def durable(race) -> None:
    global counted
    counted = race
    asyncio.run(_durable(race))


async def _durable(race) -> None:
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger

    store = SQLAlchemyJobStore(url=f"sqlite:///{race.folder / 'apscheduler.db'}")
    scheduler = AsyncIOScheduler(jobstores={"default": store}, timezone=UTC)
    often = IntervalTrigger(seconds=0.001, timezone=UTC)
    often.interval_length = often.interval.total_seconds()
    scheduler.start(paused=True)
    for name in race.names[:200]:  # each is due again at once: there is always more than it can do
        scheduler.add_job(count, often, id=name, coalesce=True, misfire_grace_time=None)
    scheduler.resume()
    await race.over()
    scheduler.shutdown(wait=False)


def register(race) -> None:
    asyncio.run(_register(race))


parse = register


async def _register(race) -> None:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    from benchmarks.workloads.register import ADDED, WAITING

    scheduler = AsyncIOScheduler(timezone=UTC)
    for index, name in enumerate(race.names):
        if race.kind == "every":
            trigger = IntervalTrigger(hours=1, timezone=UTC)
        else:
            trigger = CronTrigger.from_crontab(race.expression(index), timezone=UTC)
        scheduler.add_job(race.run, trigger, id=name)
    race.lap(ADDED)
    scheduler.start(paused=True)
    race.lap(WAITING)
    scheduler.shutdown(wait=False)


def next_fire(corpus) -> None:
    from apscheduler.triggers.cron import CronTrigger

    corpus.run(
        lambda expression, start, zone: CronTrigger.from_crontab(expression, timezone=zone),
        lambda trigger, at: trigger.get_next_fire_time(at, at),
    )
