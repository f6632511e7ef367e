"""Forgetting what is old, so that the law still holds on what is left.

Found on the reader's connection, which takes as long as it takes; deleted in the writer's transaction, which looks
again at what is open, because a fire for an old instant may have come between.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from asched.ledger import statements as sql
from asched.ledger.rows import Row, micros

if TYPE_CHECKING:
    from sqlite3 import Connection


def forgettable(before: datetime, keep: int, limit: int, connection: Connection) -> Sequence[Row]:
    """(id, job, version, scheduled_at) of what may go, oldest first."""
    values = {"before": micros(before), "keep": keep, "limit": limit}
    return connection.execute(sql.FORGETTABLE, values).fetchall()


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
