"""asched with its ledger in memory: every decision, run and outcome kept and explained, gone with the process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

TITLE = "asched, memory ledger"
PACKAGES = ()
NOTES = {
    "burst": "records every fire, run and outcome in memory; nothing on disk",
    "register": "validated at `add`; at the start each job's definition is recorded and its first instant computed",
    "next_fire": "no iterator: each answer follows from the instant that is asked about",
}


def burst(race) -> None:
    asyncio.run(_burst(race))


async def _burst(race) -> None:
    from asched import Scheduler, every

    each_second = every("1s", anchor=datetime(2026, 1, 1, tzinfo=UTC))
    scheduler = Scheduler(ledger=":memory:")
    for index, name in enumerate(race.names):  # before the start, as the others: afterwards each `add` costs more
        scheduler.add(race.run, each_second, name=name, args={"index": index})
    async with scheduler:
        await race.over()


def register(race) -> None:
    asyncio.run(_register(race))


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
