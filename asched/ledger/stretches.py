"""Many changes in a few statements: fast, not pretty. sqlitechanges makes the same one by one, and what that does is
what is right: here either all of a stretch are made, each in the world that it presumed, or none.

A statement of a hundred rows costs half of a hundred statements, and lets go of the interpreter once, not a hundred
times: while the loop is busy, each time is a wait.

Ends come before decisions here, whatever their order was: neither looks at what the other writes, but for the end of a
fire that is decided in the same stretch. That one finds no row, and so none of them are made here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, groupby
from typing import TYPE_CHECKING

from asched.core.change import Change, Decide, Finish
from asched.ledger import rows
from asched.ledger import statements as sql
from asched.ledger.rows import Row, micros

if TYPE_CHECKING:
    from sqlite3 import Connection, Cursor

FEWEST = 8  # of fewer nothing is gained
_WIDTHS = (100, 20, 5)  # rows of one statement, each prepared once


def of(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in their order, cut where those that could be made here begin and end."""
    if len(changes) < FEWEST:
        return iter([changes])
    return (tuple(stretch) for _, stretch in groupby(changes, _is_plain))


def made(connection: Connection, owner: int, stretch: Sequence[Change]) -> bool:
    """All of one of them; or nothing, because they are too few, or not plain, or one of them does not apply, or
    did before."""
    if len(stretch) < FEWEST or not _is_plain(stretch[0]):
        return False
    cursor = connection.cursor()  # one: the connection remembers each for a while
    cursor.execute("SAVEPOINT stretch")
    whole = _finished(cursor, owner, stretch) and _decided(cursor, owner, stretch)
    if not whole:
        cursor.execute("ROLLBACK TO stretch")
    cursor.execute("RELEASE stretch")
    return whole


def _is_plain(change: Change) -> bool:
    """Ends, and decisions that do no more than move the watermark and add fires."""
    if isinstance(change, Decide):
        return change.until is not None and change.watermark is not None and not change.gaps
    return isinstance(change, Finish)


def _finished(cursor: Cursor, owner: int, stretch: Sequence[Change]) -> bool:
    ends = [rows.finish_row(owner, change) for change in stretch if isinstance(change, Finish)]
    return _write(cursor, sql.FINISH, sql.FINISH_MANY, ends) == len(ends)


def _decided(cursor: Cursor, owner: int, stretch: Sequence[Change]) -> bool:
    decided = [change for change in stretch if isinstance(change, Decide)]
    moves = [rows.move_row(owner, change) for change in decided]
    if _write(cursor, sql.MOVE_WATERMARK, sql.MOVE_WATERMARKS, moves) != len(moves):
        return False
    fires = list(_fire_rows(owner, decided))
    return _write(cursor, sql.INSERT_FIRE, sql.INSERT_FIRES, fires) == len(fires)


def _fire_rows(owner: int, decided: Sequence[Decide]) -> Iterator[Row]:
    at, instant = 0, None
    for change in decided:
        if change.at is not instant:  # mostly that of the turn, for all of them
            at, instant = micros(change.at), change.at
        for fire, decision in change.fires:
            yield rows.fire_row(owner, at, fire, decision)


def _write(cursor: Cursor, one: str, many: str, values: Sequence[Row]) -> int:
    """How many rows it changed."""
    changed, at = 0, 0
    for width in _WIDTHS:
        while len(values) - at >= width:
            wide = _of_many(many, width, len(values[0]))
            changed += cursor.execute(wide, tuple(chain.from_iterable(values[at : at + width]))).rowcount
            at += width
    return changed + sum(cursor.execute(one, row).rowcount for row in values[at:])


@cache
def _of_many(statement: str, width: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.format(values=f"VALUES {', '.join([row] * width)}")
