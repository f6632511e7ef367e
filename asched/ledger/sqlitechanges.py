"""Each change, made in SQL inside the writer's transaction.

The statement holds the precondition, the row count is the answer; only when nothing changed does the verdict say
whether it stood already or is refused. Many in a row are tried in one statement first (stretches.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, assert_never

from asched.core.change import (
    Absence,
    Act,
    Activate,
    Adopt,
    Arrange,
    Backfill,
    Begin,
    Change,
    Child,
    Decide,
    Expire,
    Finish,
    Output,
    Pause,
    Promote,
    Rejected,
    Retire,
    Retrying,
    Streak,
    TakeOver,
    Unpause,
)
from asched.core.model import Fire
from asched.core.outcome import Queue
from asched.ledger import presence, queries, rows, stretches, verdicts
from asched.ledger import statements as sql
from asched.ledger.bounds import clean
from asched.ledger.rows import micros, micros_or_none
from asched.ledger.verdicts import MAKE, RunChange, Verdict

if TYPE_CHECKING:
    from sqlite3 import Connection


def make_all(owner: int, changes: Sequence[Change], connection: Connection) -> Sequence[Rejected]:
    rejected: list[Rejected] = []
    for stretch in stretches.of(changes):
        if not stretches.made(connection, owner, stretch):
            rejected += _one_by_one(connection, owner, stretch)
    return tuple(rejected)


def _one_by_one(connection: Connection, owner: int, changes: Sequence[Change]) -> Iterator[Rejected]:
    return (rejected for change in changes if (rejected := _make(connection, owner, change)) is not None)


def _make(connection: Connection, owner: int, change: Change) -> Rejected | None:
    match change:
        case Decide():
            return _decide(connection, owner, change)
        case Finish():
            return _finish(connection, owner, change)
        case Output():
            return _output(connection, owner, change)
        case Promote():
            return _promote(connection, owner, change)
        case Retrying():
            return _retrying(connection, owner, change)
        case Begin() | Child() | Adopt():
            return _step(connection, owner, change)
        case Activate():
            return _activate(connection, owner, change)
        case Retire():
            return _retire(connection, change)
        case Pause() | Unpause() | Backfill() | Arrange() | Expire() | Absence() | Act() | Streak():
            _note(connection, change)
            return None
        case TakeOver(at):
            presence.take_over(owner, at, connection)
            return None
        case _:
            assert_never(change)


# ---- decisions


def _decide(connection: Connection, owner: int, change: Decide) -> Rejected | None:
    if (change.watermark is None) != (change.until is None):
        return Rejected(change, verdicts.HALF_A_MOVE)
    if change.until is None or change.watermark is None:
        if connection.execute(sql.WATERMARK, (change.job, change.version)).fetchone() is None:
            return Rejected(change, verdicts.no_version(change.job, change.version))
    elif not connection.execute(sql.MOVE_WATERMARK, rows.move_row(owner, change)).rowcount:
        return _decided_before(connection, owner, change, micros(change.until))
    return _record(connection, owner, change)


def _record(connection: Connection, owner: int, change: Decide) -> Rejected | None:
    at = micros(change.at)
    for gap in change.gaps:
        connection.execute(sql.INSERT_GAP, rows.gap_row(change.job, change.version, at, gap))
    taken = [
        fire.id
        for fire, decision in change.fires
        if not connection.execute(sql.INSERT_FIRE, rows.fire_row(owner, at, fire, decision)).rowcount
        and verdicts.is_taken(fire, owner, queries.fire(fire.id, connection))
    ]
    return verdicts.partly(change, taken) if taken else None


def _decided_before(connection: Connection, owner: int, change: Decide, until: int) -> Rejected | None:
    """It stands if we moved the watermark there, or beyond, and these very fires are in the ledger."""
    found = connection.execute(sql.WATERMARK, (change.job, change.version)).fetchone()
    if found is None:
        return Rejected(change, verdicts.no_version(change.job, change.version))
    watermark, moved_by = found
    taken = []
    for fire, _ in change.fires:
        if verdicts.is_taken(fire, owner, queries.fire(fire.id, connection)):
            if not _is_held(connection, fire):
                return Rejected(change, verdicts.MOVED_ELSEWHERE)
            taken.append(fire.id)
    if moved_by != owner or watermark < until:
        return Rejected(change, verdicts.MOVED_ELSEWHERE)
    return verdicts.partly(change, taken)


def _is_held(connection: Connection, fire: Fire) -> bool:
    key = (fire.job, micros(fire.scheduled_at), fire.nonce)
    return connection.execute(sql.HOLDER, key).fetchone() is not None


# ---- runs


def _finish(connection: Connection, owner: int, change: Finish) -> Rejected | None:
    made = connection.execute(sql.FINISH, rows.finish_row(owner, change)).rowcount
    return None if made else _unmade(connection, owner, change)


def _promote(connection: Connection, owner: int, change: Promote) -> Rejected | None:
    if isinstance(change.decision, Queue):
        return _unmade(connection, owner, change)
    at = micros(change.at)
    name, reason, facts = rows.decision_parts(change.decision)
    started_at = at if name == "start" else None
    promoted = (name, reason, facts, at, started_at, change.fire, owner)
    made = connection.execute(sql.PROMOTE, promoted).rowcount
    return None if made else _unmade(connection, owner, change)


def _retrying(connection: Connection, owner: int, change: Retrying) -> Rejected | None:
    waiting = (micros(change.retry_at), change.fire, owner, change.attempt)
    if not connection.execute(sql.AWAIT_RETRY, waiting).rowcount:
        return _unmade(connection, owner, change)
    connection.execute(sql.INSERT_ATTEMPT, (change.fire, change.attempt, *rows.end_parts(change)))
    return None


def _step(connection: Connection, owner: int, change: Begin | Child | Adopt) -> Rejected | None:
    match change:
        case Begin():
            begun = (change.attempt, micros(change.at), change.fire, owner, change.attempt - 1)
            made = connection.execute(sql.BEGIN_ATTEMPT, begun).rowcount
        case Child():
            child = (change.pid, change.started, change.fire, owner, change.attempt)
            made = connection.execute(sql.SET_CHILD, child).rowcount
        case Adopt():
            made = connection.execute(sql.ADOPT, (owner, change.fire, change.owner)).rowcount
        case _:
            assert_never(change)
    return None if made else _unmade(connection, owner, change)


def _unmade(connection: Connection, owner: int, change: RunChange) -> Rejected | None:
    ended = None
    if isinstance(change, Retrying):
        ended = queries.attempt(change.fire, change.attempt, connection)
    verdict = verdicts.on_run(change, queries.fire(change.fire, connection), owner, ended)
    assert verdict is not MAKE, f"the statement and the verdict disagree on {change}"
    return _answer(change, verdict)


def _output(connection: Connection, owner: int, change: Output) -> Rejected | None:
    piece = (change.fire, change.seq, change.attempt, micros(change.at), change.stream, clean(change.text))
    if connection.execute(sql.INSERT_OUTPUT, (*piece, owner)).rowcount:
        return None
    return _answer(change, verdicts.on_output(queries.fire(change.fire, connection), owner))


# ---- versions


def _activate(connection: Connection, owner: int, change: Activate) -> Rejected | None:
    verdict = verdicts.on_activate(change, queries.version(change.job, change.version, connection))
    if verdict is MAKE:
        since, at = micros(change.since), micros(change.at)
        key = (change.job, change.version)
        trigger = rows.json_or_none(change.trigger)
        connection.execute(sql.RETIRE_OTHERS, (at, *key))
        connection.execute(sql.ACTIVATE, (*key, since, trigger, change.text, at))
        connection.execute(sql.START_WATERMARK, (*key, since, owner))
    return _answer(change, verdict)


def _retire(connection: Connection, change: Retire) -> Rejected | None:
    verdict = verdicts.on_retire(change, queries.version(change.job, change.version, connection))
    if verdict is MAKE:
        connection.execute(sql.RETIRE, (micros(change.at), change.job, change.version))
    return _answer(change, verdict)


# ---- operators


def _note(
    connection: Connection, change: Pause | Unpause | Backfill | Arrange | Expire | Absence | Act | Streak
) -> None:
    match change:
        case Pause():
            until = micros_or_none(change.until)
            paused = (change.job, micros(change.at), clean(change.by), clean(change.reason), until, change.on_resume)
            connection.execute(sql.PAUSE, paused)
        case Unpause():
            connection.execute(sql.UNPAUSE, (change.job,))
        case Arrange(occurrence):
            connection.execute(sql.ARRANGE, rows.occurrence_row(occurrence))
        case Expire(occurrence):
            connection.execute(sql.EXPIRE, rows.occurrence_key(occurrence))
        case Backfill():
            connection.execute(sql.BACKFILL, rows.backfill_row(change))
        case Absence():
            connection.execute(sql.INSERT_ABSENCE, rows.absence_row(change))
        case Act():
            who = (micros(change.at), change.verb, clean(change.by))
            what = (change.job, change.run, clean(change.reason))
            connection.execute(sql.INSERT_ACT, (*who, *what))
        case Streak():
            connection.execute(sql.COUNT_FAILURES, (change.job, change.failures))
        case _:
            assert_never(change)


def _answer(change: Change, verdict: Verdict) -> Rejected | None:
    return Rejected(change, verdict) if isinstance(verdict, str) else None
