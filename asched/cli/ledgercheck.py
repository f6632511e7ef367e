"""The ledger's file, looked at from outside and from inside, for `asched db check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from asched.cli.desk import Desk
from asched.engine.audit import Audit, audit
from asched.errors import Refused
from asched.ledger.inspection import Inspection, inspect
from asched.service.exitcodes import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Sequence


def ledger_file(desk: Desk) -> Path:
    """Raises Refused when it is in memory; leaves with exit code 3 when there is none yet."""
    if desk.place.in_memory:
        raise Refused('the ledger is ":memory:": it has no file')
    if not desk.has_ledger():
        click.echo(f"asched: there is no ledger yet at {desk.place.ledger}", err=True)
        raise SystemExit(NOT_FOUND)
    return Path(desk.place.ledger)


def check_ledger(desk: Desk) -> tuple[Inspection, Audit | None]:
    """Without the audit where the file is damaged, or has an older schema: then it cannot be asked."""
    file = inspect(ledger_file(desk))
    asked = not file.complaints and file.schema == file.current
    return file, desk.wait_for(_audit(desk)) if asked else None


async def _audit(desk: Desk) -> Audit:
    from asched.cli.owners import ALL
    from asched.engine.instance import lives

    async with desk.reading() as ledger:
        instances = await ledger.instances(limit=ALL)
        answerable: Sequence[int] = [one.number for one in instances if not desk.is_served or lives(one)]
        return await audit(ledger, desk.now(), answerable)
