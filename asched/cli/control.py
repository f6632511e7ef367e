"""`asched cancel`, `drain`, `reload`: what operators ask of the service."""

from __future__ import annotations

from collections.abc import Sequence

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.names import complete_job, complete_open_run
from asched.cli.verb import verb
from asched.errors import AschedError, Refused, UnknownRun


@verb("cancel")
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=complete_open_run)
@click.option("--job", shell_complete=complete_job, help="All its open runs, and what waits.")
@click.option("--reason", default="", help="Why: it is kept with the run.")
def cancel_command(desk: Desk, runs: Sequence[str], job: str | None, reason: str) -> None:
    """Stop runs: each is asked, and killed when it does not listen. Also those that a dead service left open."""
    if bool(runs) == (job is not None):
        raise click.UsageError("say which: RUN..., or --job JOB for all that is open of it")
    said = "was asked to stop" if desk.is_served else "is cancelled"
    cancelled, refused = _cancel_each(desk, runs, reason) if job is None else (_cancel_all(desk, job, reason), None)
    if desk.as_json:
        show.as_json({"run": next(iter(cancelled), None), "runs": list(cancelled)})
    else:
        for run in cancelled:
            click.echo(f"run {run} {said}")
        if job is not None and not cancelled:
            click.echo(f"{job} has no open run")
    if refused is not None:
        raise refused
    if cancelled:
        desk.hint(f"asched logs {cancelled[0]}")


def _cancel_each(desk: Desk, runs: Sequence[str], reason: str) -> tuple[list[str], AschedError | None]:
    """One that cannot be cancelled keeps none of the others: the last refusal decides the exit code."""
    cancelled, refused = [], None
    for run in runs:
        try:
            _cancel(desk, run, reason)
        except (Refused, UnknownRun) as error:
            if refused is not None:
                click.echo(f"asched: {refused}", err=True)
            refused = error
        else:
            cancelled.append(run)
    return cancelled, refused


def _cancel(desk: Desk, run: str, reason: str) -> None:
    try:
        if desk.is_served:
            desk.call("cancel", run=run, reason=reason, by=desk.who())
        else:
            from asched.cli import byhand

            desk.wait_for(byhand.cancel(desk, run, reason))
    except UnknownRun:
        from asched.cli.norun import no_run

        raise no_run(desk, run, "cancel") from None


def _cancel_all(desk: Desk, job: str, reason: str) -> Sequence[str]:
    if desk.is_served:
        found: Sequence[str] = desk.call("cancel", job=job, reason=reason, by=desk.who())["runs"]
        return found
    from asched.cli import byhand

    return desk.wait_for(byhand.cancel_all(desk, job, reason))


@verb("drain")
@click.option("--cancel", is_flag=True, help="Go on: decide what came due meanwhile, and start again.")
@click.option("--reason", default="", help="Why: it is kept.")
def drain_command(desk: Desk, cancel: bool, reason: str) -> None:
    """Have the service start nothing more, and stay up; what runs goes on. A restart ends it, too."""
    desk.call("end drain" if cancel else "drain", reason=reason, by=desk.who())
    said = "asched goes on" if cancel else "asched starts nothing more"
    _done(desk, said, {"draining": not cancel}, "asched status" if cancel else "asched drain --cancel")


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
    for loss in answer["dropped"]:
        desk.talk(loss)
    fires = answer["fires"]
    said += f"; settings: {', '.join(answer['settings'])}" if answer["settings"] else ""
    told = f"fires of the next day: {fires['new']} come, {fires['gone']} go, {fires['moved']} move"
    _done(
        desk,
        f"reloaded; {said}; {told}",
        {**changes, "settings": answer["settings"], "dropped": answer["dropped"], "fires": fires},
        "asched list",
    )


def _done(desk: Desk, said: str, facts: dict[str, object], next: str) -> None:
    if desk.as_json:
        show.as_json(facts)
    else:
        click.echo(said)
        desk.hint(next)
