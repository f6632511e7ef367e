"""`asched recovery`: what an absence left owed, over all jobs, and the answer to whether it is made up for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.names import complete_job
from asched.cli.verb import verb

if TYPE_CHECKING:
    from asched.core.foresight.recoverystatus import RecoveryStatus

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
            _answered(desk, "aborted", fires, f"{show.counted(fires, 'fire')} {'is' if fires == 1 else 'are'} skipped")
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
    if status["state"] != "idle" and status["started"]:
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
            answers = "`asched recovery approve`, or `asched recovery abort`"
            return f"{waiting} held until {until}, when they expire: {answers}"
        case "counting":
            return f"{waiting} owed so far; it is still being counted"
        case "going" if not status["waiting"]:
            return "nothing waits any more"
        case "going":
            return f"{waiting} owed and waiting for their turn"
        case _:
            return "nothing is owed"


def _table(desk: Desk, status: dict[str, Any]) -> None:
    """Of which jobs, and what comes next."""
    if not status["jobs"]:
        return
    first = {one["job"]: one["scheduled_at"] for one in status["next"]}
    counts = {**dict.fromkeys(first, 0), **status["jobs"]}  # what goes first stands first, then what owes most
    rows = [(name, str(count), _when(desk, first.get(name))) for name, count in counts.items()]
    show.table(("JOB", "OWED", "NEXT OF IT"), rows[:JOBS_SHOWN])
    if len(counts) > JOBS_SHOWN:
        click.echo(f"and {show.counted(len(counts) - JOBS_SHOWN, 'job')} more")


def _when(desk: Desk, instant: str | datetime | None) -> str:
    return show.when(datetime.fromisoformat(instant) if isinstance(instant, str) else instant, desk.zone)


# Without a service.


def _foresee(desk: Desk) -> None:
    """What would be owed if it started now, by the configuration on disk."""
    from asched.service.status import recovery_of

    foreseen, beyond = desk.wait_for(_foreseen(desk))
    status = {"served": False, "beyond_limit": beyond, **recovery_of(foreseen)}
    if desk.as_json:
        show.as_json(status)
        return
    click.echo(_would(desk, foreseen, beyond))
    _table(desk, status)


async def _foreseen(desk: Desk) -> tuple[RecoveryStatus, int]:
    from asched.cli.rehearsing import rehearsed
    from asched.core.foresight.recoverystatus import foreseen

    limits, now = desk.configuration.limits, desk.now()
    async with desk.reading_if_any() as ledger:
        found = await rehearsed(ledger, desk.configuration.jobs, limits, now)
    return foreseen(found.rehearsal, limits.recovery, found.waiting)


def _would(desk: Desk, foreseen: RecoveryStatus, beyond: int) -> str:
    fires = show.counted(foreseen.waiting, "fire")
    limit = f"; {beyond} more are beyond the limit, and would be skipped" if beyond else ""
    match foreseen.state:
        case "held":
            return f"if it started now, {fires} would be held until somebody approves{limit}"
        case "going":
            at_once = desk.configuration.limits.recovery.at_once
            return f"if it started now, {fires} would be made up for, {at_once} at once{limit}"
        case _:
            return "if it started now, nothing would be made up for"
