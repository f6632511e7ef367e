"""What is read, as functions of a connection: they run in its thread and give finished values back.

The connection comes last, so that a query is `partial(function, …)` until a thread takes it up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from asched.core.change import Absence, Act, Backfill
from asched.core.outcome import FAILURES
from asched.core.record import (
    AttemptRecord,
    FireQuery,
    FireRecord,
    GapRecord,
    InstanceRecord,
    OutputRecord,
    Stored,
    VersionRecord,
)
from asched.ledger import rows
from asched.ledger import statements as sql
from asched.ledger.rows import Row, micros

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")

RECENT_INSTANCES = 100
"""How many of the last instances that served `restore` gives, besides those that did not leave or own an open fire."""


def restore(connection: Connection) -> Stored:
    """All of it from one snapshot."""
    connection.execute("BEGIN")
    try:
        return Stored(
            _all(connection, sql.PAUSES, (), rows.pause),
            _all(connection, sql.OPEN_FIRES, (), rows.fire_record),
            _all(connection, sql.INSTANCES_THAT_MATTER, (RECENT_INSTANCES,), rows.instance_record),
            dict(connection.execute(sql.FAILURES).fetchall()),
            _all(connection, sql.OCCURRENCES, (), rows.occurrence),
            _all(connection, sql.OPEN_BACKFILLS, (), rows.backfill),
        )
    finally:
        connection.execute("COMMIT")


def fire(id: int, connection: Connection) -> FireRecord | None:
    return _one(connection, sql.FIRE, (id,), rows.fire_record)


def fires(query: FireQuery, connection: Connection) -> Sequence[FireRecord]:
    conditions, values = _conditions(query)
    direction = "ASC" if query.oldest_first else "DESC"
    values |= {"limit": query.limit, "offset": query.offset}
    if query.open or query.after_id is not None or len(query.jobs) == 1:
        where = " AND ".join([*_of_jobs(query, values), *conditions]) or "1"
        statement = sql.FIRES.format(where=where, direction=direction)
    else:
        jobs, where = " AND ".join(_of_jobs(query, values)) or "1", " AND ".join(conditions) or "1"
        statement = sql.FIRES_OF_MANY.format(jobs=jobs, where=where, direction=direction)
    return tuple(map(rows.fire_record, connection.execute(statement, values)))


def _of_jobs(query: FireQuery, values: dict[str, object]) -> Sequence[str]:
    if len(query.jobs) == 1:  # by the index in the order that is wanted: it ends where there are enough
        (values["job"],) = query.jobs
        return ("job = :job",)
    return _among("job", query.jobs, values)


def _among(column: str, wanted: Sequence[object], values: dict[str, object]) -> Sequence[str]:
    if not wanted:
        return ()
    values[column] = json.dumps(wanted)
    return (f"{column} IN (SELECT value FROM json_each(:{column}))",)


def _conditions(query: FireQuery) -> tuple[list[str], dict[str, object]]:
    """On each fire, whoever's it is."""
    values: dict[str, object] = {}
    conditions = [
        *_among("decision", query.decisions, values),
        *_among("outcome", query.outcomes, values),
        *_among("origin", query.origins, values),
    ]
    if query.outcomes and set(query.outcomes) <= set(FAILURES):
        conditions.append(sql.FAILED)
    for condition, value in (
        ("scheduled_at >= :since", None if query.since is None else micros(query.since)),
        ("scheduled_at < :until", None if query.until is None else micros(query.until)),
        ("nonce = :nonce", query.nonce),
        ("version = :version", query.version),
        ("id > :after_id", query.after_id),
    ):
        if value is not None:
            conditions.append(condition)
            values[condition.rpartition(":")[2]] = value
    if query.open:
        conditions.append("outcome IS NULL AND decision <> 'skip'")
    return conditions, values


def attempt(fire: int, attempt: int, connection: Connection) -> AttemptRecord | None:
    return _one(connection, sql.ATTEMPT, (fire, attempt), rows.attempt_record)


def attempts(fire: int, connection: Connection) -> Sequence[AttemptRecord]:
    return _all(connection, sql.ATTEMPTS, (fire,), rows.attempt_record)


def output(fire: int, after_seq: int, limit: int, connection: Connection) -> Sequence[OutputRecord]:
    return _all(connection, sql.OUTPUT, (fire, after_seq, limit), rows.output_record)


def version(job: str, version: int, connection: Connection) -> VersionRecord | None:
    return _one(connection, sql.VERSION, (job, version), rows.version_record)


def versions(job: str | None, active: bool, connection: Connection) -> tuple[VersionRecord, ...]:
    if job is None:
        return _all(connection, sql.ACTIVE_VERSIONS if active else sql.VERSIONS, (), rows.version_record)
    found = _all(connection, sql.VERSIONS_OF_JOB, (job,), rows.version_record)
    return tuple(version for version in found if not (active and version.retired_at is not None))


def versions_after(job: str, jobs: int, connection: Connection) -> Sequence[VersionRecord]:
    return _all(connection, sql.VERSIONS_AFTER, (job, jobs), rows.version_record)


def gaps(job: str | None, limit: int, connection: Connection) -> Sequence[GapRecord]:
    if job is None:
        return _all(connection, sql.GAPS, (limit,), rows.gap_record)
    return _all(connection, sql.GAPS_OF_JOB, (job, limit), rows.gap_record)


def absences(limit: int, connection: Connection) -> Sequence[Absence]:
    return _all(connection, sql.ABSENCES, (limit,), rows.absence)


def acts(limit: int | None, verbs: tuple[str, ...], connection: Connection) -> Sequence[Act]:
    most = -1 if limit is None else limit
    if not verbs:
        return _all(connection, sql.ACTS, (most,), rows.act)
    return _all(connection, sql.ACTS_OF_VERBS, (json.dumps(verbs), most), rows.act)


def backfills(limit: int, connection: Connection) -> Sequence[Backfill]:
    return _all(connection, sql.BACKFILLS, (limit,), rows.backfill)


def instances(limit: int, connection: Connection) -> Sequence[InstanceRecord]:
    return _all(connection, sql.INSTANCES, (limit,), rows.instance_record)


def _one(connection: Connection, statement: str, values: Row, decode: Callable[[Row], T]) -> T | None:
    row = connection.execute(statement, values).fetchone()
    return None if row is None else decode(row)


def _all(connection: Connection, statement: str, values: Row, decode: Callable[[Row], T]) -> tuple[T, ...]:
    return tuple(map(decode, connection.execute(statement, values)))
