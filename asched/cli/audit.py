"""`asched audit`: the law of the ledger, recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.verb import verb
from asched.service.exitcodes import FAILED

if TYPE_CHECKING:
    from asched.engine.audit import Audit


@verb("audit")
def audit_command(desk: Desk) -> None:
    """Prove that every due instant is accounted for, or name those that are not (exit code 1)."""
    found, jobs, somebody_lives = desk.wait_for(_audit(desk))
    if desk.as_json:
        show.as_json(_json(found, jobs))
    elif found.balanced:
        click.echo(f"balanced: {_what(found, jobs)}")
    else:
        click.echo(f"NOT balanced: {show.counted(len(found.imbalances), 'fault')} in {_what(found, jobs)}")
        for one in found.imbalances:
            click.echo(f"  {one.said(desk.zone)}")
    if found.open and not somebody_lives:
        desk.talk("nobody works on what is open: the next `asched serve` settles it")
    raise SystemExit(0 if found.balanced else FAILED)


async def _audit(desk: Desk) -> tuple[Audit, int, bool]:
    """What was found, how many jobs there are, and whether anybody is at work."""
    from asched.cli.owners import ALL
    from asched.engine.audit import audit
    from asched.engine.instance import lives

    async with desk.reading() as ledger:
        jobs = len({version.job for version in await ledger.versions()})
        instances = await ledger.instances(limit=ALL)
        living = [one.number for one in instances if lives(one)]
        # While nobody serves, what is open is left to the next who does, whoever it was that left it.
        answerable = living if desk.is_served else [one.number for one in instances]
        return await audit(ledger, desk.now(), answerable), jobs, bool(living)


def _what(found: Audit, jobs: int) -> str:
    versions = f" in {found.versions} versions" if found.versions != jobs else ""
    counts = (show.counted(found.fires, "fire"), show.counted(found.gaps, "gap"), f"{found.open} open")
    return ", ".join([show.counted(jobs, "job") + versions, *counts])


def _json(found: Audit, jobs: int) -> dict[str, object]:
    wrong = [{"job": one.job, "version": one.version, "at": one.at, "what": one.what} for one in found.imbalances]
    return {
        "balanced": found.balanced,
        "jobs": jobs,
        "versions": found.versions,
        "fires": found.fires,
        "gaps": found.gaps,
        "open": found.open,
        "imbalances": wrong,
    }
