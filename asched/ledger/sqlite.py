"""The ledger in one SQLite file, for one machine: one connection that writes, one that reads, each in its thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from asched.core.change import Absence, Act, Backfill, Change, Rejected
from asched.core.record import (
    AttemptRecord,
    FireQuery,
    FireRecord,
    GapRecord,
    InstanceRecord,
    Keep,
    OutputRecord,
    Stored,
    VersionRecord,
)
from asched.engine.aside import aside
from asched.errors import LedgerUnusable
from asched.ledger import ledgerfile, presence, queries, sqlitechanges
from asched.ledger.connection import Channel, connect_any_reader, connect_reader, connect_writer, telling
from asched.ledger.lock import Progress, ServerLock
from asched.ledger.sqliteprune import Pruning, forget
from asched.ledger.systemerrors import refused_by_system
from asched.ledger.writer import Writer

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")

_SERVED = timedelta(seconds=30)  # the lock file is what fences; this only tells when it was last alive
_SHARED = timedelta(seconds=5)


class SqliteLedger:
    """Satisfies Ledger.

    `serve` holds `<path>.lock` for life, so that a second server is refused with AlreadyServed. `readonly` opens
    without the lock and only answers queries, also while a server writes. `busy_timeout` is how long a write
    waits for another process that locks the file. After `open`, `remarks` says what people should know of it.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        readonly: bool = False,
        serve: bool = True,
        busy_timeout: timedelta = timedelta(seconds=5),
    ) -> None:
        self.path = Path(path)
        self.remarks: tuple[str, ...] = ()
        self._readonly = readonly
        self._serve = serve and not readonly
        self._busy_timeout = busy_timeout
        self._lock: ServerLock | None = None
        self._writing: Channel | None = None
        self._reading: Channel | None = None
        self._writer: Writer | None = None
        self._identity = (0, 0)
        self._pruning: Pruning | None = None

    @property
    def heartbeat(self) -> timedelta:
        return _SERVED if self._serve else _SHARED

    async def open(self) -> None:
        if self._reading is not None:
            return
        try:
            if self._readonly:
                await self._open_reading(self._connect_readonly)
            else:
                await aside(self._prepare)
                await self._open_writing()
                await self._open_reading(partial(connect_reader, self.path, self._busy_timeout))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """What was asked before is done first."""
        await asyncio.shield(self._close())

    async def enter(self, instance: InstanceRecord) -> int:
        least = 1 + (self._lock.found.instance if self._lock is not None else 0)
        return await self._write(partial(presence.enter, instance, least))

    async def renew(self, number: int, at: datetime) -> None:
        await self._write(partial(presence.renew, number, at))

    async def leave(self, number: int, at: datetime) -> None:
        await self._write(partial(presence.leave, number, at))

    async def restore(self) -> Stored:
        return await self._read(queries.restore)

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        if not changes:
            return ()
        return await self._write(partial(sqlitechanges.make_all, owner, tuple(changes)))

    async def fires(self, query: FireQuery) -> Sequence[FireRecord]:
        return await self._read(partial(queries.fires, query))

    async def fire(self, id: int) -> FireRecord | None:
        return await self._read(partial(queries.fire, id))

    async def attempts(self, fire: int) -> Sequence[AttemptRecord]:
        return await self._read(partial(queries.attempts, fire))

    async def output(self, fire: int, after_seq: int = -1, limit: int = 10_000) -> Sequence[OutputRecord]:
        return await self._read(partial(queries.output, fire, after_seq, limit))

    async def versions(self, job: str | None = None, *, active: bool = False) -> Sequence[VersionRecord]:
        return await self._read(partial(queries.versions, job, active))

    async def versions_after(self, job: str, jobs: int) -> Sequence[VersionRecord]:
        return await self._read(partial(queries.versions_after, job, jobs))

    async def gaps(self, job: str | None = None, limit: int = 10_000) -> Sequence[GapRecord]:
        return await self._read(partial(queries.gaps, job, limit))

    async def absences(self, limit: int = 100) -> Sequence[Absence]:
        return await self._read(partial(queries.absences, limit))

    async def acts(self, limit: int | None = 100, *, verbs: Sequence[str] = ()) -> Sequence[Act]:
        return await self._read(partial(queries.acts, limit, tuple(verbs)))

    async def backfills(self, limit: int = 100) -> Sequence[Backfill]:
        return await self._read(partial(queries.backfills, limit))

    async def instances(self, limit: int = 100) -> Sequence[InstanceRecord]:
        return await self._read(partial(queries.instances, limit))

    async def prunable(self, keep: Keep) -> int:
        return await self._read(Pruning(keep).count)

    async def prune(self, keep: Keep, limit: int = 1000) -> int:
        if self._pruning is None or self._pruning.keep is not keep:
            self._pruning = Pruning(keep)
        pruning = self._pruning
        found = await self._read(partial(pruning.find, limit))
        gone = await self._write(partial(forget, found)) if found else 0
        if gone:
            pruning.went(found)
        else:
            self._pruning = None
        return gone

    # ---- the connections

    async def _read(self, query: Callable[[Connection], T]) -> T:
        if self._reading is None:
            raise LedgerUnusable(f"ledger {self.path} is not open")
        return await self._reading.submit(query)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        if self._writer is None:
            why = "was opened for reading only" if self._readonly else "is not open"
            raise LedgerUnusable(f"ledger {self.path} {why}")
        return await self._writer.do(work)

    async def _open_writing(self) -> None:
        self._writing = Channel(self.path, partial(connect_writer, self.path, self._busy_timeout))
        self._writer = Writer(self._writing, self._still_there, self._remember)
        await self._writing.open()

    async def _open_reading(self, connect: Callable[[], Connection]) -> None:
        reading = Channel(self.path, connect)
        await reading.open()
        self._reading = reading

    async def _close(self) -> None:
        """The reader first: who closes last brings the log into the file and removes it."""
        writer, self._writer = self._writer, None
        reading, self._reading = self._reading, None
        writing, self._writing = self._writing, None
        if writer is not None:
            await writer.drained()
        if reading is not None:
            await reading.close()
        if writing is not None:
            await writing.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # ---- in a thread

    def _prepare(self) -> None:
        ledgerfile.make_folder(self.path)
        ledgerfile.refuse_network(self.path)
        if self._serve:
            self._lock = ServerLock.take(self.path)
            ledgerfile.sweep(self.path)
        with telling(self.path):
            ledgerfile.create_if_missing(self.path)
        ledgerfile.refuse_foreign(self.path)
        ledgerfile.refuse_readonly(self.path)
        with telling(self.path):
            self._compare(ledgerfile.bring_up_to_date(self.path, self._busy_timeout))
        self._identity = self._on_disk()

    def _connect_readonly(self) -> Connection:
        ledgerfile.refuse_network(self.path)
        ledgerfile.refuse_foreign(self.path)
        connection = connect_any_reader(self.path, self._busy_timeout)
        try:
            ledgerfile.refuse_older(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _compare(self, here: Progress) -> None:
        """Outside, it is remembered how far the ledger had come (FAULTS 10)."""
        if self._lock is None or here.commits >= self._lock.found.commits:
            return
        lost = self._lock.found.commits - here.commits
        self.remarks = (
            f"ledger {self.path} went back in time: the last {lost} transactions that it had confirmed are not in it. "
            "An older copy was restored, or its -wal file was removed. What it no longer knows may run again.",
        )

    def _still_there(self) -> None:
        """Writing into a file that was moved or replaced would be writing into nothing."""
        if self._on_disk() != self._identity:
            raise LedgerUnusable(
                f"ledger {self.path} was moved, removed or replaced while it was in use: "
                "put it back, or start asched anew"
            )

    def _on_disk(self) -> tuple[int, int]:
        try:
            stat = os.stat(self.path)
        except FileNotFoundError:
            return 0, 0
        except OSError as error:
            raise refused_by_system(error, f"ledger {self.path} cannot be looked at") from None
        return stat.st_dev, stat.st_ino

    def _remember(self, connection: Connection) -> None:
        if self._lock is not None:
            self._lock.remember(ledgerfile.read_progress(connection))
