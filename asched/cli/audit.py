"""`asched audit`: the law of the ledger, recomputed."""

from __future__ import annotations

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.exits import FAILED
from asched.cli.verb import verb
from asched.engine.audit import Audit, audit


@verb("audit")
def audit_command(desk: Desk) -> None:
    """Prove that every due instant is accounted for, or name those that are not (exit code 1)."""
    found = desk.wait_for(_audit(desk))
    if desk.as_json:
        show.as_json(_json(found))
    elif found.balanced:
        what = f"{found.versions} versions of jobs, {found.fires} fires, {found.gaps} gaps, {found.open} open"
        click.echo(f"balanced: {what}")
    else:
        click.echo(f"NOT balanced: {len(found.imbalances)} faults in {found.versions} versions of jobs")
        for one in found.imbalances:
            click.echo(f"  {one}")
    raise SystemExit(0 if found.balanced else FAILED)


async def _audit(desk: Desk) -> Audit:
    async with desk.reading() as ledger:
        return await audit(ledger, desk.now())


def _json(found: Audit) -> dict[str, object]:
    wrong = [{"job": one.job, "version": one.version, "at": one.at, "what": one.what} for one in found.imbalances]
    return {
        "balanced": found.balanced,
        "versions": found.versions,
        "fires": found.fires,
        "gaps": found.gaps,
        "open": found.open,
        "imbalances": wrong,
    }
