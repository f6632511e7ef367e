"""asched with its ledger in a SQLite file, synchronous FULL, and one JSON log line for each run that ends."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

TITLE = "asched, SQLite FULL"
PACKAGES = ()
_DURABLE = "decision on disk before each start, outcome after it"
NOTES = {
    **dict.fromkeys(("burst", "spread", "stall"), f"{_DURABLE}, and one structlog JSON line a run into a file"),
    "recovery": "every one of them decided, explained and on disk",
    "durable": "start (with its decision and watermark) and end (with outcome and duration); no log line here; its "
    "ledger is always FULL",
}
CASES = {"durable": "FULL"}


def burst(race) -> None:
    asyncio.run(in_race(race))


spread = burst


async def in_race(race, started=lambda: None) -> None:
    await _race(race, race.folder / "asched.db", started)


def stall(crowd) -> None:
    asyncio.run(in_crowd(crowd))


async def in_crowd(crowd, started=lambda: None) -> None:
    from benchmarks.heldledger import HeldLedger

    ledger = HeldLedger(crowd.folder / "asched.db")
    await _race(crowd, ledger, started)
    crowd.held = ledger.held


async def _race(race, ledger, started) -> None:
    from asched import Scheduler, every

    scheduler = Scheduler(ledger=ledger)
    period = timedelta(seconds=race.period)
    for index, name in enumerate(race.names):
        scheduler.add(race.run, every(period, anchor=race.anchor(index)), name=name, args={"index": index})
    scheduler.bus.listen(_line_for_each_run(race.folder / "runs.log"), only=("run.succeeded",))
    async with scheduler:
        started()
        await race.over()


def _line_for_each_run(path):
    import structlog

    log = structlog.wrap_logger(
        structlog.WriteLogger(path.open("w", buffering=1)),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        cache_logger_on_first_use=True,
    ).bind()

    def listen(event) -> None:
        log.info(event["type"], job=event["job"], run=event["run"], duration_s=event["duration_s"])

    return listen


def durable(race) -> None:
    asyncio.run(_durable(race))


async def _durable(race) -> None:
    from asched import Scheduler

    async def run() -> None:
        race.count += 1

    scheduler = Scheduler(ledger=race.folder / "asched.db")
    for name in race.names:
        scheduler.add(run, "after 1ms", name=name)  # after the end of its last run, once that is recorded
    async with scheduler:
        await race.over()


def recovery(absence) -> None:
    served_before(absence)
    asyncio.run(come_back(absence))


def served_before(absence) -> None:
    """A week ago, for a moment."""
    asyncio.run(_served_before(absence))


def _jobs(scheduler, count) -> None:
    from asched import every

    async def nothing() -> None: ...

    for index in range(count):
        scheduler.add(nothing, every("16h"), name=f"job-{index}", catch_up="all")


async def _served_before(absence) -> None:
    from asched import Scheduler
    from asched.testing.clock import FakeClock

    clock = FakeClock(absence.began)
    scheduler = Scheduler(ledger=_ledger(absence), clock=clock)
    _jobs(scheduler, absence.jobs)
    async with scheduler:
        await clock.advance("1s")


def _ledger(absence):
    return absence.folder / "asched.db"


async def come_back(absence, started=lambda: None) -> None:
    from asched import Scheduler
    from asched.core.record import FireQuery
    from benchmarks.pulse import BEAT, Pulse

    scheduler = Scheduler(ledger=_ledger(absence), recovery={"limit": 100, "ask": True})
    _jobs(scheduler, absence.jobs)
    pulse, began = Pulse(), time.perf_counter()
    async with scheduler:
        started()
        absence.starting = pulse.stop()
        pulse = Pulse()
        recovering = scheduler.engine.board.recovering
        while recovering.held is None or recovering.given_up:  # noqa: ASYNC110
            await asyncio.sleep(BEAT)
        absence.planned = time.perf_counter() - began
        absence.stall = pulse.stop()
        absence.fires = len(await scheduler.ledger.fires(FireQuery(limit=1_000_000)))
