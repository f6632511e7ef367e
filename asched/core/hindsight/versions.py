"""Which version of a job had an instant to account for, and which instants its versions had, or have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from asched.core.hindsight.exclusions import excluded_after
from asched.core.record import VersionRecord
from asched.core.triggers.instants import between, latest_between
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.core.triggers.startup import Startup
from asched.core.triggers.watch import only_watches

_TICK = timedelta(microseconds=1)


def instants_between(versions: Sequence[VersionRecord], after: datetime, until: datetime, limit: int) -> list[datetime]:
    """The first instants in (after, until] that versions had, or have, to account for; at most `limit` of each."""
    found: list[datetime] = []
    for version in versions:
        trigger = trigger_of(version)
        if trigger is not None and not trigger.relative:
            end = until if version.retired_at is None else min(until, _end(version))
            found += between(trigger, max(after, began_at(version)), end, limit)
    return sorted(set(found))


def version_at(versions: Sequence[VersionRecord], instant: datetime) -> VersionRecord | None:
    """The newest one that had the instant to account for, or has, or had before that was pruned."""
    newest_first = sorted(versions, key=lambda one: one.version, reverse=True)
    for place, version in enumerate(newest_first):
        earlier = newest_first[place + 1] if place + 1 < len(newest_first) else None
        if _start(version, earlier) < instant and (version.retired_at is None or instant <= _end(version)):
            return version
    return None


def _start(version: VersionRecord, earlier: VersionRecord | None) -> datetime:
    """Before anything was pruned. One that took over from another begins where that had decided up to."""
    took_over = earlier is not None and earlier.retired_at == version.activated_at
    return min(version.since, earlier.watermark) if took_over and earlier is not None else began_at(version)


def began_at(version: VersionRecord) -> datetime:
    return min(version.since, version.activated_at)


def _end(version: VersionRecord) -> datetime:
    return max(version.watermark, version.retired_at or version.watermark)


def last_due(versions: Sequence[VersionRecord], now: datetime) -> list[datetime]:
    """The last instant up to now of the newest version that has any; none, or one."""
    for version in sorted(versions, key=lambda one: one.version, reverse=True):
        trigger = trigger_of(version)
        if trigger is not None and has_instants(trigger):
            end = now if version.retired_at is None else min(now, _end(version))
            if found := latest_between(trigger, began_at(version), end, 1)[0]:
                return found
    return []


def next_due(versions: Sequence[VersionRecord], now: datetime) -> list[datetime]:
    """The next instant after now; none, or one."""
    triggers = (trigger_of(one) for one in versions if one.retired_at is None)
    asked = (one.next_after(now) for one in triggers if one is not None and has_instants(one))
    return [at for at in asked if at is not None]


def first_excluded(versions: Sequence[VersionRecord], since: datetime, until: datetime) -> datetime | None:
    """The first instant in [since, until) that a calendar or a blackout leaves out."""
    for version in versions:
        if began_at(version) < until and (version.retired_at is None or since <= _end(version)):
            trigger = trigger_of(version)
            at = None if trigger is None else excluded_after(trigger, since - _TICK)
            if at is not None and at < until:
                return at
    return None


def first_unscheduled(versions: Sequence[VersionRecord], since: datetime, until: datetime) -> datetime | None:
    """The first instant in [since, until) that the job would have had, while there was no such job."""
    if version_at(versions, since) is not None:
        return None
    before, after = around(versions, since)
    version = before or after
    trigger = None if version is None else trigger_of(version)
    if trigger is None or not has_instants(trigger):
        return None
    at = trigger.next_after(since - _TICK)
    return at if at is not None and at < until and version_at(versions, at) is None else None


def around(versions: Sequence[VersionRecord], instant: datetime) -> tuple[VersionRecord | None, VersionRecord | None]:
    """The last one that had ended before the instant, and the first that began at it or later. What only a run by
    hand made counts where there is nothing else."""
    served = [one for one in versions if not one.by_hand] or versions
    ended = [one for one in served if one.retired_at is not None and _end(one) < instant]
    began = [one for one in served if began_at(one) >= instant]
    return (ended[-1] if ended else None), (began[0] if began else None)


def trigger_of(version: VersionRecord) -> Trigger | None:
    return None if version.trigger is None else from_spec(version.trigger)


def is_due(trigger: Trigger | None, instant: datetime) -> bool:
    return trigger is not None and not trigger.relative and trigger.next_after(instant - _TICK) == instant


def has_instants(trigger: Trigger) -> bool:
    return not (trigger.relative or only_watches(trigger) or isinstance(trigger, Startup))
