"""Forgetting what is old, so that the law still holds on what is left.

Found on the reader's connection, which takes as long as it takes; deleted in the writer's transaction, which looks
again at what is open, because a fire for an old instant may have come between.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from asched.core.record import Keep
from asched.ledger import statements as sql
from asched.ledger.rows import Row, micros

if TYPE_CHECKING:
    from sqlite3 import Connection


def forgettable(keep: Keep, limit: int, connection: Connection) -> Sequence[Row]:
    """(id, job, version, scheduled_at) of what may go, oldest first."""
    return connection.execute(sql.FORGETTABLE, {**_values(keep), "limit": limit}).fetchall()


def count_forgettable(keep: Keep, connection: Connection) -> int:
    (count,) = connection.execute(sql.COUNT_FORGETTABLE, _values(keep)).fetchone()
    return int(count)


def _values(keep: Keep) -> dict[str, int | None]:
    failures = None if keep.failures_since is None else micros(keep.failures_since)
    return {"before": micros(keep.since), "keep": keep.per_job, "failures": failures}


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
