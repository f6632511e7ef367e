"""A backup of the ledger, for `asched db backup`."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from errno import ENOENT
from pathlib import Path

from asched.cli.desk import Desk
from asched.cli.ledgercheck import ledger_file
from asched.errors import Refused
from asched.ledger.backup import back_up
from asched.ledger.connection import connect_any_reader, telling
from asched.ledger.ledgerfile import refuse_foreign
from asched.ledger.schema import schema_of

_PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Copy:
    file: Path
    bytes: int
    schema: int
    fires: int


def copy_to(desk: Desk, name: str, *, overwrite: bool) -> Copy:
    """Raises Refused when the file is there and may not be overwritten, or is the ledger itself, OSError when
    there is no such folder."""
    ledger, file = ledger_file(desk), Path(name).absolute()
    if file.exists() and file.samefile(ledger):
        raise Refused(f"{file} is the ledger itself")
    if file.exists() and not overwrite:
        raise Refused(f"{file} is there already: --yes overwrites it")
    log = file.with_name(file.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise Refused(f"{log} is there: something uses {file}, or did, and its log would be taken for the copy's")
    if not file.parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder", str(file.parent))
    refuse_foreign(ledger)
    with telling(ledger):
        back_up(ledger, file, _PATIENCE)
    return _look(file)


def _look(file: Path) -> Copy:
    """As one does who restores it."""
    refuse_foreign(file)
    with telling(file), closing(connect_any_reader(file, _PATIENCE)) as connection:
        (fires,) = connection.execute("SELECT count(*) FROM fires").fetchone()
        return Copy(file, file.stat().st_size, schema_of(connection), int(fires))
