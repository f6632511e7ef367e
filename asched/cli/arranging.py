"""`asched skip`, `move`, `add`, `restore`: one fire of a job goes otherwise, and only that one."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.jobat import JobAt, moment, parse_job_at, zone_of
from asched.cli.names import complete_job
from asched.cli.verb import verb
from asched.errors import AschedError, Refused

if TYPE_CHECKING:
    from asched.core.occurrence import Occurrence
    from asched.core.rules.arranging import Arranging

SHOWN = 5  # times of a day

_REASON = click.option("--reason", default="", help="Why: it is kept with the fire.")


@verb("skip")
@click.argument("fire", metavar="JOB@TIME", shell_complete=complete_job)
@click.option("--next", "is_next", is_flag=True, help="The next one: as JOB@next.")
@_REASON
def skip_command(desk: Desk, fire: str, is_next: bool, reason: str) -> None:
    """Leave out one fire of a job. It is recorded as skipped(excluded), by whom and why; the next one runs.

    \b
    asched skip report --next --reason holiday
    asched skip "report@tomorrow 03:00"
    """
    asked = _named(desk, fire)
    if not asked.word and asked.at is None and not is_next:
        raise click.UsageError(f"which one? {asked.job}@next, or the time that it is due, as in {asked.job}@03:00")
    _check_time(desk, asked.job, fire)
    from asched.core.rules.arranging import skip

    _done(desk, _arrange(desk, asked.job, partial(skip, at=asked.at), reason, at=asked.at))


@verb("move")
@click.argument("fire", metavar="JOB@TIME", shell_complete=complete_job)
@click.argument("to", metavar="TIME")
@_REASON
def move_command(desk: Desk, fire: str, to: str, reason: str) -> None:
    """Run one fire of a job at another time, later or earlier, or now. It works for its own instant all the same.

    \b
    asched move report@03:00 11:00
    asched move report@next now
    """
    asked = _named(desk, fire)
    if not asked.word and asked.at is None:
        raise click.UsageError(f"which one? {asked.job}@next, or the time that it is due, as in {asked.job}@03:00")
    _check_time(desk, asked.job, fire)
    there = _when(desk, asked.job, to)
    from asched.core.rules.arranging import move

    _done(desk, _arrange(desk, asked.job, partial(move, at=asked.at, to=there), reason, at=asked.at, to=there))


@verb("add")
@click.argument("job", shell_complete=complete_job)
@click.argument("time", metavar="TIME")
@_REASON
def add_command(desk: Desk, job: str, time: str, reason: str) -> None:
    """Run a job once more, at a time that its schedule does not have, or now: asched add report "sat 09:00"."""
    at = _when(desk, job, time)
    from asched.core.rules.arranging import add

    _done(desk, _arrange(desk, job, partial(add, at=at), reason, at=at))


@verb("restore")
@click.argument("fire", metavar="JOB[@TIME]", shell_complete=complete_job)
@_REASON
def restore_command(desk: Desk, fire: str, reason: str) -> None:
    """Let a fire that was skipped or moved go as its schedule says after all, or take an added one back.

    Without TIME, or with "next", the first that something is arranged for.
    """
    asked = _named(desk, fire)
    from asched.core.rules.arranging import restore

    _done(desk, _arrange(desk, asked.job, partial(restore, at=asked.at), reason, at=asked.at), restored=True)


def _check_time(desk: Desk, name: str, fire: str) -> None:
    """A day is no time: it would be read as its midnight, when nothing need be due. Raises Refused."""
    from asched.cli.jobat import whole_day
    from asched.core.triggers.instants import between

    try:
        job = desk.job(name)
    except AschedError:
        return  # it cannot be loaded here, or there is none: the service says so
    day = whole_day(fire.partition("@")[2], job.timezone, desk.now())
    if day is None or job.trigger is None or job.trigger.relative or job.trigger.steady:
        return
    smallest, home = timedelta(microseconds=1), ZoneInfo(job.timezone)
    found = between(job.trigger, day[0] - smallest, day[1] - smallest, SHOWN + 1)
    if found and found[0] != day[0]:
        times = ", ".join(show.when(at, home) for at in found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
        raise Refused(f"a whole day is no time: {name} is due then at {times}")


def _when(desk: Desk, job: str, time: str) -> datetime | None:
    """None is now, as the service finds it when it is asked: an instant of ours would be over by then."""
    if time.strip().lower() != "now":
        return moment(time, zone_of(desk, job), desk.now())
    if not desk.is_served:
        raise Refused(f"no service runs that would run it now: `asched run {job}` runs it here")
    return None


def _named(desk: Desk, fire: str) -> JobAt:
    found = parse_job_at(fire, lambda job: zone_of(desk, job), desk.now())
    if found.word == "last":
        raise click.UsageError(f"the last one is over: name one that is ahead, such as {found.job}@next")
    return found


def _arrange(
    desk: Desk, job: str, wanted: Arranging[Occurrence], reason: str, **instants: datetime | None
) -> dict[str, Any]:
    """By the service, or, where none runs, by the same rules in the ledger."""
    verb = click.get_current_context().command.name or ""
    if desk.is_served:
        given = {key: None if at is None else at.isoformat() for key, at in instants.items()}
        made = desk.call(verb, job=job, reason=reason, by=desk.who(), **given)
        made.pop("ok", None)
        return {**made, **{key: made[key] and datetime.fromisoformat(made[key]) for key in ("scheduled_at", "to")}}
    from asched.cli import byhand
    from asched.service.arranging import occurrence_json

    return occurrence_json(desk.wait_for(byhand.arrange(desk, desk.job(job), wanted, reason)))


def _done(desk: Desk, made: dict[str, Any], *, restored: bool = False) -> None:
    zone = ZoneInfo(zone_of(desk, made["job"]))
    if desk.as_json:
        shown = {key: made[key] and made[key].astimezone(zone) for key in ("scheduled_at", "to")}
        show.as_json({**made, **shown})
        return
    click.echo(_said(made, zone, restored))
    if made["kind"] in ("move", "add") and not restored and desk.is_served:
        _say_if_drained(desk)
    desk.hint(f"asched next {made['job']}")


def _say_if_drained(desk: Desk) -> None:
    """What was moved, or added, is not run at its time then."""
    from asched.cli.drains import said_of_drain

    drain = desk.call("status")["drain"]
    if drain:
        desk.talk(said_of_drain(desk, drain))


def _said(made: dict[str, Any], zone: ZoneInfo, restored: bool) -> str:
    job, at, to = made["job"], show.when(made["scheduled_at"], zone), show.when(made["to"], zone)
    match made["kind"]:
        case "add":
            return f"{job}: {at} is taken back" if restored else f"{job} is added at {at}"
        case _ if restored:
            return f"{job}: {at} goes as its schedule says"
        case "move":
            return f"{job}: {at} is moved to {to}"
        case _:
            return f"{job}: {at} is skipped"
