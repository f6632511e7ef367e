"""Forgetting what is old, so that the law still holds on what is left.

Found on the reader's connection, which takes as long as it takes; deleted in the writer's transaction, which looks
again at what is open, because a fire for an old instant may have come between.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from asched.core.record import Keep
from asched.ledger import statements as sql
from asched.ledger.rows import Row, micros

if TYPE_CHECKING:
    from sqlite3 import Connection


Bound = tuple[int, int]
Bounds = dict[str, object]

_NEVER = 1 << 62


class Pruning:
    """One pass, bite by bite: where a job's fires may go is looked for once, however many of them stay, and the next
    bite begins where the last one ended. What comes meanwhile is for the next pass."""

    def __init__(self, keep: Keep) -> None:
        self.keep = keep
        self._ahead: deque[str] | None = None  # jobs
        self._bounds: dict[str, Bounds] = {}  # of those of them that were looked at
        self._open_since: dict[str, int] = {}

    def find(self, limit: int, connection: Connection) -> Sequence[Row]:
        """(id, job, version, scheduled_at) of what may go: job by job, oldest first. The same again until it `went`."""
        found: list[Row] = []
        for job in self._jobs(connection):
            found += connection.execute(sql.FORGETTABLE, {**self._of(job, connection), "limit": limit - len(found)})
            if len(found) >= limit:
                break
        return found

    def went(self, found: Sequence[Row]) -> None:
        """What `find` gave is done with, and whatever stays before it."""
        assert self._ahead is not None
        id, last, _, at = found[-1]
        while self._ahead[0] != last:
            del self._bounds[self._ahead.popleft()]
        self._bounds[last] |= {"after_at": at, "after_id": id}

    def count(self, connection: Connection) -> int:
        """How many may go, at its beginning."""
        each = (connection.execute(sql.COUNT_FORGETTABLE, self._of(job, connection)) for job in self._jobs(connection))
        return sum(count for cursor in each for (count,) in cursor)

    def _jobs(self, connection: Connection) -> Sequence[str]:
        if self._ahead is None:
            self._open_since = _open_since(connection)
            self._ahead = deque(job for (job,) in connection.execute(sql.JOBS))
        return self._ahead

    def _of(self, job: str, connection: Connection) -> Bounds:
        if job not in self._bounds:
            self._bounds[job] = _bounds(job, self.keep, self._open_since.get(job, _NEVER), connection)
        return self._bounds[job]


def forget(found: Sequence[Row], connection: Connection) -> int:
    open_since = _open_since(connection)
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


def _open_since(connection: Connection) -> dict[str, int]:
    return dict(connection.execute(sql.OLDEST_OPEN).fetchall())


def _bounds(job: str, keep: Keep, open_since: int, connection: Connection) -> Bounds:
    """Up to where its fires may go; a bound is an instant and an id, and -1 is before all ids."""
    bound = _newest(sql.NEWEST_BEYOND, job, micros(keep.since), keep.per_job, connection)
    at, id = min(bound, (open_since, -1))
    failed_at, failed_id = _failed(job, keep, connection)
    bounds = {"job": job, "at": at, "id": id, "failed_at": failed_at, "failed_id": failed_id}
    return {**bounds, "after_at": -_NEVER, "after_id": -1}


def _failed(job: str, keep: Keep, connection: Connection) -> Bound:
    """Up to here failures are treated like everything else."""
    if keep.failures_since is None:
        return _NEVER, -1
    return _newest(sql.NEWEST_FAILED_BEYOND, job, micros(keep.failures_since), keep.per_job, connection)


def _newest(statement: str, job: str, since: int, per_job: int, connection: Connection) -> Bound:
    """The newest one beyond those that are kept; all before `since` where there are not so many."""
    found: Bound | None = connection.execute(statement, (job, since, per_job)).fetchone()
    return (since, -1) if found is None else found
