"""Why a job did, or did not, run at an instant: from what the ledger holds about it, one verdict.

What was decided is told as it was decided. Only where nothing was, the schedule is asked anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asched.core.change import PAUSE_AFTER, QUARANTINE, Absence, Act, Pause
from asched.core.hindsight.answer import Answer
from asched.core.hindsight.clockchange import clock_change
from asched.core.hindsight.exclusions import excluded_after, excluded_at
from asched.core.hindsight.verdict import (
    Ahead,
    Behind,
    Broken,
    Decided,
    Excluded,
    Gapped,
    Near,
    NeverDue,
    Pruned,
    Told,
    Unaccounted,
    Undecided,
    Unscheduled,
    Verdict,
)
from asched.core.jitter import due_at
from asched.core.model import OnResume, Origin
from asched.core.occurrence import Occurrence
from asched.core.outcome import Skip, SkipReason, Start
from asched.core.record import FireRecord, GapRecord, VersionRecord
from asched.core.triggers.instants import between, latest_between
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.core.triggers.startup import Startup
from asched.core.triggers.watch import only_watches

_TICK = timedelta(microseconds=1)
_NOTHING_NEAR = Near()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the ledger holds about one instant of one job.

    `fires` are those of the instant, `gaps` those that reach over it, `near` the job's nearest fires before and after,
    `arranged` what somebody wants to become of it. `runs` are by name all that these name, and by the text of an
    instant what they were coalesced into. `absences` and `acts` are those of the time; `seen_at` is the last sign of
    life of any asched.
    """

    job: str
    zone: str
    versions: Sequence[VersionRecord] = ()
    fires: Sequence[FireRecord] = ()
    gaps: Sequence[GapRecord] = ()
    near: Near = _NOTHING_NEAR
    runs: Mapping[str, FireRecord] = field(default_factory=dict)
    absences: Sequence[Absence] = ()
    acts: Sequence[Act] = ()
    pause: Pause | None = None
    arranged: Sequence[Occurrence] = ()
    seen_at: datetime | None = None


def why(evidence: Evidence, instant: datetime, now: datetime, wall: datetime | None = None) -> Answer:
    """`wall` is the wall time that was asked for, where it was one: clocks may have skipped it."""
    clocks = clock_change(instant, wall, evidence.zone)
    return Answer(evidence.job, instant, evidence.zone, now, _verdict(evidence, instant, now), clocks)


def _verdict(evidence: Evidence, instant: datetime, now: datetime) -> Verdict:
    if evidence.fires:
        own_first = sorted(evidence.fires, key=lambda one: (one.fire.origin is not Origin.SCHEDULE, one.id))
        return Decided(tuple(Told(one, _behind(evidence, one, instant)) for one in own_first))
    try:
        return _by_its_schedule(evidence, instant, now)
    except Exception as error:  # a trigger of somebody's own, or one that can no longer be read
        return Broken(f"{type(error).__name__}: {error}")


def _by_its_schedule(evidence: Evidence, instant: datetime, now: datetime) -> Verdict:
    version = _version_at(evidence.versions, instant)
    if evidence.arranged and version is not None and instant > max(now, version.watermark):
        return _ahead(version, evidence, instant, instant)
    if version is None:
        return _unscheduled(evidence.versions, instant)
    trigger = _trigger(version)
    gap = next((one for one in evidence.gaps if _is_due(_trigger_of_gap(evidence, one), instant)), None)
    if gap is not None:
        return Gapped(gap, _behind_gap(evidence, gap, instant))
    if trigger is None or not _has_instants(trigger):
        return NeverDue(evidence.near, _without_instants(version, trigger))
    if not _is_due(trigger, instant):
        return _not_due(trigger, version, evidence, instant)
    return _due(trigger, version, evidence, instant, now)


def _due(trigger: Trigger, version: VersionRecord, evidence: Evidence, instant: datetime, now: datetime) -> Verdict:
    policies = json.loads(version.definition).get("policies", {})
    jitter = timedelta(seconds=policies.get("jitter", 0))
    due = due_at(evidence.job, instant, jitter, trigger.next_after(instant) if jitter else None)
    if instant <= version.since:
        return Pruned(version.since)
    if instant <= version.watermark:
        return Unaccounted()
    if due > now:
        return _ahead(version, evidence, instant, due)
    return Undecided(evidence.seen_at, policies.get("catch_up", ""))


