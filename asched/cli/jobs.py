"""`asched list` and `asched show`: the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.outlook import next_of, standing, upcoming_of
from asched.cli.verb import complete_job, verb
from asched.core.change import Pause
from asched.core.explain import explain_trigger
from asched.core.model import Job
from asched.core.record import FireQuery, FireRecord


@dataclass(frozen=True, slots=True)
class Standing:
    """A job, and what the ledger knows of it."""

    job: Job
    next_at: datetime | None
    last: FireRecord | None
    pause: Pause | None

    @property
    def state(self) -> str:
        if self.job.disabled:
            return "disabled"
        return "paused" if self.pause is not None else "enabled"


@verb("list")
def list_command(desk: Desk) -> None:
    """The jobs, when each is due next, and how it last went."""
    jobs = desk.wait_for(_standings(desk))
    if desk.as_json:
        show.as_json([_json(one) for one in jobs])
        return
    rows = [
        (one.job.name, one.state, when_due(one.job), show.when(one.next_at, desk.zone), _last(desk, one.last))
        for one in jobs
    ]
    show.table(("JOB", "STATE", "SCHEDULE", "NEXT", "LAST"), rows)
    for one in jobs:
        if one.job.disabled:
            desk.talk(f"{one.job.name}: {one.job.disabled}")
    desk.talk("next: asched show JOB")


async def _standings(desk: Desk) -> list[Standing]:
    async with desk.reading_if_any() as ledger:
        known = await standing(ledger)
        found = []
        for job in desk.configuration.jobs:
            last: Sequence[FireRecord] = ()
            if ledger is not None:
                last = await ledger.fires(FireQuery(jobs=(job.name,), decisions=("start",), limit=1))
            next_at = None if job.disabled else next_of(job, known.versions.get(job.name), desk.now())
            found.append(Standing(job, next_at, last[0] if last else None, known.pauses.get(job.name)))
        return found


def when_due(job: Job) -> str:
    """A job's schedule in words."""
    if job.trigger is not None:
        return explain_trigger(job.trigger)
    return f"after {' and '.join(job.after)}" if job.after else "by hand"


def _last(desk: Desk, record: FireRecord | None) -> str:
    if record is None:
        return "-"
    return f"{show.state_of(record)} {show.when(record.started_at, desk.zone)}"


def _json(one: Standing) -> dict[str, Any]:
    job = one.job
    return {
        "name": job.name,
        "state": one.state,
        "disabled": job.disabled or None,
        "paused": None
        if one.pause is None
        else {"by": one.pause.by, "reason": one.pause.reason, "since": one.pause.at},
        "schedule": None if job.trigger is None else job.trigger.text(),
        "explained": when_due(job),
        "after": list(job.after),
        "timezone": job.timezone,
        "next_at": one.next_at,
        "last": None if one.last is None else show.record_json(one.last),
        "description": job.description,
        "source": job.source,
    }


@verb("show")
@click.argument("job", shell_complete=complete_job)
def show_command(desk: Desk, job: str) -> None:
    """Everything about one job."""
    definition = desk.job(job)
    one = next(one for one in desk.wait_for(_standings(desk)) if one.job.name == job)
    recent, upcoming = desk.wait_for(_details(desk, definition))
    if desk.as_json:
        more = {"policies": _policies(definition), "upcoming": upcoming, "runs": [show.record_json(r) for r in recent]}
        show.as_json({**_json(one), **more})
        return
    _show_facts(desk, one)
    if upcoming:
        click.echo("\nnext")
        for instant in upcoming:
            click.echo(f"  {show.when(instant, desk.zone)}")
    if recent:
        click.echo("\nlatest runs")
        for record in recent:
            click.echo(f"  {record.run:<8} {show.when(record.scheduled_at, desk.zone)}  {show.state_of(record)}")
    desk.talk(f"next: asched run {job}")


async def _details(desk: Desk, job: Job) -> tuple[Sequence[FireRecord], list[datetime]]:
    async with desk.reading_if_any() as ledger:
        known = await standing(ledger)
        recent: Sequence[FireRecord] = ()
        if ledger is not None:
            recent = await ledger.fires(FireQuery(jobs=(job.name,), decisions=("start",), limit=5))
        version = known.versions.get(job.name)
        return recent, [] if job.disabled else upcoming_of(job, version, desk.now(), 5)


def _show_facts(desk: Desk, one: Standing) -> None:
    job = one.job
    facts = {
        "job": job.name,
        "does": job.description,
        "state": one.state + (f": {job.disabled}" if job.disabled else ""),
        "schedule": when_due(job),
        "written": None if job.trigger is None else job.trigger.text(),
        "time zone": job.timezone,
        "defined in": job.source,
        "arguments": ", ".join(f"{key}={value!r}" for key, value in job.args.items()),
        **{name: value for name, value in _policies(job).items() if value not in (None, "", 0)},
    }
    for name, value in facts.items():
        if value not in (None, ""):
            click.echo(f"{name:<16} {value}")


def _policies(job: Job) -> dict[str, object]:
    found: dict[str, object] = {}
    for item in fields(job.policies):
        value = getattr(job.policies, item.name)
        if isinstance(value, timedelta):
            value = value.total_seconds()
        elif item.name == "retry":
            value = value.attempts
        found[item.name] = str(value) if item.name in ("catch_up", "overlap") else value
    return found
