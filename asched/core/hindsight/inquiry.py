"""Why a job did, or did not, run at an instant: from what the ledger holds about it, one verdict.

What was decided is told as it was decided. Only where nothing was, the schedule is asked anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from asched.core.change import PAUSE_AFTER, QUARANTINE, Absence, Act, Pause
from asched.core.dataclass import dataclass
from asched.core.foresight.asdefined import depends_as_defined
from asched.core.hindsight.answer import Answer
from asched.core.hindsight.arrangement import arrangement_of
from asched.core.hindsight.clockchange import clock_change
from asched.core.hindsight.exclusions import excluded_at
from asched.core.hindsight.losses import Losses
from asched.core.hindsight.verdict import (
    Ahead,
    Behind,
    Broken,
    Decided,
    Excluded,
    Gapped,
    Gate,
    Near,
    Needed,
    NeverDue,
    Pruned,
    Told,
    Unaccounted,
    Undecided,
    Unscheduled,
    Verdict,
)
from asched.core.hindsight.versions import around, began_at, has_instants, is_due, trigger_of, version_at
from asched.core.jitter import due_at
from asched.core.model import OnResume, Origin, fire_id
from asched.core.occurrence import MOVED, Occurrence, comes_at
from asched.core.outcome import Skip, SkipReason, Start
from asched.core.record import FireRecord, GapRecord, VersionRecord
from asched.core.rules.owed import APPROVE
from asched.core.triggers.instants import latest_between
from asched.core.triggers.protocol import Trigger

_TICK = timedelta(microseconds=1)
_NOTHING_NEAR = Near()
_NOTHING_LOST = Losses()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the ledger holds about one instant of one job.

    `fires` are those of the instant, `gaps` those that reach over it, `near` the job's nearest fires before and after,
    `arranged` what somebody wants to become of it; what was moved to it is in both. `runs` are by name all that these
    name, and by the text of an instant what they were coalesced into. `absences` and `acts` are those of the time;
    `seen_at` is the last sign of life of any asched. `losses` is about all these fires, `needed` is what the job needs
    for that instant. `served`: some asched lives. `drain` is the act that keeps it from starting
    anything.
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
    losses: Losses = _NOTHING_LOST
    needed: Sequence[Needed] = ()
    served: bool = True
    drain: Act | None = None


def why(evidence: Evidence, instant: datetime, now: datetime, wall: datetime | None = None) -> Answer:
    """`wall` is the wall time that was asked for, where it was one: clocks may have skipped it."""
    clocks = clock_change(instant, wall, evidence.zone)
    return Answer(evidence.job, instant, evidence.zone, now, _verdict(evidence, instant, now), clocks)


def _verdict(evidence: Evidence, instant: datetime, now: datetime) -> Verdict:
    if evidence.fires:
        own_first = sorted(evidence.fires, key=lambda one: (one.fire.origin is not Origin.SCHEDULE, one.id))
        return Decided(tuple(_told(evidence, one, instant) for one in own_first))
    try:
        return _by_its_schedule(evidence, instant, now)
    except Exception as error:  # a trigger of somebody's own, or one that can no longer be read
        return Broken(f"{type(error).__name__}: {error}")


def _by_its_schedule(evidence: Evidence, instant: datetime, now: datetime) -> Verdict:
    version = version_at(evidence.versions, instant)
    if version is None:
        return _unscheduled(evidence.versions, instant)
    if (arranged := _still_arranged(version, evidence, instant)) is not None:
        ahead = instant > now
        return _ahead(version, evidence, instant, arranged) if ahead else _undecided(version, evidence, arranged)
    trigger = trigger_of(version)
    gap = next((one for one in evidence.gaps if is_due(_trigger_of_gap(evidence, one), instant)), None)
    if gap is not None:
        return Gapped(gap, _behind_gap(evidence, gap, instant))
    if trigger is None or not has_instants(trigger):
        return NeverDue(evidence.near, _without_instants(version, trigger))
    if not is_due(trigger, instant):
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
        return _ahead(version, evidence, due)
    return _undecided(version, evidence)


def _undecided(version: VersionRecord, evidence: Evidence, arranged: Occurrence | None = None) -> Undecided:
    policies = json.loads(version.definition).get("policies", {})
    return Undecided(evidence.seen_at, policies.get("catch_up", ""), arranged, evidence.drain)


def _still_arranged(version: VersionRecord, evidence: Evidence, instant: datetime) -> Occurrence | None:
    """What is to become of the instant, or comes at it from elsewhere, and has not yet."""
    come = (one for one in evidence.arranged if comes_at(one) == instant)
    owed = (one for one in evidence.arranged if one.scheduled_at == instant > version.watermark)
    return next(come, None) or next(owed, None)


def _ahead(version: VersionRecord, evidence: Evidence, due: datetime, arranged: Occurrence | None = None) -> Ahead:
    said = json.loads(version.definition)
    policies = said.get("policies", {})
    pause = _pause_at(evidence.pause, due if arranged is None else comes_at(arranged) or due)
    waits = pause is not None and (pause.on_resume or policies.get("on_resume", OnResume.SKIP)) != OnResume.SKIP
    gate = _gate(said, evidence.needed)
    return Ahead(due, pause, waits, policies.get("overlap", ""), arranged, gate, evidence.served, evidence.drain)


def _gate(said: Mapping[str, object], needed: Sequence[Needed]) -> Gate:
    job = depends_as_defined(said)
    wait = "" if job.policies.wait is None else job.policies.wait.text
    return Gate(tuple(needed), tuple(term.text for term in job.conditions), wait)


def _not_due(trigger: Trigger, version: VersionRecord, evidence: Evidence, instant: datetime) -> Verdict:
    near = Near(_before(trigger, version, instant) or evidence.near.before, trigger.next_after(instant))
    found = excluded_at(trigger, instant)
    return NeverDue(near) if found is None else Excluded(found.calendar, found.label, near)


def _before(trigger: Trigger, version: VersionRecord, instant: datetime) -> datetime | None:
    """The last instant before, of this version."""
    found, _ = latest_between(trigger, began_at(version), instant - _TICK, 1)
    return found[0] if found else None


def _pause_at(pause: Pause | None, instant: datetime) -> Pause | None:
    return pause if pause is not None and (pause.until is None or instant < pause.until) else None


def _unscheduled(versions: Sequence[VersionRecord], instant: datetime) -> Verdict:
    before, after = around(versions, instant)
    asked = before or after
    return Unscheduled(before, after, asked is not None and is_due(trigger_of(asked), instant))


def _trigger_of_gap(evidence: Evidence, gap: GapRecord) -> Trigger | None:
    return next((trigger_of(one) for one in evidence.versions if one.version == gap.version), None)


def _without_instants(version: VersionRecord, trigger: Trigger | None) -> str:
    if trigger is not None:
        return "its schedule has no instants of its own"
    after = json.loads(version.definition).get("after", [])
    return f"it has no schedule, and runs after {' and '.join(after)}" if after else "it runs only by hand"


# What stands behind a decision.


def _told(evidence: Evidence, record: FireRecord, instant: datetime) -> Told:
    arranged = arrangement_of(record, evidence.acts)
    return Told(record, _behind(evidence, record, instant, arranged), arranged)


def _behind(evidence: Evidence, record: FireRecord, instant: datetime, arranged: Act | None) -> Behind:
    facts = facts_behind(record)
    late = record.decision.reason in _ABSENT if isinstance(record.decision, Skip) else _was_late(record)
    upstream = (evidence.runs[one] for one in sorted(evidence.runs) if evidence.runs[one].id in _upstream(record))
    runs = {one.id: one for one in (*_named(evidence, facts), *upstream)}
    absence = _absence(evidence, record.fire.due_at if record.fire.nonce == MOVED else instant) if late else None
    act = _of_run(evidence, record) or arranged or _pausing(evidence, facts) or _approval(evidence, record)
    return Behind(tuple(runs.values()), absence, act, evidence.losses.among((record, *runs.values())))


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


def _of_run(evidence: Evidence, record: FireRecord) -> Act | None:
    """What an operator did to this very run."""
    return next((one for one in evidence.acts if one.run and one.run == record.run), None)


def _approval(evidence: Evidence, record: FireRecord) -> Act | None:
    """What let it go, of what a recovery held: the first that was about it, while it waited."""
    if not record.caught_up or record.queued_at is None or not isinstance(record.decision, Start):
        return None
    since, until = record.queued_at, record.decided_at
    acts = (one for one in evidence.acts if one.verb == APPROVE and since <= one.at <= until)
    about_it = [one for one in acts if (fire_id(one.run) or 0) >= record.id]
    return min(about_it, key=lambda one: one.at, default=None)


def _pausing(evidence: Evidence, facts: Mapping[str, object]) -> Act | None:
    """The pause that skipped it; also what asched itself does: it pauses what keeps failing. Of a pause that was
    extended, the act of who it says has it."""
    acts = [one for one in evidence.acts if one.verb in _PAUSING and one.job in ("", evidence.job)]
    began = next((one for one in acts if one.at.isoformat() == facts.get("since")), None)
    if began is None:
        return None
    who = facts.get("by"), facts.get("reason")
    extended = (one for one in acts if (one.by, one.reason) == who and one.at > began.at)
    return began if (began.by, began.reason) == who else min(extended, key=lambda one: one.at, default=began)
