"""`asched next` and `asched explain`: what is due, before it is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.outlook import standing, upcoming
from asched.cli.verb import complete_job, verb
from asched.core.explain import explain_trigger
from asched.core.model import Job
from asched.core.phrases import parse_schedule
from asched.core.trigger import anchored
from asched.core.zones import zone


@verb("next")
@click.argument("job", required=False, shell_complete=complete_job)
@click.option("-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many.")
def next_command(desk: Desk, job: str | None, count: int) -> None:
    """What is due next, over all jobs or for one."""
    jobs = [desk.job(job)] if job else [one for one in desk.configuration.jobs if not one.disabled]
    found = desk.wait_for(_upcoming(desk, jobs, count))
    if desk.as_json:
        show.as_json([{"at": at, "job": one.name, "jitter_s": one.policies.jitter} for at, one in found])
        return
    show.table(("WHEN", "JOB"), [(show.when(at, _zone(one)), one.name + _jitter(one)) for at, one in found])
    if job and not found:
        desk.talk(f"{job}: {jobs[0].disabled or 'nothing is due by itself'}")


async def _upcoming(desk: Desk, jobs: list[Job], count: int) -> list[tuple[datetime, Job]]:
    async with desk.reading_if_any() as ledger:
        return upcoming(jobs, await standing(ledger), desk.now(), count)


def _zone(job: Job) -> ZoneInfo:
    return zone(job.timezone)


def _jitter(job: Job) -> str:
    return f" (jitter up to {show.took(job.policies.jitter)})" if job.policies.jitter else ""


@verb("explain")
@click.argument("schedule")
@click.option("--tz", default="UTC", show_default=True, help="An IANA time zone.")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many.")
def explain_command(desk: Desk, schedule: str, tz: str, count: int) -> None:
    """A schedule in English, and when it is due next."""
    trigger, now = parse_schedule(schedule, tz=zone(tz).key), desk.now()
    instants: list[datetime] = []
    at = anchored(trigger, now).next_after(now)
    while at is not None and len(instants) < count:
        instants.append(at)
        at = None if trigger.relative else anchored(trigger, now).next_after(at)
    if desk.as_json:
        show.as_json({"schedule": trigger.text(), "explained": explain_trigger(trigger), "upcoming": instants})
        return
    click.echo(explain_trigger(trigger))
    for instant in instants:
        click.echo(f"  {show.when(instant, zone(tz))}")
