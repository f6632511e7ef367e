"""asched with its ledger in memory: every decision, run and outcome kept and explained, gone with the process."""

from __future__ import annotations

import asyncio
from datetime import timedelta

TITLE = "asched, memory ledger"
PACKAGES = ()
SLOW = ("stall",)
_RECORDS = "records every fire, run and outcome in memory; nothing on disk"
_WAITING = "validated at `add`; at the start each job's definition is recorded and its first instant computed"
NOTES = {
    **dict.fromkeys(("burst", "spread", "tick", "drift", "stall"), _RECORDS),
    **dict.fromkeys(("register", "parse", "start"), _WAITING),
    "idle": "its watch of the wall clock included",
    "next_fire": "no iterator: each answer follows from the instant that is asked about",
}


def burst(race) -> None:
    asyncio.run(in_race(race))


tick = spread = drift = stall = idle = start = burst


async def in_race(race, started=lambda: None) -> None:
    from asched import Scheduler, every

    scheduler = Scheduler(ledger=":memory:")
    period = timedelta(seconds=race.period)
    for index, name in enumerate(race.names):
        scheduler.add(race.run, every(period, anchor=race.anchor(index)), name=name, args={"index": index})
    for name in race.waiting:
        scheduler.add(race.run, every("1h"), name=name, args={"index": 0})
    async with scheduler:
        started()
        await race.over()


def register(race) -> None:
    asyncio.run(_register(race))


parse = register


async def _register(race) -> None:
    from asched import Scheduler, cron, every
    from benchmarks.workloads.register import ADDED, WAITING

    scheduler = Scheduler(ledger=":memory:")
    for index, name in enumerate(race.names):
        scheduler.add(race.run, every("1h") if race.kind == "every" else cron(race.expression(index)), name=name)
    race.lap(ADDED)
    async with scheduler:
        race.lap(WAITING)


def next_fire(corpus) -> None:
    from asched.core.localtime.cron import Cron

    corpus.run(lambda expression, start, zone: Cron(expression, zone.key), Cron.next_after)
