"""`asched cancel`, `pause`, `resume`, `reload`: what operators ask of the service; most of it also without one."""

from __future__ import annotations

from datetime import timedelta

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import DURATION
from asched.cli.names import complete_job, complete_open_run
from asched.cli.verb import verb


@verb("cancel")
@click.argument("run", shell_complete=complete_open_run)
@click.option("--reason", default="", help="Why: it is kept with the run.")
def cancel_command(desk: Desk, run: str, reason: str) -> None:
    """Stop a run: it is asked, and killed when it does not listen. Also one that a dead service left open."""
    if desk.is_served:
        desk.call("cancel", run=run, reason=reason, by=desk.who())
        said = f"run {run} was asked to stop"
    else:
        from asched.cli import byhand

        desk.wait_for(byhand.cancel(desk, run, reason))
        said = f"run {run} is cancelled"
    _done(desk, said, {"run": run}, f"asched logs {run}")


@verb("pause")
@click.argument("job", shell_complete=complete_job)
@click.option("--reason", default="", help="Why: it is kept with every fire that is skipped.")
@click.option("--for", "length", type=DURATION, metavar="DURATION", help="Resume by itself after that long: 2h.")
def pause_command(desk: Desk, job: str, reason: str, length: timedelta | None) -> None:
    """Start a job no more, until it is resumed. What comes due is recorded as skipped(paused)."""
    if desk.is_served:
        seconds = None if length is None else length.total_seconds()
        desk.call_about(job, "pause", reason=reason, by=desk.who(), **{"for": seconds})
    else:
        from asched.cli import byhand

        desk.job(job)
        desk.wait_for(byhand.pause(desk, job, reason, length))
    until = None if length is None else desk.now() + length
    said = "until it is resumed" if until is None else f"until {show.when(until, desk.zone)}"
    _done(desk, f"{job} is paused {said}", {"job": job, "paused": True, "until": until}, f"asched resume {job}")


@verb("resume")
@click.argument("job", shell_complete=complete_job)
@click.option("--reason", default="", help="Why: it is kept.")
def resume_command(desk: Desk, job: str, reason: str) -> None:
    """Start a paused job again, with what comes due from now on."""
    if desk.is_served:
        desk.call_about(job, "resume", reason=reason, by=desk.who())
    else:
        from asched.cli import byhand

        desk.job(job)
        desk.wait_for(byhand.resume(desk, job, reason))
    _done(desk, f"{job} is resumed", {"job": job, "paused": False, "until": None}, f"asched next {job}")


@verb("reload")
@click.option("--dry-run", is_flag=True, help="Only say what would change, as `asched plan` does.")
def reload_command(desk: Desk, dry_run: bool) -> None:
    """Have the service read its configuration again. On any error it keeps what it has."""
    if dry_run:
        from asched.cli.plansaid import DAYS, SHOWN, say_plan

        raise SystemExit(say_plan(desk, DAYS, SHOWN, tell=False))
    answer = desk.call("reload")
    changes = {key: answer[key] for key in ("added", "changed", "removed")}
    said = "; ".join(f"{key}: {', '.join(names) or 'none'}" for key, names in changes.items())
    fires = answer["fires"]
    told = f"fires of the next day: {fires['new']} come, {fires['gone']} go, {fires['moved']} move"
    _done(desk, f"reloaded; {said}; {told}", {**changes, "fires": fires}, "asched list")


def _done(desk: Desk, said: str, facts: dict[str, object], next: str) -> None:
    if desk.as_json:
        show.as_json(facts)
    else:
        click.echo(said)
        desk.hint(next)
