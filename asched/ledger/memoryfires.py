"""The fires that the memory ledger holds: each as it is, and once its run has succeeded as a plain tuple.

A garbage collection looks at every object that could be part of a ring, and at nothing in a tuple of numbers, texts and
instants: so what is over, which is nearly all that there is, costs nobody anything any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from asched.core.model import Fire, Origin
from asched.core.outcome import Start, Succeeded
from asched.core.record import FireRecord

Row = tuple[
    int,  # the fire: id
    str,  # its job
    int,  # version
    datetime,  # scheduled_at
    datetime,  # due_at
    bool,  # caught_up
    datetime,  # decided_at
    int,  # owner
    int,  # attempt
    datetime | None,  # queued_at
    datetime | None,  # started_at
    datetime | None,  # finished_at
    timedelta | None,  # duration
    str | None,  # result
]

_START = Start()


class Fires:
    """Records by the id of their fire."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[int, FireRecord | Row] = {}

    def get(self, id: int) -> FireRecord | None:
        kept = self._kept.get(id)
        return _record(kept) if isinstance(kept, tuple) else kept

    def __getitem__(self, id: int) -> FireRecord:
        """Raises KeyError."""
        kept = self._kept[id]
        return _record(kept) if isinstance(kept, tuple) else kept

    def __iter__(self) -> Iterator[FireRecord]:
        return (_record(kept) if isinstance(kept, tuple) else kept for kept in self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, record: FireRecord) -> None:
        self._kept[record.fire.id] = record

    def close(self, record: FireRecord) -> None:
        """It will not change any more."""
        self._kept[record.fire.id] = _row(record) or record

    def drop(self, id: int) -> None:
        """Raises KeyError."""
        del self._kept[id]


def _row(record: FireRecord) -> Row | None:
    """None: there is more to say of it than a row has place for."""
    fire, outcome = record.fire, record.outcome
    special = fire.args or fire.upstream or fire.nonce or fire.origin is not Origin.SCHEDULE
    more = record.child or record.waited_for or record.retry_at or not isinstance(record.decision, Start)
    if special or more or not isinstance(outcome, Succeeded):
        return None
    return (
        fire.id,
        fire.job,
        fire.version,
        fire.scheduled_at,
        fire.due_at,
        fire.caught_up,
        record.decided_at,
        record.owner,
        record.attempt,
        record.queued_at,
        record.started_at,
        record.finished_at,
        record.duration,
        outcome.result,
    )


def _record(row: Row) -> FireRecord:
    id, job, version, scheduled_at, due_at, caught_up, decided_at, owner, attempt, queued_at, *_ = row
    *_, started_at, finished_at, duration, result = row
    fire, outcome = Fire(id, job, version, scheduled_at, due_at, caught_up=caught_up), Succeeded(result)
    return FireRecord(fire, _START, decided_at, owner, attempt, queued_at, started_at, finished_at, duration, outcome)