def _ahead(version: VersionRecord, evidence: Evidence, instant: datetime, due: datetime) -> Ahead:
    policies = json.loads(version.definition).get("policies", {})
    pause = _pause_at(evidence.pause, due)
    waits = pause is not None and (pause.on_resume or policies.get("on_resume", OnResume.SKIP)) != OnResume.SKIP
    return Ahead(due, pause, waits, policies.get("overlap", ""), next(iter(evidence.arranged), None))


def _not_due(trigger: Trigger, version: VersionRecord, evidence: Evidence, instant: datetime) -> Verdict:
    near = Near(_before(trigger, version, instant) or evidence.near.before, trigger.next_after(instant))
    found = excluded_at(trigger, instant)
    return NeverDue(near) if found is None else Excluded(found.calendar, found.label, near)


def _before(trigger: Trigger, version: VersionRecord, instant: datetime) -> datetime | None:
    """The last instant before, of this version."""
    found, _ = latest_between(trigger, _began(version), instant - _TICK, 1)
    return found[0] if found else None


def _pause_at(pause: Pause | None, instant: datetime) -> Pause | None:
    return pause if pause is not None and (pause.until is None or instant < pause.until) else None


# Versions.


def instants_between(versions: Sequence[VersionRecord], after: datetime, until: datetime, limit: int) -> list[datetime]:
    """The first instants in (after, until] that versions had, or have, to account for; at most `limit` of each."""
    found: list[datetime] = []
    for version in versions:
        trigger = _trigger(version)
        if trigger is not None and not trigger.relative:
            end = until if version.retired_at is None else min(until, _end(version))
            found += between(trigger, max(after, _began(version)), end, limit)
    return sorted(set(found))


def _version_at(versions: Sequence[VersionRecord], instant: datetime) -> VersionRecord | None:
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
    return min(version.since, earlier.watermark) if took_over and earlier is not None else _began(version)


def _began(version: VersionRecord) -> datetime:
    return min(version.since, version.activated_at)


def _end(version: VersionRecord) -> datetime:
    return max(version.watermark, version.retired_at or version.watermark)


def last_due(versions: Sequence[VersionRecord], now: datetime) -> list[datetime]:
    """The last instant up to now of the newest version that has any; none, or one."""
    for version in sorted(versions, key=lambda one: one.version, reverse=True):
        trigger = _trigger(version)
        if trigger is not None and _has_instants(trigger):
            end = now if version.retired_at is None else min(now, _end(version))
            if found := latest_between(trigger, _began(version), end, 1)[0]:
                return found
    return []


def next_due(versions: Sequence[VersionRecord], now: datetime) -> list[datetime]:
    """The next instant after now; none, or one."""
    triggers = (_trigger(one) for one in versions if one.retired_at is None)
    asked = (one.next_after(now) for one in triggers if one is not None and _has_instants(one))
    return [at for at in asked if at is not None]


def first_excluded(versions: Sequence[VersionRecord], since: datetime, until: datetime) -> datetime | None:
    """The first instant in [since, until) that a calendar or a blackout leaves out."""
    for version in versions:
        if _began(version) < until and (version.retired_at is None or since <= _end(version)):
            trigger = _trigger(version)
            at = None if trigger is None else excluded_after(trigger, since - _TICK)
            if at is not None and at < until:
                return at
    return None


def first_unscheduled(versions: Sequence[VersionRecord], since: datetime, until: datetime) -> datetime | None:
    """The first instant in [since, until) that the job would have had, while there was no such job."""
    if _version_at(versions, since) is not None:
        return None
    before, after = _around(versions, since)
    version = before or after
    trigger = None if version is None else _trigger(version)
    if trigger is None or not _has_instants(trigger):
        return None
    at = trigger.next_after(since - _TICK)
    return at if at is not None and at < until and _version_at(versions, at) is None else None


