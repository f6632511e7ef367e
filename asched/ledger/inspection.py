"""A look at the ledger's file from outside: is it ours, is it whole, and what wrote it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from asched.core.dataclass import dataclass
from asched.ledger import schema
from asched.ledger.backup import complaints_of
from asched.ledger.connection import connect_any_reader, telling
from asched.ledger.ledgerfile import refuse_foreign, refuse_newer

_WAL_RESET = (3, 51, 3)  # from here on SQLite has no WAL-reset bug (FAULTS 7)
_PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Inspection:
    """`complaints` are SQLite's, none when the file is whole. `current`: the schema that this asched writes."""

    bytes: int
    schema: int
    current: int
    sqlite: str
    complaints: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def inspect(path: Path) -> Inspection:
    """Raises LedgerUnusable for a file that is no ledger of ours, is of a newer asched, or cannot even be opened."""
    refuse_foreign(path)
    with telling(path), closing(connect_any_reader(path, _PATIENCE)) as connection:
        found = refuse_newer(connection, path)
        complaints = tuple(complaints_of(connection))
    log = path.with_name(path.name + "-wal")
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    return Inspection(size, found, len(schema.MIGRATIONS), sqlite3.sqlite_version, complaints, _remarks(found))


def _remarks(found: int) -> tuple[str, ...]:
    remarks = []
    if found < len(schema.MIGRATIONS):
        remarks.append(f"schema {found} is older than this asched's: it is migrated, after a backup, at the next start")
    if sqlite3.sqlite_version_info < _WAL_RESET:
        remarks.append(
            f"SQLite {sqlite3.sqlite_version} has a bug that can damage a log which two connections write or reset at "
            "once; asched writes with one connection only: let no other program write this file"
        )
    return tuple(remarks)
