"""`asched recovery`: what an absence left owed, over all jobs, and the answer to whether it is made up for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.names import complete_job
from asched.cli.verb import verb
from asched.errors import Refused

JOBS_SHOWN = 20


@verb("recovery")
@click.argument("answer", type=click.Choice(["show", "approve", "abort"]), default="show")
@click.argument("jobs", nargs=-1, metavar="[JOB]...", shell_complete=complete_job)
@click.option("--reason", default="", help="Why: it is kept.")
def recovery_command(desk: Desk, answer: str, jobs: tuple[str, ...], reason: str) -> None:
    """What is owed after an absence, and how it stands. `approve` lets start what is held; `abort` skips what still
    waits, of these jobs or of all. Without a service, `show` says what would be owed if it started now."""
    if jobs and answer != "abort":
        raise click.UsageError("only `abort` takes the names of jobs")
    match answer:
        case "approve":
            fires = desk.call("approve", by=desk.who(), reason=reason)["fires"]
            _answered(desk, "approved", fires, f"{show.counted(fires, 'fire')} may start")
        case "abort":
            fires = desk.call("abort", jobs=list(jobs), by=desk.who(), reason=reason)["fires"]
            _answered(desk, "aborted", fires, f"{show.counted(fires, 'fire')} are skipped, and said so")
        case _ if desk.is_served:
            _show(desk, desk.call("recovery"))
        case _:
            _foresee(desk)


def _answered(desk: Desk, what: str, fires: int, said: str) -> None:
    if desk.as_json:
        show.as_json({"answer": what, "fires": fires})
    else:
        click.echo(said)
        desk.hint("asched recovery")


def _show(desk: Desk, status: dict[str, Any]) -> None:
    status.pop("ok")
    if desk.as_json:
        show.as_json(status)
        return
    click.echo(said_of(desk, status))
    if status["running"] or status["started"]:
        click.echo(f"{status['started']} started, {status['running']} of them not over yet")
    _table(desk, status)
    if status["state"] == "held":
        desk.hint("asched recovery approve")


def said_of(desk: Desk, status: dict[str, Any]) -> str:
    """How it stands, in a sentence."""
    waiting = show.counted(status["waiting"], "fire")
    match status["state"]:
        case "held":
            until = show.when(datetime.fromisoformat(status["held"]["expires_at"]), desk.zone)
            return f"{waiting} held until {until}, when they expire: `asched recovery approve`, or `abort`"
        case "counting":
            return f"{waiting} owed so far; it is still being counted"
        case "going":
            return f"{waiting} owed and waiting for their turn"
        case _:
            return "nothing is owed"


def _table(desk: Desk, status: dict[str, Any]) -> None:
    """Of which jobs, and what comes next."""
    if not status["jobs"]:
        return
    nexts = {one["job"]: one for one in reversed(status["next"])}
    counts = sorted(status["jobs"].items(), key=lambda pair: (pair[0] not in nexts, -pair[1], pair[0]))
    order = [one["job"] for one in status["next"]]
    counts.sort(key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
    show.table(("JOB", "OWED", "NEXT OF IT"), [_row(desk, name, count, nexts) for name, count in counts[:JOBS_SHOWN]])
    if len(counts) > JOBS_SHOWN:
        click.echo(f"and {show.counted(len(counts) - JOBS_SHOWN, 'job')} more")


def _row(desk: Desk, name: str, count: int, nexts: dict[str, Any]) -> tuple[str, ...]:
    first = nexts.get(name)
    said = "-" if first is None else show.when(datetime.fromisoformat(first["scheduled_at"]), desk.zone)
    return name, str(count), said


def _foresee(desk: Desk) -> None:
    raise Refused("no service answers")
