"""The outlook: when jobs are due next, from their definitions and from what the ledger has anchored and decided."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, repeat

from asched.core.change import Pause
from asched.core.durations import format_duration
from asched.core.model import Job
from asched.core.record import VersionRecord
from asched.core.triggers.interval import AfterFinish
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.core.version import definition_of, same_trigger
from asched.engine.ports import Ledger


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says of jobs: their active versions, who is paused, and who has a run or a fire that is open."""

    versions: dict[str, VersionRecord] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    open: frozenset[str] = frozenset()


async def standing(ledger: Ledger | None) -> Known:
    if ledger is None:
        return Known()
    stored = await ledger.restore()
    return Known(
        {one.job: one for one in stored.versions},
        {pause.job: pause for pause in stored.pauses},
        frozenset(record.job for record in stored.open),
    )


def upcoming_of(job: Job, known: Known, now: datetime, n: int) -> list[datetime]:
    """The next instants after now, as a running service has them."""
    return list(islice(_instants(job, known, now), n))


def once_it_ends(job: Job, known: Known) -> str:
    """ "1m after it ends", of a job that counts from the end of a run that is open; "" of any other."""
    if isinstance(job.trigger, AfterFinish) and job.name in known.open and not job.disabled:
        return f"{format_duration(job.trigger.period)} after it ends"
    return ""


def upcoming(jobs: list[Job], known: Known, now: datetime, n: int) -> list[tuple[datetime, Job]]:
    """The next n instants over all jobs."""
    streams = [zip(_instants(job, known, now), repeat(place)) for place, job in enumerate(jobs)]
    return [(instant, jobs[place]) for instant, place in islice(heapq.merge(*streams), n)]


def _instants(job: Job, known: Known, now: datetime) -> Iterator[datetime]:
    version = known.versions.get(job.name)
    trigger = _trigger(job, version, now)
    if trigger is None or job.disabled:
        return
    if trigger.relative:
        at = None if version is None or job.name in known.open else _after(trigger, version.watermark)
        if at is not None and at > now:
            yield at  # counted from the end of its last run; the next end is not known
        return
    at = _after(trigger, now)
    while at is not None:
        yield at
        at = _after(trigger, at)


def _after(trigger: Trigger, at: datetime) -> datetime | None:
    """One bad trigger must not hide the other jobs; the service's log, and `asched status`, say what it raised."""
    try:
        return trigger.next_after(at)
    except Exception:
        return None


def _trigger(job: Job, version: VersionRecord | None, now: datetime) -> Trigger | None:
    """With the anchor that the ledger keeps, if it is still the same schedule."""
    if job.trigger is None:
        return None
    if version is not None and version.trigger is not None and same_trigger(version.definition, definition_of(job)):
        return from_spec(version.trigger)
    return job.trigger.anchored(now)
