"""`asched next` and `asched explain`: what is due, before it is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import ZONE
from asched.cli.names import complete_job
from asched.cli.verb import verb

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from asched.cli.outlook import Known
    from asched.core.model import Job
    from asched.core.triggers.protocol import Trigger

    Found = list[tuple[datetime, Job]]


@verb("next")
@click.argument("job", required=False, shell_complete=complete_job)
@click.option("-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many.")
def next_command(desk: Desk, job: str | None, count: int) -> None:
    """What is due next, over all jobs or for one, each in its own zone."""
    from asched.cli.outlook import once_it_ends
    from asched.core.zones import zone

    jobs = [desk.job(job)] if job else [one for one in desk.configuration.jobs if not one.disabled]
    found, known = desk.wait_for(_upcoming(desk, jobs, count))
    if desk.as_json:
        show.as_json([_json(at, one, known) for at, one in found])
        return
    if found:
        rows = [(show.when(at, zone(one.timezone)), one.name, _note(one, at, known)) for at, one in found]
        show.table(("WHEN", "JOB", "NOTE"), rows)
    elif job:
        desk.talk(f"{job}: {jobs[0].disabled or _why_not(jobs[0])}")
    else:
        desk.talk("nothing is due by itself: `asched list` shows the jobs")
    for one in jobs:
        if then := once_it_ends(one, known):
            desk.talk(f"{one.name} runs; it is due again {then}")
    if found:
        desk.hint(f"asched show {found[0][1].name}")


async def _upcoming(desk: Desk, jobs: list[Job], count: int) -> tuple[Found, Known]:
    from asched.cli.outlook import standing, upcoming

    async with desk.reading_if_any() as ledger:
        known = await standing(ledger)
        return upcoming(jobs, known, desk.now(), count), known


def _json(at: datetime, job: Job, known: Known) -> dict[str, object]:
    from asched.core.zones import zone

    return {
        "at": at.astimezone(zone(job.timezone)),
        "job": job.name,
        "jitter_s": job.policies.jitter,
        "timezone": job.timezone,
        "paused": _paused_then(job.name, at, known),
    }


def _paused_then(job: str, at: datetime, known: Known) -> bool:
    pause = known.pauses.get(job)
    return pause is not None and (pause.until is None or at < pause.until)


def _note(job: Job, at: datetime, known: Known) -> str:
    notes = [f"and up to {show.took(job.policies.jitter)} later"] if job.policies.jitter else []
    notes += ["paused"] if _paused_then(job.name, at, known) else []
    return ", ".join(notes)


def _why_not(job: Job) -> str:
    from asched.core.explain import explain_trigger

    if job.trigger is not None and job.trigger.relative:
        return f"due {explain_trigger(job.trigger)}"
    if job.trigger is not None:
        return f"never again by itself ({explain_trigger(job.trigger)})"
    return f"due after {' and '.join(job.after)}" if job.after else "not due by itself: `asched run` runs it"


@verb("explain")
@click.argument("schedule")
@click.option("--tz", type=ZONE, metavar="ZONE", default="UTC", show_default=True, help="An IANA time zone.")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many.")
def explain_command(desk: Desk, schedule: str, tz: ZoneInfo, count: int) -> None:
    """A schedule in English, and when it is due next."""
    from asched.core.explain import explain_trigger
    from asched.core.phrases import parse_schedule

    trigger = parse_schedule(schedule, tz=tz.key)
    instants = _instants(trigger, desk.now(), count)
    if desk.as_json:
        explained = {"schedule": trigger.text(), "explained": explain_trigger(trigger), "timezone": tz.key}
        show.as_json({**explained, "upcoming": [at.astimezone(tz) for at in instants]})
        return
    click.echo(explain_trigger(trigger))
    for instant in instants:
        click.echo(f"  {show.when(instant, tz)}")
    if not instants:
        desk.talk("it has no instant ahead")


def _instants(trigger: Trigger, now: datetime, count: int) -> list[datetime]:
    """From now on, as if it were scheduled now; of one that counts from the end of a run, only the first."""
    found: list[datetime] = []
    trigger = trigger.anchored(now)
    at = trigger.next_after(now)
    while at is not None and len(found) < count:
        found.append(at)
        at = None if trigger.relative else trigger.next_after(at)
    return found
