"""A copy of the ledger, whole and consistent, also while a service writes it.

SQLite's online backup, in one step: it reads one snapshot, and in WAL mode no writer waits for it. The copy gets its
name once it is on the disk, and has been looked through.
"""

from __future__ import annotations

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from asched.errors import LedgerUnusable
from asched.ledger.connection import connect_any_reader, connect_new

if TYPE_CHECKING:
    from sqlite3 import Connection

MAKING = ".making"
"""How the names of files end that are not whole yet."""


def back_up(path: Path, target: Path, busy_timeout: timedelta) -> None:
    """Copy the ledger at `path` to `target`, which is replaced if it exists.

    Raises LedgerUnusable when the copy is not sound (then `target` is as before), OSError, and what sqlite3 raises.
    """
    from tempfile import mkstemp  # with it come random, and shutil with the archive formats

    handle, name = mkstemp(prefix=f".{target.name}.", suffix=MAKING, dir=target.parent)
    os.close(handle)
    making = Path(name)
    try:
        with closing(connect_any_reader(path, busy_timeout)) as source:
            _copy(source, making)
        sync_file(making)
        making.replace(target)
    finally:
        making.unlink(missing_ok=True)
    sync_folder(target.parent)


def _copy(source: Connection, making: Path) -> None:
    """Without a log beside it, so that the one file is all of it."""
    with closing(connect_new(making)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        complaints = complaints_of(target)
    if complaints:
        raise LedgerUnusable(f"the copy is not sound ({complaints[0]}), and was not kept: `asched db check` says more")


def complaints_of(connection: Connection, most: int = 100) -> list[str]:
    """What SQLite finds wrong, looking at every page; nothing when all is well."""
    said = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({most})")]
    return [] if said == ["ok"] else said


def sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
