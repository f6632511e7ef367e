"""The ledger's file: where it may stand, how it comes into being, and what is refused.

It appears under its name only when it is whole, so that a file which is there and is not a ledger of ours (empty,
foreign, cut off) is never one that we left behind: it is refused, never replaced (FAULTS 2, 9, 11, 12).
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from asched.core.text.pattern import pattern
from asched.errors import LedgerUnusable
from asched.ledger import schema
from asched.ledger import statements as sql
from asched.ledger.backup import MAKING, back_up, sync_folder
from asched.ledger.connection import connect_new, connect_writer
from asched.ledger.lock import Progress
from asched.ledger.sqliteerrors import damaged
from asched.ledger.systemerrors import refused_by_system

if TYPE_CHECKING:
    from sqlite3 import Connection

NO_LEDGER_YET = "no ledger yet"
"""How the message of LedgerUnusable begins when one who only reads finds nothing to read."""

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_NETWORKS = {"nfs", "nfs4", "cifs", "smb", "smbfs", "smb2", "smb3", "afs", "ncpfs"}
_CHECKED_WHOLE = 4 * 1024 * 1024  # a file up to this size is checked through at each start: 20 ms at most
_OCTAL = pattern(r"\\([0-7]{3})")  # how /proc/self/mounts writes a space


def make_folder(path: Path) -> None:
    folder = path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise refused_by_system(error, f"the folder {folder} for the ledger cannot be made") from None


def refuse_network(path: Path) -> None:
    """SQLite's locks do not hold on network file systems, and two servers would write over each other."""
    kind = file_system_here(path.parent)
    if kind in _NETWORKS:
        raise LedgerUnusable(
            f"ledger {path} is on a network file system ({kind}), where SQLite cannot lock safely: "
            "put it on a local disk"
        )


def file_system_here(folder: Path) -> str:
    """The type of the file system that the folder is on; "" where the system does not say."""
    try:
        mounts = Path("/proc/self/mounts").read_text()
    except OSError:
        return ""
    return file_system_of(folder.resolve(), mounts)


def file_system_of(folder: Path, mounts: str) -> str:
    """The type of the file system, by the text of /proc/self/mounts: that of the innermost, then latest mount."""
    found, depth = "", -1
    for line in mounts.splitlines():
        _, at, kind, *_ = line.split(" ")
        point = Path(_OCTAL.sub(lambda escape: chr(int(escape[1], 8)), at))
        if folder.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = kind, len(point.parts)
    return found


def create_if_missing(path: Path) -> None:
    if path.exists():
        return
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise LedgerUnusable(
            f"ledger {path} is gone, but its {log.name} is still there: put the file back beside it, or move "
            f"{log.name} away as well, and a new ledger is begun"
        )
    try:
        _create(path)
    except OSError as error:
        raise refused_by_system(error, f"ledger {path} cannot be made") from None


def sweep(path: Path) -> None:
    """Remove what one that was killed while making the ledger left behind. Only by who holds the server's lock."""
    for left in path.parent.glob(f".{path.name}.*{MAKING}*"):
        left.unlink(missing_ok=True)


def refuse_foreign(path: Path) -> None:
    """By the first bytes of the file, before SQLite sees it."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except FileNotFoundError:
        raise LedgerUnusable(f"{NO_LEDGER_YET} at {path}: it is made when asched first runs with it") from None
    except OSError as error:
        raise refused_by_system(error, f"ledger {path} cannot be read") from None
    advice = "It is left alone: name another file as the ledger, or restore a backup, or move it away."
    if not header:
        raise LedgerUnusable(f"{path} is empty, and asched never leaves an empty ledger. {advice}")
    if not header.startswith(_MAGIC):
        raise LedgerUnusable(f"{path} is not a ledger: it is no SQLite database. {advice}")
    if len(header) < _HEADER:
        raise damaged(path, "cut off in its first 100 bytes")
    if int.from_bytes(header[68:72], "big") != schema.APPLICATION_ID:
        raise LedgerUnusable(f"{path} is not a ledger: it is the SQLite database of another program. {advice}")


def refuse_readonly(path: Path) -> None:
    for what in (path, path.parent):
        if not os.access(what, os.W_OK):
            raise LedgerUnusable(
                f"ledger {path} cannot be written: {what} is read-only for this user. "
                "Commands that only read still work."
            )


def refuse_newer(connection: Connection, path: Path) -> int:
    """Returns the schema's number."""
    known, found = len(schema.MIGRATIONS), schema.schema_of(connection)
    if found > known:
        raise LedgerUnusable(
            f"ledger {path} was written by a newer asched (schema {found}; this one knows {known}): "
            "use that one, or restore the backup that it made before it migrated"
        )
    return found


def refuse_older(connection: Connection, path: Path) -> None:
    if (found := refuse_newer(connection, path)) < len(schema.MIGRATIONS):
        raise LedgerUnusable(f"ledger {path} has the older schema {found}: it is migrated when the service next starts")


def bring_up_to_date(path: Path, busy_timeout: timedelta) -> Progress:
    """Recover, check and migrate. Returns how far the ledger has come."""
    connection = connect_writer(path, busy_timeout)
    try:
        found = refuse_newer(connection, path)
        _check_whole(connection, path)
        if found < len(schema.MIGRATIONS):
            _migrate(connection, path, busy_timeout)
        return read_progress(connection)
    finally:
        connection.close()


def read_progress(connection: Connection) -> Progress:
    return Progress(*connection.execute(sql.PROGRESS).fetchone())


def _create(path: Path) -> None:
    from tempfile import mkstemp  # with it come random, and shutil with the archive formats

    handle, name = mkstemp(prefix=f".{path.name}.", suffix=MAKING, dir=path.parent)
    os.close(handle)
    making = Path(name)
    try:
        _write_empty_ledger(making)
        _give_name(making, path)
    finally:
        making.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write_empty_ledger(path: Path) -> None:
    connection = connect_new(path)
    try:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("BEGIN IMMEDIATE")
        schema.migrate(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _give_name(making: Path, path: Path) -> None:
    """Never over a file that another one made meanwhile: that one is the ledger then."""
    try:
        os.link(making, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            making.rename(path)


def _check_whole(connection: Connection, path: Path) -> None:
    if path.stat().st_size > _CHECKED_WHOLE:
        return  # then SQLite itself says so when it comes upon the damage; `asched db check` looks everywhere
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise damaged(path, said)


def _migrate(connection: Connection, path: Path, busy_timeout: timedelta) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = schema.schema_of(connection)  # again: another may have migrated while we waited
        if found < len(schema.MIGRATIONS):
            back_up(path, path.with_name(f"{path.name}.schema{found}.backup"), busy_timeout)
            schema.migrate(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
