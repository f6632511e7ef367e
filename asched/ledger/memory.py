"""The ledger without a file: plain dicts, the same contract. For tests, for previews, and where nothing must last.

What it holds outlives `close`, so that a second scheduler may be started on it, as after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from asched.core.change import Absence, Act, Backfill, BackfillState, Change, Rejected
from asched.core.record import (
    AttemptRecord,
    FireQuery,
    FireRecord,
    GapRecord,
    InstanceRecord,
    Keep,
    OutputRecord,
    Stored,
    VersionRecord,
)
from asched.ledger.memorychanges import make
from asched.ledger.memoryprune import count_forgettable, prune
from asched.ledger.memorytables import Tables

RECENT_INSTANCES = 100
"""How many of the last instances that served `restore` gives, besides those that did not leave or own an open fire."""


class MemoryLedger:
    """Satisfies Ledger. Nobody else sees its `heartbeat`: it only says how often the engine looks at the clocks."""

    def __init__(self, heartbeat: timedelta = timedelta(seconds=5)) -> None:
        self._heartbeat = heartbeat
        self._tables = Tables()

    @property
    def heartbeat(self) -> timedelta:
        return self._heartbeat

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def enter(self, instance: InstanceRecord) -> int:
        return self._tables.enter(instance)

    async def renew(self, number: int, at: datetime) -> None:
        self._tables.renew(number, at)

    async def leave(self, number: int, at: datetime) -> None:
        self._tables.leave(number, at)

    async def restore(self) -> Stored:
        tables = self._tables
        opened = tuple(tables.fires[id] for id in sorted(tables.open))
        owners = {record.owner for record in opened}
        recent = tables.servers()[-RECENT_INSTANCES:]
        here = (
            instance
            for number, instance in tables.instances.items()
            if instance.left_at is None or number in owners or number in recent
        )
        pauses = tuple(tables.pauses[job] for job in sorted(tables.pauses))
        failures = {job: count for job, count in tables.failures.items() if count}
        arranged = tuple(tables.occurrences[key] for key in sorted(tables.occurrences))
        backfills = tuple(one for _, one in sorted(tables.backfills.items()) if one.state is BackfillState.OPEN)
        return Stored(pauses, opened, tuple(here), failures, arranged, backfills)

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        rejected: list[Rejected] = []
        for change in changes:
            refusal = make(self._tables, owner, change)
            if refusal is not None:
                rejected.append(refusal)
        return tuple(rejected)

    async def fires(self, query: FireQuery) -> Sequence[FireRecord]:
        return self._tables.query(query)

    async def fire(self, id: int) -> FireRecord | None:
        return self._tables.fires.get(id)

    async def attempts(self, fire: int) -> Sequence[AttemptRecord]:
        earlier = self._tables.attempts.get(fire, {})
        record = self._tables.fires.get(fire)
        last = None if record is None or record.attempt in earlier else last_attempt(record)
        return (*earlier.values(), *(() if last is None else (last,)))

    async def output(self, fire: int, after_seq: int = -1, limit: int = 10_000) -> Sequence[OutputRecord]:
        pieces = self._tables.output.get(fire, {})
        return tuple(pieces[seq] for seq in sorted(seq for seq in pieces if seq > after_seq)[:limit])

    async def versions(self, job: str | None = None, *, active: bool = False) -> Sequence[VersionRecord]:
        return self._tables.records(self._tables.jobs_after("") if job is None else (job,), active=active)

    async def versions_after(self, job: str, jobs: int) -> Sequence[VersionRecord]:
        return self._tables.records(self._tables.jobs_after(job, jobs))

    async def gaps(self, job: str | None = None, limit: int = 10_000) -> Sequence[GapRecord]:
        found = [gap for gap in self._tables.gaps.values() if job is None or gap.job == job]
        found.sort(key=lambda one: (one.gap.after, one.job, one.version, one.gap.until, one.gap.reason))
        return tuple(found[::-1][:limit])

    async def absences(self, limit: int = 100) -> Sequence[Absence]:
        found = sorted(self._tables.absences.values(), key=lambda one: (one.since, one.until, one.cause))
        return tuple(found[::-1][:limit])

    async def acts(self, limit: int | None = 100, *, verbs: Sequence[str] = ()) -> Sequence[Act]:
        wanted = [act for act in self._tables.acts if not verbs or act.verb in verbs]
        newest_first = sorted(wanted, key=lambda act: act.at)[::-1]
        return tuple(newest_first[:limit])

    async def backfills(self, limit: int = 100) -> Sequence[Backfill]:
        return tuple(self._tables.backfills[number] for number in sorted(self._tables.backfills, reverse=True)[:limit])

    async def instances(self, limit: int = 100) -> Sequence[InstanceRecord]:
        return tuple(list(self._tables.instances.values())[::-1][:limit])

    async def prunable(self, keep: Keep) -> int:
        return count_forgettable(self._tables, keep)

    async def prune(self, keep: Keep, limit: int = 1000) -> int:
        return prune(self._tables, keep, limit)


def last_attempt(record: FireRecord) -> AttemptRecord | None:
    """The last attempt of a run that is over: it is kept with the fire."""
    if record.outcome is None:
        return None
    assert record.started_at is not None
    assert record.finished_at is not None
    assert record.duration is not None
    return AttemptRecord(
        record.id, record.attempt, record.started_at, record.finished_at, record.duration, record.outcome
    )
