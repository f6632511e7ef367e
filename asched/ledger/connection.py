"""A SQLite connection in its own thread, through aiosqlite, that is given whole functions.

One function per batch: a hop to the thread and back costs 40 µs, and a call per row would cost it per row.
After an error that leaves in doubt what was written, the connection is closed, opened again and its log brought
into the file before it is used: nothing is assumed (FAULTS 5).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import TypeVar, cast
from urllib.parse import quote

import aiosqlite

from asched.engine.aside import aside
from asched.errors import LedgerUnusable
from asched.ledger.sqliteerrors import poisons, translated

T = TypeVar("T")
Connector = Callable[[], sqlite3.Connection]

_CACHE_KIB = 32 * 1024
_WAL_PAGES = 8192  # 32 MiB: a tick over many jobs dirties a page per job, and those are best written out rarely
_WAL_KEPT = 32 * 1024 * 1024


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """What SQLite says of the file goes up as LedgerUnavailable or LedgerUnusable; a mistake of ours as it is."""
    try:
        yield
    except sqlite3.Error as error:
        if (known := translated(error, path)) is not None:
            raise known from error
        raise


class ThreadConnection(aiosqlite.Connection):
    """aiosqlite's thread and queue, and a future for each function put into it.

    The thread must not keep alive a process that ends without closing: what was confirmed is on the disk.
    """

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._worker.daemon = True

    @property
    def _worker(self) -> Thread:
        worker: Thread | None = getattr(self, "_thread", None)
        return cast(Thread, self) if worker is None else worker  # before 0.22 it is a thread itself

    def submit(self, function: Callable[[], T]) -> asyncio.Future[T]:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, function))
        return future

    async def ended(self) -> None:
        """After a failing start: its thread has something to say to the loop until it has ended."""
        await aside(self._worker.join)


class Channel:
    """The way to one connection. Functions run one after the other, each given the live sqlite3 connection."""

    def __init__(self, path: Path, connector: Connector) -> None:
        self._path, self._connector = path, connector
        self._thread: ThreadConnection | None = None
        self._live: sqlite3.Connection | None = None
        self._poisoned = False

    async def open(self) -> None:
        thread = ThreadConnection(self._connect)
        try:
            await thread
        except BaseException:
            await thread.ended()
            raise
        self._thread = thread

    async def close(self) -> None:
        """Runs what is queued, then closes."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.submit(self._close_live)
            await thread.close()

    def submit(self, function: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        if self._thread is None:
            raise LedgerUnusable(f"ledger {self._path} is not open")
        return self._thread.submit(lambda: self._run(function))

    def _run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        with telling(self._path):
            try:
                return function(self._trusted())
            except sqlite3.Error as error:
                self._poisoned = self._poisoned or poisons(error)
                raise

    def _connect(self) -> sqlite3.Connection:
        with telling(self._path):
            self._live = self._connector()
        return self._live

    def _trusted(self) -> sqlite3.Connection:
        if self._poisoned or self._live is None:
            self._close_live()
            self._live = self._connector()
            # What a failing fsync left in the page cache is read as if it were on the disk: write it anew.
            self._live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._poisoned = False
        return self._live

    def _close_live(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            with suppress(sqlite3.Error):  # where it cannot bring its log into the file, the next one does
                live.close()


def connect_writer(path: Path, busy_timeout: timedelta) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _uri(path, "rw"), uri=True, isolation_level=None, timeout=busy_timeout.total_seconds(), cached_statements=256
    )
    return _prepared(
        connection,
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        f"PRAGMA cache_size = -{_CACHE_KIB}",
        f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}",
        f"PRAGMA journal_size_limit = {_WAL_KEPT}",
    )


def connect_reader(path: Path, busy_timeout: timedelta, mode: str = "rw") -> sqlite3.Connection:
    """`mode`: "rw" beside a writer of ours (its files are there), "ro", or "ro&immutable=1"."""
    connection = sqlite3.connect(_uri(path, mode), uri=True, isolation_level=None, timeout=busy_timeout.total_seconds())
    return _prepared(connection, "PRAGMA query_only = ON", "PRAGMA schema_version")


def connect_any_reader(path: Path, busy_timeout: timedelta) -> sqlite3.Connection:
    """For one who may only read. Without a log there is nothing but the file, which may stand in a read-only folder,
    where SQLite cannot make its shared memory: then it is read as it is.
    """
    try:
        return connect_reader(path, busy_timeout, "ro")
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        return connect_reader(path, busy_timeout, "ro&immutable=1")


def connect_new(path: Path) -> sqlite3.Connection:
    """A database that is being made and that nobody else knows yet."""
    return sqlite3.connect(path, isolation_level=None)


def _prepared(connection: sqlite3.Connection, *pragmas: str) -> sqlite3.Connection:
    try:
        for pragma in (*pragmas, "PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = OFF"):
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"
