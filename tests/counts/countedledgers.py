"""Both ledgers, counted. SQLite's answers come after a fixed number of the loop's steps, from no other thread.

When a thread answers, what the loop has done by then is chance, and with it what goes into the next transaction. Here
a commit takes so many steps that whatever could go on meanwhile has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TypeVar

from countedloop import CountedLoop

import asched.ledger.sqlite
from asched.core.change import Change
from asched.engine.ports import Ledger
from asched.ledger.connection import Channel
from asched.ledger.sqlite import SqliteLedger

STEPS = 20

T = TypeVar("T")


class Transactions:
    """What a ledger is asked to commit."""

    def __init__(self, ledger: Ledger) -> None:
        self.commits = self.changes = 0
        self._commit = ledger.commit
        ledger.commit = self._counted

    async def _counted(self, owner: int, changes: Sequence[Change]) -> Any:
        self.commits += 1
        self.changes += len(changes)
        return await self._commit(owner, changes)

    def counts(self) -> dict[str, int]:
        return {"commits": self.commits, "changes": self.changes}


class Sql:
    """What SQLite does for it, over all connections."""

    def __init__(self, path: Path) -> None:
        self.statements = self.transactions = 0
        self.connections: list[Connection] = []
        self._log = path.with_name(path.name + "-wal")

    def counts(self) -> dict[str, int]:
        rows = sum(connection.total_changes for connection in self.connections)
        counted = {"statements": self.statements, "transactions": self.transactions}
        return counted | {"rows": rows, "log_bytes": self._log.stat().st_size if self._log.exists() else 0}

    def listen(self, connection: Connection) -> None:
        self.connections.append(connection)
        connection.set_trace_callback(self._heard)

    def _heard(self, statement: str) -> None:
        self.statements += 1
        self.transactions += statement == "COMMIT"


class SteppedChannel(Channel):
    """Does at once what it is given, on the loop's own thread, and answers STEPS later."""

    sql: Sql

    async def open(self) -> None:
        self.sql.listen(self._connect())

    async def close(self) -> None:
        live = self._live
        if live is not None:
            self.sql.connections.remove(live)
        self._close_live()

    def submit(self, function: Callable[[Connection], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CountedLoop)
        answer: asyncio.Future[T] = loop.create_future()
        try:
            tell = partial(answer.set_result, self._run(function))
        except Exception as error:  # as from the thread
            tell = partial(answer.set_exception, error)
        loop.after_steps(STEPS, tell)
        return answer


def sqlite_ledger(path: Path) -> tuple[SqliteLedger, Sql]:
    sql = Sql(path)
    asched.ledger.sqlite.Channel = type("Channel", (SteppedChannel,), {"sql": sql})
    return SqliteLedger(path), sql
