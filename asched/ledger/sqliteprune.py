"""Forgetting what is old, so that the law still holds on what is left.

Found on the reader's connection, which takes as long as it takes; deleted in the writer's transaction, which looks
again at what is open, because a fire for an old instant may have come between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from asched.core.record import Keep
from asched.ledger import statements as sql
from asched.ledger.rows import Row, micros

if TYPE_CHECKING:
    from sqlite3 import Connection


Bound = tuple[int, int]

_NEVER = 1 << 62


def forgettable(keep: Keep, limit: int, connection: Connection) -> Sequence[Row]:
    """(id, job, version, scheduled_at) of what may go: job by job, oldest first."""
    found: list[Row] = []
    for bounds in _bounds(keep, connection):
        found += connection.execute(sql.FORGETTABLE, {**bounds, "limit": limit - len(found)})
        if len(found) >= limit:
            break
    return found


def count_forgettable(keep: Keep, connection: Connection) -> int:
    counts = (connection.execute(sql.COUNT_FORGETTABLE, bounds).fetchone() for bounds in _bounds(keep, connection))
    return sum(count for (count,) in counts)


def _bounds(keep: Keep, connection: Connection) -> Iterator[dict[str, object]]:
    """Of each job up to where it may go; a bound is an instant and an id, and -1 is before all ids."""
    open_since: dict[str, int] = dict(connection.execute(sql.OLDEST_OPEN).fetchall())
    for (job,) in connection.execute(sql.JOBS).fetchall():
        bound = max((micros(keep.since), -1), _newest(sql.NEWEST_BEYOND, job, keep, connection))
        at, id = min(bound, (open_since.get(job, _NEVER), -1))
        failed_at, failed_id = _failed(job, keep, connection)
        yield {"job": job, "at": at, "id": id, "failed_at": failed_at, "failed_id": failed_id}


def _failed(job: str, keep: Keep, connection: Connection) -> Bound:
    """Up to here failures are treated like everything else."""
    if keep.failures_since is None:
        return _NEVER, -1
    return max((micros(keep.failures_since), -1), _newest(sql.NEWEST_FAILED_BEYOND, job, keep, connection))


def _newest(statement: str, job: str, keep: Keep, connection: Connection) -> Bound:
    """The newest one beyond those that are kept; before all where there are not so many."""
    found: Bound | None = connection.execute(statement, (job, keep.per_job)).fetchone()
    return (-_NEVER, -1) if found is None else found


def forget(found: Sequence[Row], connection: Connection) -> int:
    open_since: dict[str, int] = dict(connection.execute(sql.OLDEST_OPEN).fetchall())
    gone = [row for row in found if row[1] not in open_since or row[3] < open_since[row[1]]]
    ids = json.dumps([row[0] for row in gone])
    connection.execute(sql.FORGET_OUTPUT, (ids,))
    connection.execute(sql.FORGET_ATTEMPTS, (ids,))
    deleted = connection.execute(sql.FORGET_FIRES, (ids,)).rowcount
    newest = {(job, version): scheduled_at for _, job, version, scheduled_at in gone}
    for (job, version), since in newest.items():
        connection.execute(sql.MOVE_SINCE, {"job": job, "version": version, "since": since})
        connection.execute(sql.FORGET_GAPS, {"job": job, "version": version})
    return deleted
