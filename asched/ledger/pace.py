"""The pace of a disk: how long one sync takes, and one transaction that is made as the ledger makes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from asched.engine.clock import Clock
from asched.ledger.connection import connect_new, connect_writer, telling
from asched.ledger.ledgerfile import refuse_network

_PAGE = b"\xa5" * 4096
_PAGES = 8192  # then it begins anew, as the ledger's log does
_BUSY = timedelta(seconds=5)
_sync = getattr(os, "fdatasync", os.fsync)


def sync_times(folder: Path, clock: Clock, seconds: float) -> list[timedelta]:
    """How long each of the syncs took that fit into so many seconds: at least one. Each is of a page more of a file
    that grows to 32 MiB, as a log does. Raises OSError."""
    with open(folder / "pages", "wb", buffering=0) as file:

        def sync() -> None:
            if file.tell() >= _PAGES * len(_PAGE):
                file.seek(0)
            file.write(_PAGE)
            _sync(file.fileno())

        return _each(sync, clock, seconds)


def commit_times(folder: Path, clock: Clock, seconds: float) -> list[timedelta]:
    """The same of transactions of one row, one after the other: WAL, synchronous=FULL. Raises LedgerUnavailable,
    LedgerUnusable."""
    path = folder / "rows.db"
    refuse_network(path)
    with telling(path):
        with closing(connect_new(path)) as new:
            new.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
        with closing(connect_writer(path, _BUSY)) as connection:
            return _each(lambda: connection.execute("INSERT INTO rows (text) VALUES ('a row')"), clock, seconds)


def _each(act: Callable[[], object], clock: Clock, seconds: float) -> list[timedelta]:
    found: list[timedelta] = []
    begun = now = clock.monotonic()
    while not found or now - begun < seconds:
        act()
        before, now = now, clock.monotonic()
        found.append(timedelta(seconds=now - before))
    return found
