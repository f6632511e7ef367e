"""What SQLite says, as what the caller can do about it: try again, or stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asched.errors import LedgerError, LedgerUnavailable, LedgerUnusable
from asched.ledger.lock import who_locks

if TYPE_CHECKING:
    from sqlite3 import Error

# Primary result codes, https://sqlite.org/rescode.html. (The codes are in sqlite3 from Python 3.11 on, but importing
# it costs what a memory ledger need not pay.)
_PERM, _BUSY, _LOCKED, _NOMEM, _READONLY, _INTERRUPT, _IOERR = 3, 5, 6, 7, 8, 9, 10
_CORRUPT, _FULL, _CANTOPEN, _PROTOCOL, _FORMAT, _NOTADB = 11, 13, 14, 15, 24, 26

_HARMLESS = {_BUSY, _LOCKED, _FULL, _INTERRUPT, _READONLY}
"""Nothing was written and the connection knows it. After anything else of theirs it must not be trusted."""

_PASSING = {
    _PERM: "may not be used",
    _NOMEM: "could not be used: out of memory",
    _READONLY: "cannot be written",
    _INTERRUPT: "was interrupted",
    _IOERR: "could not be read or written",
    _FULL: "cannot grow: the disk is full",
    _CANTOPEN: "cannot be opened",
    _PROTOCOL: "is locked by too many",
}


def code_of(error: Error) -> int:
    """The primary result code; 0 when it is Python's own complaint."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def poisons(error: Error) -> bool:
    """Must the connection be closed and what it wrote be read again? True after a failing fsync, for instance."""
    code = code_of(error)
    return code not in _HARMLESS and (code in _PASSING or code in (_CORRUPT, _FORMAT, _NOTADB))


def translated(error: Error, path: Path) -> LedgerError | None:
    """None: it is no trouble with the file but a mistake of the one who asked."""
    code = code_of(error)
    if code in (_BUSY, _LOCKED):
        holder = who_locks(path)
        return LedgerUnavailable(f"ledger {path} is locked by {holder or 'another process'}")
    if code in (_CORRUPT, _FORMAT, _NOTADB):
        return damaged(path, str(error))
    if code in _PASSING:
        return LedgerUnavailable(f"ledger {path} {_PASSING[code]} ({error})")
    return None


def damaged(path: Path, what: str) -> LedgerUnusable:
    return LedgerUnusable(
        f"ledger {path} is damaged ({what}). Nothing was changed. Stop what uses it, keep a copy of it and of its -wal "
        f"file, and put a backup in its place; or move all of them away, and a new ledger is begun."
    )
