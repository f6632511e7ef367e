"""aiocron: a cron expression and a loop timer for each job."""

from __future__ import annotations

import asyncio
from datetime import UTC

TITLE = "aiocron"
PACKAGES = ("aiocron",)
_RACE = "no record, no overlap or misfire rules; one timer a job, its deadline from the wall clock at the start"
NOTES = {
    **dict.fromkeys(("burst", "tick"), _RACE),
    **dict.fromkeys(("idle", "start"), "one timer a job; no ledger"),
    "parse": "no names, no registry",
    "register": "no names, no registry; cron only",
}
SLOW = ("burst", "tick", "idle", "start")
CASES = {"register": "cron"}


def burst(race) -> None:
    asyncio.run(_race(race))


tick = idle = start = burst


async def _race(race) -> None:
    import aiocron

    jobs = [aiocron.crontab("* * * * * *", func=race.run, args=(index,), tz=UTC) for index in range(race.jobs)]
    jobs += [aiocron.crontab("0 * * * *", func=race.run, args=(0,), tz=UTC) for _ in race.waiting]
    await race.over()
    for job in jobs:
        job.stop()


def register(race) -> None:
    asyncio.run(_register(race))


parse = register


async def _register(race) -> None:
    import aiocron

    from benchmarks.workloads.register import WAITING

    jobs = [aiocron.crontab(race.expression(index), func=race.run, tz=UTC) for index in range(len(race.names))]
    await asyncio.sleep(0)  # they arm their timers in the loop
    race.lap(WAITING)
    for job in jobs:
        job.stop()
