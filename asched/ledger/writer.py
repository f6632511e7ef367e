"""Group commit: everything that waits goes into one transaction, made by one function in the writer's thread.

While a transaction is on its way to the disk, what comes in is collected; it goes as one when the disk is done. So
a slow disk makes larger batches, not a longer queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from asched.errors import LedgerError
from asched.ledger import statements as sql
from asched.ledger.connection import Channel

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")
Work = Callable[["Connection"], Any]
Waiting = tuple["asyncio.Future[Any]", Work]
After = Callable[["Connection"], None]


class Writer:
    """`before` and `after` run in the thread, before and after each transaction that was committed."""

    def __init__(self, channel: Channel, before: Callable[[], None], after: After) -> None:
        self._channel, self._before, self._after = channel, before, after
        self._waiting: list[Waiting] = []
        self._under_way: asyncio.Future[Sequence[Any]] | None = None

    async def do(self, work: Callable[[Connection], T]) -> T:
        """The answer of `work`, once it is durable. Whoever is cancelled here may have been written or not."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, work))
        if self._under_way is None:
            self._send()
        return await future

    async def drained(self) -> None:
        while self._under_way is not None:
            await asyncio.wait([self._under_way])

    def _send(self) -> None:
        batch, self._waiting = self._waiting, []
        works = [work for _, work in batch]
        try:
            self._under_way = self._channel.submit(partial(self._transact, works))
        except LedgerError as error:
            for future, _ in batch:
                future.set_exception(error)
            return
        self._under_way.add_done_callback(partial(self._answer, batch))

    def _answer(self, batch: Sequence[Waiting], done: asyncio.Future[Sequence[Any]]) -> None:
        self._under_way = None
        if self._waiting:
            self._send()
        error = done.exception()
        answers = [error] * len(batch) if error is not None else done.result()
        for (future, _), answer in zip(batch, answers, strict=True):
            if future.done():  # its caller was cancelled
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _transact(self, works: Sequence[Work], connection: Connection) -> Sequence[Any]:
        self._before()
        try:
            answers = _commit(connection, works)
        except Exception as error:
            if len(works) == 1 or _is_of_the_store(error):
                raise
            # Somebody's work is at fault, and must not cost the others theirs: each by itself.
            return [self._alone(work, connection) for work in works]
        self._after(connection)
        return answers

    def _alone(self, work: Work, connection: Connection) -> Any:
        try:
            return self._transact([work], connection)[0]
        except Exception as error:
            if _is_of_the_store(error):
                raise
            return error


def _commit(connection: Connection, works: Sequence[Work]) -> Sequence[Any]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        answers = [work(connection) for work in works]
        connection.execute(sql.COUNT_COMMIT)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return answers


def _is_of_the_store(error: Exception) -> bool:
    """The file or the disk, not the values: the result code of a constraint is 19, Python's own have none."""
    code = cast(int, getattr(error, "sqlite_errorcode", 0)) & 0xFF
    return isinstance(error, LedgerError) or code not in (0, 19, 20, 25)