def _around(versions: Sequence[VersionRecord], instant: datetime) -> tuple[VersionRecord | None, VersionRecord | None]:
    """The last one that had ended before the instant, and the first that began at it or later. What only a run by
    hand made counts where there is nothing else."""
    served = [one for one in versions if not one.by_hand] or versions
    ended = [one for one in served if one.retired_at is not None and _end(one) < instant]
    began = [one for one in served if _began(one) >= instant]
    return (ended[-1] if ended else None), (began[0] if began else None)


def _unscheduled(versions: Sequence[VersionRecord], instant: datetime) -> Verdict:
    before, after = _around(versions, instant)
    asked = before or after
    return Unscheduled(before, after, asked is not None and _is_due(_trigger(asked), instant))


def _trigger(version: VersionRecord) -> Trigger | None:
    return None if version.trigger is None else from_spec(version.trigger)


def _trigger_of_gap(evidence: Evidence, gap: GapRecord) -> Trigger | None:
    return next((_trigger(one) for one in evidence.versions if one.version == gap.version), None)


def _is_due(trigger: Trigger | None, instant: datetime) -> bool:
    return trigger is not None and not trigger.relative and trigger.next_after(instant - _TICK) == instant


def _has_instants(trigger: Trigger) -> bool:
    return not (trigger.relative or only_watches(trigger) or isinstance(trigger, Startup))


def _without_instants(version: VersionRecord, trigger: Trigger | None) -> str:
    if trigger is not None:
        return "its schedule has no instants of its own"
    after = json.loads(version.definition).get("after", [])
    return f"it has no schedule, and runs after {' and '.join(after)}" if after else "it runs only by hand"


# What stands behind a decision.


def _behind(evidence: Evidence, record: FireRecord, instant: datetime) -> Behind:
    facts = facts_behind(record)
    late = record.decision.reason in _ABSENT if isinstance(record.decision, Skip) else _was_late(record)
    upstream = (evidence.runs[one] for one in sorted(evidence.runs) if evidence.runs[one].id in _upstream(record))
    runs = {one.id: one for one in (*_named(evidence, facts), *upstream)}
    return Behind(tuple(runs.values()), _absence(evidence, instant) if late else None, _act(evidence, record, facts))


def _behind_gap(evidence: Evidence, gap: GapRecord, instant: datetime) -> Behind:
    absence = _absence(evidence, instant) if gap.gap.reason in _ABSENT else None
    return Behind(tuple(_named(evidence, gap.gap.facts)), absence, _pausing(evidence, gap.gap.facts))


_PAUSING = frozenset({"pause", PAUSE_AFTER, QUARANTINE})
_ABSENT = frozenset({SkipReason.MISSED, SkipReason.EXPIRED, SkipReason.COALESCED})


def _was_late(record: FireRecord) -> bool:
    return record.lateness is not None and record.lateness > timedelta(0)


def _upstream(record: FireRecord) -> set[int]:
    return set(record.fire.upstream.values())


def facts_behind(record: FireRecord) -> Mapping[str, object]:
    """Of its skip, or of what it waits for, or waited for."""
    return record.waited_for if isinstance(record.decision, Start) else record.decision.facts


def names_in(facts: Mapping[str, object]) -> list[str]:
    """Every text in the facts of a decision: names of runs and instants are among them."""
    values = [item for value in facts.values() for item in (value if isinstance(value, list | tuple) else [value])]
    return [value for value in values if isinstance(value, str)]


def _named(evidence: Evidence, facts: Mapping[str, object]) -> list[FireRecord]:
    return [evidence.runs[name] for name in names_in(facts) if name in evidence.runs]


def _absence(evidence: Evidence, instant: datetime) -> Absence | None:
    return next((one for one in evidence.absences if one.since <= instant <= one.until), None)


def _act(evidence: Evidence, record: FireRecord, facts: Mapping[str, object]) -> Act | None:
    """What an operator did to this very run, or the pause that skipped it."""
    of_run = (one for one in evidence.acts if one.run and one.run == record.run)
    return next(of_run, None) or _pausing(evidence, facts)


def _pausing(evidence: Evidence, facts: Mapping[str, object]) -> Act | None:
    """Also what asched itself does: it pauses what keeps failing."""
    since = facts.get("since")
    acts = (one for one in evidence.acts if one.verb in _PAUSING and one.at.isoformat() == since)
    return next((one for one in acts if one.job in ("", evidence.job)), None)
