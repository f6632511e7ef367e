"""`asched pause` and `asched resume`: one job, several, all with a tag, or all there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import DURATION, INSTANT, Moment
from asched.cli.names import complete_job
from asched.cli.verb import verb

if TYPE_CHECKING:
    from asched.core.change import Pause


def _of_jobs(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which jobs are meant."""
    command = click.option("--all", "every", is_flag=True, help="All jobs.")(command)
    command = click.option("--tag", help="All jobs with that tag.")(command)
    return click.argument("jobs", nargs=-1, metavar="[JOB]...", shell_complete=complete_job)(command)


@verb("pause")
@_of_jobs
@click.option("--reason", default="", help="Why: it is kept with every fire that is skipped.")
@click.option("--for", "length", type=DURATION, metavar="DURATION", help="Resume by itself after that long: 2h.")
@click.option("--until", type=INSTANT, metavar="TIME", help="Resume by itself then: 10:00, tomorrow.")
@click.option(
    "--on-resume",
    type=click.Choice(["skip", "latest", "all"]),
    help="What becomes of what comes due meanwhile: it is skipped, or waits; else as the job says.",
)
def pause_command(
    desk: Desk,
    jobs: Sequence[str],
    tag: str | None,
    every: bool,
    reason: str,
    length: timedelta | None,
    until: Moment | None,
    on_resume: str | None,
) -> None:
    """Start jobs no more, until they are resumed. What comes due is recorded as skipped(paused), or waits."""
    _check(jobs, tag, every)
    if length is not None and until is not None:
        raise click.UsageError("--for and --until both say when it ends: give one of them")
    end = _end(desk, length, until)
    before = desk.wait_for(_paused_before(desk))
    if desk.is_served:
        more = {"until": None if end is None else end.isoformat(), "on_resume": on_resume}
        paused = _call(desk, "pause", jobs, tag, every, reason=reason, **more)
    else:
        from asched.cli import byhand

        paused = desk.wait_for(byhand.pause(desk, _named(desk, jobs, tag, every), reason, end, on_resume))
    said = "until resumed" if end is None else f"until {show.when(end, desk.zone)}"
    _done(desk, paused, said, end)
    for name in paused:
        if name in before:
            desk.talk(f"{name} was paused {_as_it_was(desk, before[name])}: that is replaced")


async def _paused_before(desk: Desk) -> dict[str, Pause]:
    """Those pauses that still hold."""
    async with desk.reading_if_any() as ledger:
        known = () if ledger is None else (await ledger.restore()).pauses
    now = desk.now()
    return {one.job: one for one in known if one.until is None or one.until > now}


def _as_it_was(desk: Desk, pause: Pause) -> str:
    until = "until it is resumed" if pause.until is None else f"until {show.when(pause.until, desk.zone)}"
    return f"by {pause.by} {until}{f' ({pause.reason})' if pause.reason else ''}"


def _end(desk: Desk, length: timedelta | None, until: Moment | None) -> datetime | None:
    now = desk.now()
    if length is not None:
        return now + length
    if until is None:
        return None
    end = until.at(desk.zone, now)
    if end <= now:
        raise click.BadParameter(f"{show.when(end, desk.zone)} is past: nothing would be paused", param_hint="--until")
    return end


@verb("resume")
@_of_jobs
@click.option("--reason", default="", help="Why: it is kept.")
def resume_command(desk: Desk, jobs: Sequence[str], tag: str | None, every: bool, reason: str) -> None:
    """Start paused jobs again, with what waited, and with what comes due from now on."""
    _check(jobs, tag, every)
    if desk.is_served:
        resumed = _call(desk, "resume", jobs, tag, every, reason=reason)
    else:
        from asched.cli import byhand

        resumed = desk.wait_for(byhand.resume(desk, _named(desk, jobs, tag, every), reason))
    _done(desk, resumed, "", None)


def _check(jobs: Sequence[str], tag: str | None, every: bool) -> None:
    if bool(jobs) + (tag is not None) + every != 1:
        raise click.UsageError("say which: JOB..., --tag TAG, or --all")


def _call(desk: Desk, verb: str, jobs: Sequence[str], tag: str | None, every: bool, **more: object) -> Sequence[str]:
    if len(jobs) == 1:
        answer = desk.call(verb, job=jobs[0], by=desk.who(), **more)
    else:
        answer = desk.call(verb, jobs=list(jobs), tag=tag, all=every, by=desk.who(), **more)
    found: Sequence[str] = answer["jobs"]
    return found


def _named(desk: Desk, jobs: Sequence[str], tag: str | None, every: bool) -> Sequence[str]:
    """By the configuration, as a service would: none answers. Raises UnknownJob, Refused for one that is disabled."""
    from asched.operating import check_enabled, tagged

    if len(jobs) == 1:
        check_enabled(desk.job(jobs[0]))
    known = desk.configuration.jobs
    if tag is not None:
        jobs = tagged(known, tag)
    asked = known if every else [desk.job(name) for name in dict.fromkeys(jobs)]
    return [job.name for job in asked if not job.disabled]


def _done(desk: Desk, jobs: Sequence[str], said: str, until: datetime | None) -> None:
    """`said`: until when they are paused; "": they are resumed."""
    if desk.as_json:
        first = next(iter(jobs), None)
        show.as_json({"job": first, "paused": bool(said), "until": until, "jobs": list(jobs)})
        return
    for job in jobs:
        click.echo(f"{job} is paused {_until(said)}" if said else f"{job} is resumed")
    if jobs:
        desk.hint(f"asched resume {jobs[0]}" if said else f"asched next {jobs[0]}")


def _until(said: str) -> str:
    return "until it is resumed" if said == "until resumed" else said
