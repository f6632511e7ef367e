"""`asched cancel`, `pause`, `resume`, `reload`: what operators ask of the service, or write into a ledger without one."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.verb import complete_job, verb
from asched.core.change import Act, Change, Pause, Unpause
from asched.core.durations import parse_duration
from asched.errors import Refused


@verb("cancel")
@click.argument("run")
@click.option("--reason", default="", help="Why: it is kept with the run.")
def cancel_command(desk: Desk, run: str, reason: str) -> None:
    """Stop a run: it is asked, and killed when it does not listen."""
    desk.call("cancel", run=run, reason=reason, by=getpass.getuser())
    _done(desk, f"run {run} was asked to stop", {"run": run})


@verb("pause")
@click.argument("job", shell_complete=complete_job)
@click.option("--reason", default="", help="Why: it is kept with every fire that is skipped.")
@click.option("--for", "for_", metavar="DURATION", default=None, help="Resume by itself after that long, such as 2h.")
def pause_command(desk: Desk, job: str, reason: str, for_: str | None) -> None:
    """Start a job no more, until it is resumed. What comes due is recorded as skipped(paused)."""
    desk.job(job)
    length = None if for_ is None else parse_duration(for_)
    if desk.is_served:
        seconds = None if length is None else length.total_seconds()
        desk.call("pause", job=job, reason=reason, by=getpass.getuser(), **{"for": seconds})
    else:
        desk.wait_for(_pause_here(desk, job, reason, length))
    _done(desk, f"{job} is paused" + (f" for {for_}" if for_ else ""), {"job": job, "paused": True})


@verb("resume")
@click.argument("job", shell_complete=complete_job)
@click.option("--reason", default="", help="Why: it is kept.")
def resume_command(desk: Desk, job: str, reason: str) -> None:
    """Start a paused job again, with what comes due from now on."""
    desk.job(job)
    if desk.is_served:
        desk.call("resume", job=job, reason=reason, by=getpass.getuser())
    else:
        desk.wait_for(_resume_here(desk, job, reason))
    _done(desk, f"{job} is resumed", {"job": job, "paused": False})


@verb("reload")
def reload_command(desk: Desk) -> None:
    """Have the service read its configuration again. On any error it keeps what it has."""
    answer = desk.call("reload")
    changes = {key: answer[key] for key in ("added", "removed")}
    said = "; ".join(f"{key}: {', '.join(names) or 'none'}" for key, names in changes.items())
    _done(desk, f"reloaded; {said}", changes)


async def _pause_here(desk: Desk, job: str, reason: str, length: timedelta | None) -> None:
    now, by = desk.now(), getpass.getuser()
    until = None if length is None else now + length
    await _write(desk, [Pause(job, now, by, reason, until), Act(now, "pause", by, job, "", reason)])


async def _resume_here(desk: Desk, job: str, reason: str) -> None:
    async with desk.reading() as ledger:
        if job not in {pause.job for pause in (await ledger.restore()).pauses}:
            raise Refused(f'job "{job}" is not paused')
    now, by = desk.now(), getpass.getuser()
    await _write(desk, [Unpause(job, now, by, reason), Act(now, "resume", by, job, "", reason)])


async def _write(desk: Desk, changes: Sequence[Change]) -> None:
    """With the server's lock, for a moment. Raises AlreadyServed when somebody has it."""
    from asched.engine.instance import this_instance
    from asched.ledger.opening import ledger_for

    Path(desk.configuration.ledger).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = ledger_for(desk.configuration.ledger)
    await ledger.open()
    try:
        number = await ledger.enter(this_instance(desk.now()))
        await ledger.commit(number, changes)
        await ledger.leave(number, desk.now())
    finally:
        await ledger.close()


def _done(desk: Desk, said: str, facts: dict[str, object]) -> None:
    if desk.as_json:
        show.as_json(facts)
    else:
        click.echo(said)
