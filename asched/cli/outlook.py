"""The outlook: when jobs are due next, from their definitions and from what the ledger has anchored and decided."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, islice, takewhile

from asched.core.change import Act, Pause
from asched.core.lint.schedule import raised
from asched.core.model import Job
from asched.core.occurrence import Added, Occurrence, comes_at
from asched.core.record import VersionRecord
from asched.core.rules.roster import kept, previous_of
from asched.core.text.durations import format_duration
from asched.core.triggers.interval import AfterFinish
from asched.core.triggers.protocol import Trigger
from asched.core.version import written
from asched.engine.drains import drain_of
from asched.engine.ports import Ledger

_SMALLEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says of jobs: their active versions, who is paused, and who has a run or a fire that is open."""

    versions: dict[str, VersionRecord] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    open: frozenset[str] = frozenset()
    occurrences: dict[str, list[Occurrence]] = field(default_factory=dict)
    drain: Act | None = None  # that holds all of them
    raised: dict[str, str] = field(default_factory=dict)  # by the triggers of jobs, while they were asked in here

    def paused(self, job: str, at: datetime) -> bool:
        """Whether its pause holds at that instant."""
        pause = self.pauses.get(job)
        return pause is not None and (pause.until is None or at < pause.until)


@dataclass(frozen=True, slots=True)
class Ahead:
    """An instant of a job. `arranged` is what somebody arranged for this fire; `beside`: it was moved here, or added.
    `stands_for` is the instant that the fire has for those that come after it."""

    at: datetime
    job: Job
    arranged: Occurrence | None = None
    beside: bool = False

    @property
    def left_out(self) -> bool:
        """Nothing starts then: it was skipped, or moved away."""
        return self.arranged is not None and not self.beside

    @property
    def stands_for(self) -> datetime:
        return self.at if self.arranged is None else self.arranged.scheduled_at


async def standing(ledger: Ledger | None, now: datetime) -> Known:
    if ledger is None:
        return Known()
    stored = await ledger.restore()
    return Known(
        {one.job: one for one in await ledger.versions(active=True)},
        {pause.job: pause for pause in stored.pauses},
        frozenset(record.job for record in stored.open),
        {job: list(arranged) for job, arranged in groupby(stored.occurrences, key=lambda one: one.job)},
        await drain_of(ledger, stored.instances, now),
    )


def upcoming_of(job: Job, known: Known, now: datetime, n: int) -> list[datetime]:
    """The next instants after now at which it starts, as a running service has them."""
    return list(islice((one.at for one in _ahead_of(job, known, now) if not one.left_out), n))


def once_it_ends(job: Job, known: Known) -> str:
    """ "1m after it ends", of a job that counts from the end of a run that is open; "" of any other."""
    if isinstance(job.trigger, AfterFinish) and job.name in known.open and not job.disabled:
        return f"{format_duration(job.trigger.period)} after it ends"
    return ""


def upcoming(jobs: Sequence[Job], known: Known, now: datetime, n: int, until: datetime | None = None) -> list[Ahead]:
    """The next n instants over all jobs, none later than `until`."""
    each = [_ahead_of(job, known, now) for job in jobs]
    merged = takewhile(lambda found: until is None or found.at <= until, heapq.merge(*each, key=_at))
    return list(islice(merged, n))


def instants(trigger: Trigger, now: datetime, n: int, until: datetime | None = None) -> list[datetime]:
    """The next n of a schedule that no job has, as if it were scheduled now; of one that counts from the end of a
    run, only the first."""
    found: list[datetime] = []
    trigger = trigger.anchored(now)
    at = trigger.next_after(now)
    while at is not None and len(found) < n and (until is None or at <= until):
        found.append(at)
        at = None if trigger.relative else trigger.next_after(at)
    return found


class Followers:
    """Which jobs follow a fire: those that come after its job, alone or with others that are due at the same instant,
    and those that come after these."""

    def __init__(self, jobs: Sequence[Job], known: Known, now: datetime) -> None:
        self._known = known
        self._triggers = {job.name: anchored(job, known.versions.get(job.name), now) for job in jobs}
        self._jobs = {job.name: job for job in jobs}
        self._after: dict[str, list[Job]] = {}
        for job in jobs:
            for upstream in job.after:
                self._after.setdefault(upstream, []).append(job)

    def of(self, job: Job, at: datetime) -> list[Job]:
        """In the order in which they may start."""
        found: dict[str, Job] = {}
        ahead = list(self._after.get(job.name, ()))
        while ahead:
            one = ahead.pop(0)
            if one.name not in found and self._due(one, at, job):
                found[one.name] = one
                ahead += self._after.get(one.name, ())
        return list(found.values())

    def _due(self, job: Job, at: datetime, first: Job) -> bool:
        """Has it a fire for that instant, if all that it comes after goes well? `first` has."""
        if job.disabled or job.name == first.name:
            return not job.disabled
        if job.after:
            return all(name in self._jobs and self._due(self._jobs[name], at, first) for name in job.after)
        trigger = self._triggers[job.name]
        return trigger is not None and not trigger.relative and _asked(job, trigger, at - _SMALLEST, self._known) == at


def _at(ahead: Ahead) -> datetime:
    return ahead.at


def _ahead_of(job: Job, known: Known, now: datetime) -> Iterator[Ahead]:
    """By its schedule, with what is arranged for each; and beside it."""
    arranged = [] if job.disabled else known.occurrences.get(job.name, [])
    overrides = {one.scheduled_at: one for one in arranged if not isinstance(one, Added)}
    beside = [Ahead(at, job, one, beside=True) for one in arranged if (at := comes_at(one)) is not None and at > now]
    scheduled = (Ahead(at, job, overrides.get(at)) for at in _instants_of(job, known, now))
    return heapq.merge(scheduled, sorted(beside, key=_at), key=_at)


def _instants_of(job: Job, known: Known, now: datetime) -> Iterator[datetime]:
    version = known.versions.get(job.name)
    trigger = anchored(job, version, now)
    if trigger is None or job.disabled:
        return
    if trigger.relative:
        at = None if version is None or job.name in known.open else _asked(job, trigger, version.watermark, known)
        if at is not None and at > now:
            yield at  # counted from the end of its last run; the next end is not known
        return
    at = _asked(job, trigger, now, known)
    while at is not None:
        yield at
        at = _asked(job, trigger, at, known)


def _asked(job: Job, trigger: Trigger, at: datetime, known: Known) -> datetime | None:
    """One bad trigger must not hide the other jobs: what it raises is kept, to be said."""
    try:
        return trigger.next_after(at)
    except Exception as error:
        known.raised[job.name] = raised(error)
        return None


def anchored(job: Job, version: VersionRecord | None, now: datetime) -> Trigger | None:
    """Its trigger, with the anchor that the ledger keeps, if it is still the same schedule."""
    if job.trigger is None:
        return None
    trigger = job.trigger.anchored(now)
    return trigger if version is None else kept(previous_of(version), trigger, written(job))
