"""What the memory ledger holds, and how it is looked up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from heapq import nlargest, nsmallest
from operator import attrgetter

from asched.core.change import Absence, Act, Backfill, Pause
from asched.core.dataclass import dataclass
from asched.core.occurrence import Occurrence
from asched.core.outcome import Skip
from asched.core.record import (
    AttemptRecord,
    FireQuery,
    FireRecord,
    GapRecord,
    InstanceRecord,
    OutputRecord,
    VersionRecord,
)
from asched.core.written import Written
from asched.ledger.memoryfires import Fires

FireKey = tuple[str, datetime, str]
OccurrenceKey = tuple[str, datetime, bool]  # the last: was it added?


@dataclass(slots=True)
class Version:
    """A version of a job as it stands: with who moved its watermark. There is one for each job of a
    million, so it has no text of its own."""

    number: int
    since: datetime
    watermark: datetime
    moved_by: int
    trigger: Mapping[str, object] | None
    definition: Written
    activated_at: datetime
    retired_at: datetime | None = None

    def record(self, job: str) -> VersionRecord:
        said = self.definition.of(job)
        begun, ended = self.activated_at, self.retired_at
        return VersionRecord(job, self.number, self.since, self.watermark, self.trigger, said, begun, ended)


@dataclass(slots=True)
class Tables:
    """`versions` are the newest of each job, `earlier` the others, where there are any, the oldest first."""

    instances: dict[int, InstanceRecord] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    earlier: dict[str, list[Version]] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    occurrences: dict[OccurrenceKey, Occurrence] = field(default_factory=dict)
    backfills: dict[int, Backfill] = field(default_factory=dict)
    fires: Fires = field(default_factory=Fires)
    keys: dict[FireKey, int] = field(default_factory=dict)
    of_job: dict[str, dict[int, None]] = field(default_factory=dict)
    open: dict[int, None] = field(default_factory=dict)
    attempts: dict[int, dict[int, AttemptRecord]] = field(default_factory=dict)
    output: dict[int, dict[int, OutputRecord]] = field(default_factory=dict)
    gaps: dict[tuple[object, ...], GapRecord] = field(default_factory=dict)
    absences: dict[tuple[object, ...], Absence] = field(default_factory=dict)
    acts: dict[Act, None] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)  # of `versions`, in order, when they were last asked for

    def enter(self, instance: InstanceRecord) -> int:
        for known in self.instances.values():
            if _incarnation(known) == _incarnation(instance):
                return known.number
        number = len(self.instances) + 1
        self.instances[number] = replace(instance, number=number, left_at=None)
        return number

    def renew(self, number: int, at: datetime) -> None:
        known = self.instances.get(number)
        if known is not None and at > known.seen_at:
            self.instances[number] = replace(known, seen_at=at)

    def leave(self, number: int, at: datetime) -> None:
        self.renew(number, at)
        known = self.instances.get(number)
        if known is not None and known.left_at is None:
            self.instances[number] = replace(known, left_at=at)

    def take_over(self, number: int, at: datetime) -> None:
        known = self.instances.get(number)
        if known is not None and known.took_over_at is None:
            self.instances[number] = replace(known, took_over_at=at)

    def servers(self) -> list[int]:
        return sorted(number for number, one in self.instances.items() if one.took_over_at is not None)

    def version(self, job: str, number: int) -> Version | None:
        newest = self.versions.get(job)
        if newest is None or newest.number == number:
            return newest
        return next((one for one in self.earlier.get(job, ()) if one.number == number), None)

    def versions_of(self, job: str) -> list[Version]:
        """The oldest first."""
        newest = self.versions.get(job)
        return [] if newest is None else [*self.earlier.get(job, ()), newest]

    def begin(self, job: str, version: Version) -> None:
        """It takes its place among those of its job."""
        if job in self.versions:
            others = [one for one in self.versions_of(job) if one.number != version.number]
            *self.earlier[job], version = sorted([*others, version], key=attrgetter("number"))
        self.versions[job] = version

    def jobs_after(self, name: str, count: int | None = None) -> Sequence[str]:
        """Those that ever had a version, by name: all of them after "". No job is ever forgotten."""
        if len(self._names) != len(self.versions):
            self._names = sorted(self.versions)
        begin = bisect_right(self._names, name) if name else 0
        return self._names[begin : None if count is None else begin + count]

    def records(self, jobs: Iterable[str], *, active: bool = False) -> Sequence[VersionRecord]:
        """Their versions, or those that are active."""
        found = ((job, version) for job in jobs for version in self.versions_of(job))
        return tuple(one.record(job) for job, one in found if not active or one.retired_at is None)

    def put(self, record: FireRecord) -> None:
        """The fire as it is now."""
        id = record.fire.id
        self.fires.put(record)
        if record.open:
            self.open[id] = None
        else:
            self.open.pop(id, None)

    def add(self, record: FireRecord) -> None:
        """A new fire."""
        fire, job, id = record.fire, record.fire.job, record.fire.id
        self.fires.put(record)
        self.keys[job, fire.scheduled_at, fire.nonce] = id
        if not isinstance(record.decision, Skip):
            self.open[id] = None
        of_job = self.of_job.get(job)
        if of_job is None:
            of_job = self.of_job[job] = {}
        of_job[id] = None

    def close(self, record: FireRecord) -> None:
        """The fire, now that it is over."""
        self.fires.close(record)
        self.open.pop(record.fire.id, None)

    def drop(self, record: FireRecord) -> None:
        self.fires.drop(record.id)
        del self.keys[record.job, record.scheduled_at, record.fire.nonce]
        del self.of_job[record.job][record.id]
        self.attempts.pop(record.id, None)
        self.output.pop(record.id, None)

    def query(self, query: FireQuery) -> Sequence[FireRecord]:
        matching = (record for record in self._candidates(query) if matches(record, query))
        wanted = query.offset + query.limit
        pick = nsmallest if query.oldest_first else nlargest
        return tuple(pick(wanted, matching, key=age)[query.offset :])

    def _candidates(self, query: FireQuery) -> Iterable[FireRecord]:
        if query.open:
            return (self.fires[id] for id in self.open)
        if query.jobs:
            return (self.fires[id] for job in set(query.jobs) for id in self.of_job.get(job, ()))
        return self.fires


def age(record: FireRecord) -> tuple[datetime, int]:
    """The order of fires: by scheduled_at, ties by id."""
    return record.fire.scheduled_at, record.fire.id


def matches(record: FireRecord, query: FireQuery) -> bool:
    fire, outcome = record.fire, record.outcome
    return (
        (not query.jobs or fire.job in query.jobs)
        and (not query.decisions or record.decision.kind in query.decisions)
        and (not query.outcomes or (outcome is not None and outcome.kind in query.outcomes))
        and (not query.origins or fire.origin in query.origins)
        and (query.since is None or fire.scheduled_at >= query.since)
        and (query.until is None or fire.scheduled_at < query.until)
        and (not query.open or record.open)
        and (query.nonce is None or fire.nonce == query.nonce)
        and (query.version is None or fire.version == query.version)
        and (query.after_id is None or fire.id > query.after_id)
    )


def _incarnation(instance: InstanceRecord) -> tuple[object, ...]:
    process = instance.host, instance.boot_id, instance.pid, instance.pid_started
    return *process, instance.started_at, instance.token
