"""schedule: run_pending in a loop of one's own, sleeping as long as it says."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

TITLE = "schedule"
PACKAGES = ("schedule",)
_RACE = (
    "calls plain functions in turn: no asyncio, no task a run, no record, no isolation of errors; the next "
    "time is counted from when the last run began, so it drifts by its lateness each time, which a few seconds do not "
    "show; sorts all due jobs on each pass"
)
NOTES = {
    **dict.fromkeys(("burst", "spread", "tick", "drift"), _RACE),
    **dict.fromkeys(("idle", "start"), "no asyncio, no ledger"),
    "register": "no names, no validation of the function; interval only",
}
SLOW = ("tick", "spread", "idle")
CASES = {"register": "every"}


def burst(race) -> None:
    import schedule

    scheduler = schedule.Scheduler()
    jobs = [scheduler.every(race.period).seconds.do(race.tick, index) for index in range(race.jobs)]
    first = datetime.now().replace(microsecond=0) + timedelta(seconds=1)  # noqa: DTZ005 (its times are naive and local)
    for index, job in enumerate(jobs):  # it would begin each at the instant when it was added
        job.next_run = first + timedelta(seconds=race.offset(index))
    for _ in race.waiting:
        scheduler.every(1).hours.do(race.tick, 0)
    race.begin()
    while (left := race.pause()) is not None:
        scheduler.run_pending()
        time.sleep(max(0.0, min(left, scheduler.idle_seconds)))


tick = spread = drift = idle = start = burst


def register(race) -> None:
    import schedule

    from benchmarks.workloads.register import WAITING

    scheduler = schedule.Scheduler()
    for name in race.names:
        scheduler.every(1).hours.do(race.tick).tag(name)
    race.lap(WAITING)
