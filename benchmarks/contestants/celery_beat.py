"""Celery beat: its scheduler in this process, as `celery beat` drives it, sending to a broker in memory."""

from __future__ import annotations

import time
from datetime import timedelta

TITLE = "Celery beat"
PACKAGES = ("celery>=5.5,<6",)
_RACE = (
    "runs nothing: counted is when a message was sent, to a broker in this process (no network, no worker); keeps the "
    "last instant of each entry only, here in memory; due is counted from the last send, so it drifts"
)
NOTES = {
    **dict.fromkeys(("burst", "spread", "tick", "drift"), _RACE),
    **dict.fromkeys(("register", "parse", "start"), "entries of a schedule; no check that the task exists"),
    "idle": "looks every five minutes at most, as shipped",
    "help": "`celery --help`",
}
SLOW = ("parse", "register", "burst", "spread", "tick", "drift", "idle", "start")


def burst(race) -> None:
    beat, app = _beat(race)
    race.begin()
    with app.connection_for_write():
        while (left := race.pause()) is not None:
            time.sleep(max(0.0, min(left, beat.tick())))


tick = spread = drift = idle = start = burst


def _beat(race):
    """A beat whose entries are all in place, each with the instant at which it ran last."""
    from celery.beat import Scheduler
    from celery.schedules import schedule
    from celery.signals import after_task_publish

    app = _app()
    beat = Scheduler(app=app)
    now = app.now().replace(microsecond=0)
    period, hourly = schedule(timedelta(seconds=race.period)), schedule(timedelta(hours=1))
    entries = {
        name: _entry(beat, name, period, now + timedelta(seconds=race.offset(index)), index)
        for index, name in enumerate(race.names)
    }
    entries |= {name: _entry(beat, name, hourly, now, 0) for name in race.waiting}
    beat.data.update(entries)
    race.sent = lambda headers, **more: race.tick(int(headers["shadow"]))  # kept alive by the race: signals are weak
    after_task_publish.connect(race.sent)
    return beat, app


def _entry(beat, name, due, last, index):
    return beat.Entry(
        name=name, task="tick", schedule=due, args=(index,), options={"shadow": str(index)}, last_run_at=last
    )


def _app():
    from celery import Celery

    return Celery("race", broker="memory://", set_as_current=False, changes={"timezone": "UTC", "enable_utc": True})


def register(race) -> None:
    from celery.beat import Scheduler
    from celery.schedules import crontab, schedule

    from benchmarks.workloads.register import WAITING

    app = _app()
    app.conf.beat_schedule = {
        name: {
            "task": "tick",
            "schedule": schedule(timedelta(hours=1))
            if race.kind == "every"
            else crontab(*_fields(race.expression(index)), app=app),
        }
        for index, name in enumerate(race.names)
    }
    beat = Scheduler(app=app)
    beat.populate_heap()
    race.lap(WAITING)


parse = register


def _fields(expression: str):
    minute, hour, day_of_month, month_of_year, day_of_week = expression.lower().split()
    return minute, hour, day_of_week, day_of_month, month_of_year


def help(subject) -> None:
    subject.run("-m", "celery", "--help")
