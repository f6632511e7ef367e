"""`asched status` and `asched healthcheck`: is the service up, and well?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.drains import said_of_drain
from asched.cli.recovering import said_of
from asched.cli.verb import verb
from asched.errors import AschedError
from asched.service.exitcodes import FAILED


@verb("status")
def status_command(desk: Desk) -> None:
    """Is the service up, and what is it doing? Exit code 5 when none answers."""
    status = desk.call("status")
    status.pop("ok")
    if desk.as_json:
        show.as_json(status)
        return
    health = status["health"]
    well = "healthy" if health["healthy"] else "NOT healthy: " + "; ".join(health["reasons"])
    well += ", draining" if status["draining"] else ""
    click.echo(f"asched {status['version']}, instance {status['instance']}, pid {status['pid']}, {well}")
    click.echo(f"since {_when(desk, status['started_at'])}, {status['config']}, ledger {status['ledger']}")
    if status["drain"]:
        click.echo(said_of_drain(desk, status["drain"]))
    click.echo(_summary(desk, status))
    if status["recovery"]["waiting"]:
        click.echo(said_of(desk, status["recovery"]))
    show.table(("JOB", "NEXT", "RUNNING", "STATE"), [_row(desk, job, status) for job in status["jobs"]])
    for job in status["jobs"]:
        for one in job["waiting"]:
            desk.talk(f"{one['run']} of {job['name']} waits for {one['for']}")
    desk.hint("asched runs")


def _summary(desk: Desk, status: dict[str, Any]) -> str:
    jobs = status["jobs"]
    running = sum(len(job["running"]) for job in jobs)
    due = min(((job["next_at"], job["name"]) for job in jobs if job["next_at"] and not job["paused"]), default=None)
    then = f"next is {due[1]} at {_when(desk, due[0])}" if due else "nothing is due"
    if status["draining"] and due:
        then = "what comes due is held"
    return f"{show.counted(len(jobs), 'job')}, {running} running, {then}"


def _row(desk: Desk, job: dict[str, Any], status: dict[str, Any]) -> tuple[str, ...]:
    state = "disabled" if job["disabled"] else "paused" if job["paused"] else "broken" if job["broken"] else "enabled"
    running = ", ".join(job["running"]) + (f" (+{job['queued']} waiting)" if job["queued"] else "")
    next_at = show.due(_when(desk, job["next_at"]), paused=bool(job["paused"]), drained=status["draining"])
    return job["name"], next_at, running.strip() or "-", state


def _when(desk: Desk, text: str | None) -> str:
    return show.when(None if text is None else datetime.fromisoformat(text), desk.zone)


@verb("healthcheck")
@click.option("--ready", is_flag=True, help="Exit 1 also while it drains, or stops: it starts nothing.")
def healthcheck_command(desk: Desk, ready: bool) -> None:
    """Exit 0 when the service is healthy, 1 when it is not. For containers and monitors; -v says why."""
    try:
        health = desk.call("status")["health"]
    except AschedError as error:
        health = {"healthy": False, "ready": False, "reasons": [str(error)]}
        if not desk.verbose:  # which says it on stdout
            desk.talk(f"asched: {error}")
    if desk.as_json:
        show.as_json({"healthy": health["healthy"], "reasons": health["reasons"], "ready": health["ready"]})
    elif desk.verbose:
        well = "healthy" if health["ready"] else "healthy, and draining"
        click.echo(well if health["healthy"] else "; ".join(health["reasons"]))
    raise SystemExit(0 if health["ready" if ready else "healthy"] else FAILED)
