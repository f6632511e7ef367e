"""`asched db`: the ledger's file: back it up, check it, prune it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import INSTANT, Moment
from asched.cli.verb import family, verb
from asched.errors import Refused

if TYPE_CHECKING:
    from asched.engine.audit import Audit
    from asched.ledger.inspection import Inspection


@family("db")
def db_command() -> None:
    """The ledger's file: back it up, check it, prune it."""


@db_command.command
@verb("backup")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--yes", is_flag=True, help="Also over a file that is there.")
def backup_command(desk: Desk, file: str, yes: bool) -> None:
    """Copy the ledger to FILE, whole, also while the service writes it."""
    from asched.cli.ledgercopy import copy_to

    made = copy_to(desk, file, overwrite=yes)
    if desk.as_json:
        show.as_json({"file": str(made.file), "bytes": made.bytes, "schema": made.schema, "fires": made.fires})
    else:
        size = f"{made.bytes / 1e6:.1f} MB, schema {made.schema}, {show.counted(made.fires, 'fire')}"
        click.echo(f"{made.file}: {size}, looked through")


@db_command.command
@verb("check")
def check_command(desk: Desk) -> None:
    """Is the file whole, and does the ledger add up? Exit code 65 when it is damaged, 1 when it does not add up."""
    from asched.cli.ledgercheck import check_ledger
    from asched.service.exitcodes import FAILED, LEDGER, OK

    file, found = check_ledger(desk)
    if desk.as_json:
        show.as_json(_json(desk, file, found))
    else:
        _say(desk, file, found)
    raise SystemExit(LEDGER if file.complaints else OK if found is None or found.balanced else FAILED)


def _say(desk: Desk, file: Inspection, found: Audit | None) -> None:
    size = f"{file.bytes / 1e6:.1f} MB, schema {file.schema}, SQLite {file.sqlite}"
    click.echo(f"{desk.place.ledger}: {size}")
    click.echo("whole" if not file.complaints else f"DAMAGED: {show.counted(len(file.complaints), 'complaint')}")
    for complaint in file.complaints:
        click.echo(f"  {show.one_line(complaint)}")
    if found is not None:
        what = f"{show.counted(found.fires, 'fire')} of schedules, {show.counted(found.gaps, 'gap')}"
        wrong = show.counted(len(found.imbalances), "fault")
        click.echo(f"balanced: {what}" if found.balanced else f"NOT balanced: {wrong}; `asched audit` names them")
    for remark in file.remarks:
        desk.talk(f"note: {remark}")


def _json(desk: Desk, file: Inspection, found: Audit | None) -> dict[str, object]:
    return {
        "ok": not file.complaints and (found is None or found.balanced),
        "ledger": desk.place.ledger,
        "bytes": file.bytes,
        "schema": file.schema,
        "sqlite": file.sqlite,
        "complaints": list(file.complaints),
        "balanced": None if found is None else found.balanced,
        "remarks": list(file.remarks),
    }


@db_command.command
@verb("prune")
@click.option("--before", type=INSTANT, metavar="INSTANT", help="What is older than that, whatever its retention.")
@click.option("--dry-run", is_flag=True, help="Only say how much would go.")
@click.option("--reason", default="", help="Why: it is kept.")
def prune_command(desk: Desk, before: Moment | None, dry_run: bool, reason: str) -> None:
    """Delete what retention no longer keeps, now: through the service when one runs, else here."""
    now = desk.now()
    since = None if before is None else before.at(desk.zone, now, back=True)
    if since is not None and since > now:
        raise Refused(f"{show.when(since, desk.zone)} is to come: what is older than that would be all there is")
    if desk.is_served:
        at = None if since is None else since.isoformat()
        gone = desk.call("prune", before=at, dry_run=dry_run, by=desk.who(), reason=reason)["fires"]
    else:
        from asched.cli import byhand

        gone = desk.wait_for(byhand.prune(desk, since, dry_run, reason))
    if desk.as_json:
        show.as_json({"fires": gone, "dry_run": dry_run})
    else:
        click.echo(f"{show.counted(gone, 'fire')} {'would be' if dry_run else 'are'} deleted")
