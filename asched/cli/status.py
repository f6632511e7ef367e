"""`asched status` and `asched healthcheck`: is the service up, and well?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.exits import FAILED
from asched.cli.verb import verb
from asched.errors import AschedError


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
    click.echo(f"asched {status['version']}, instance {status['instance']}, pid {status['pid']}, {well}")
    click.echo(f"since {status['started_at']}, {status['config']}, ledger {status['ledger']}")
    show.table(("JOB", "NEXT", "RUNNING", "STATE"), [_row(desk, job) for job in status["jobs"]])


def _row(desk: Desk, job: dict[str, Any]) -> tuple[str, ...]:
    state = "disabled" if job["disabled"] else "paused" if job["paused"] else "broken" if job["broken"] else "enabled"
    next_at = None if job["next_at"] is None else datetime.fromisoformat(job["next_at"])
    running = ", ".join(job["running"]) + (f" (+{job['queued']} waiting)" if job["queued"] else "")
    return job["name"], show.when(next_at, desk.zone), running or "-", state


@verb("healthcheck")
@click.option("-v", "--verbose", is_flag=True, help="Say why.")
def healthcheck_command(desk: Desk, verbose: bool) -> None:
    """Exit 0 when the service is healthy, 1 when it is not. For containers and monitors."""
    try:
        health = desk.call("status")["health"]
    except AschedError as error:
        health = {"healthy": False, "reasons": [str(error)]}
    if desk.as_json:
        show.as_json(health)
    elif verbose:
        click.echo("healthy" if health["healthy"] else "; ".join(health["reasons"]))
    raise SystemExit(0 if health["healthy"] else FAILED)
