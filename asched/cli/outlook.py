"""The outlook: when jobs are due next, from their definitions and from what the ledger has anchored and decided."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, repeat

from asched.core.change import Pause
from asched.core.model import Job
from asched.core.record import VersionRecord
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.core.version import definition_of, same_trigger
from asched.engine.ports import Ledger


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says of jobs: their active versions, and who is paused."""

    versions: dict[str, VersionRecord] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)


async def standing(ledger: Ledger | None) -> Known:
    if ledger is None:
        return Known()
    stored = await ledger.restore()
    return Known({one.job: one for one in stored.versions}, {pause.job: pause for pause in stored.pauses})


def upcoming_of(job: Job, version: VersionRecord | None, now: datetime, n: int) -> list[datetime]:
    """The next instants after now, as a running service has them."""
    return list(islice(_instants(job, version, now), n))


def upcoming(jobs: list[Job], known: Known, now: datetime, n: int) -> list[tuple[datetime, Job]]:
    """The next n instants over all jobs."""
    streams = [zip(_instants(job, known.versions.get(job.name), now), repeat(place)) for place, job in enumerate(jobs)]
    return [(instant, jobs[place]) for instant, place in islice(heapq.merge(*streams), n)]


def _instants(job: Job, version: VersionRecord | None, now: datetime) -> Iterator[datetime]:
    trigger = _trigger(job, version, now)
    if trigger is None or trigger.relative or job.disabled:
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
