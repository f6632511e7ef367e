"""Each change, made on dicts. Judged by ledger/verdicts.py, which the SQL ledgers ask, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from asched.core.change import (
    Absence,
    Act,
    Activate,
    Adopt,
    Arrange,
    Backfill,
    BackfillState,
    Begin,
    Change,
    Child,
    Decide,
    Expire,
    Finish,
    Output,
    Pause,
    Promote,
    Rejected,
    Retire,
    Retrying,
    Streak,
    TakeOver,
    Unpause,
)
from asched.core.model import Fire
from asched.core.occurrence import Added, Occurrence
from asched.core.outcome import Decision, Queue, Start
from asched.core.record import AttemptRecord, FireRecord, GapRecord, OutputRecord, VersionRecord
from asched.core.written import Written, cut
from asched.ledger import verdicts
from asched.ledger.bounds import bounded, clean
from asched.ledger.memorytables import OccurrenceKey, Tables, Version
from asched.ledger.verdicts import MAKE, Verdict

GoesOn = Promote | Retrying | Begin | Child | Adopt


def make(tables: Tables, owner: int, change: Change) -> Rejected | None:
    match change:
        case Decide():
            return _decide(tables, owner, change)
        case Finish():
            return _finish(tables, owner, change)
        case Promote() | Retrying() | Begin() | Child() | Adopt():
            return _on_run(tables, owner, change)
        case Output():
            return _output(tables, owner, change)
        case Activate():
            return _activate(tables, owner, change)
        case Retire():
            return _retire(tables, change)
        case Pause():
            tables.pauses[change.job] = replace(change, by=clean(change.by), reason=clean(change.reason))
        case Unpause():
            tables.pauses.pop(change.job, None)
        case Arrange(one):
            said = replace(one, by=clean(one.by), reason=clean(one.reason))
            tables.occurrences[_place(one)] = said
        case Expire(one):
            tables.occurrences.pop(_place(one), None)
        case Backfill():
            _backfill(tables, change)
        case Absence():
            tables.absences.setdefault((change.since, change.until, change.cause), change)
        case Act():
            tables.acts.setdefault(replace(change, by=clean(change.by), reason=clean(change.reason)))
        case Streak():
            tables.failures[change.job] = change.failures
        case TakeOver():
            tables.take_over(owner, change.at)
        case _:
            assert_never(change)
    return None


def _place(occurrence: Occurrence) -> OccurrenceKey:
    return occurrence.job, occurrence.scheduled_at, isinstance(occurrence, Added)


def _decide(tables: Tables, owner: int, change: Decide) -> Rejected | None:
    key = (change.job, change.version)
    version = tables.versions.get(change.job)
    if version is None or version.number != change.version:  # hardly ever
        version = tables.version(*key)
    if version is None:
        return Rejected(change, verdicts.no_version(*key))
    if (change.watermark is None) != (change.until is None):
        return Rejected(change, verdicts.HALF_A_MOVE)
    if change.until is not None:
        if version.watermark != change.watermark:
            return _decided_before(tables, owner, change, version, change.until)
        version.watermark, version.moved_by = change.until, owner
    for gap in change.gaps:
        named = (*key, gap.after, gap.until, gap.reason)
        tables.gaps.setdefault(named, GapRecord(*key, change.at, gap))
    taken = [fire.id for fire, decision in change.fires if not _insert(tables, owner, change.at, fire, decision)]
    return verdicts.partly(change, taken) if taken else None


def _decided_before(tables: Tables, owner: int, change: Decide, version: Version, until: datetime) -> Rejected | None:
    """It stands if we moved the watermark there, or beyond, and these very fires are in the ledger."""
    taken = []
    for fire, _ in change.fires:
        if verdicts.is_taken(fire, owner, tables.fires.get(fire.id)):
            if (fire.job, fire.scheduled_at, fire.nonce) not in tables.keys:
                return Rejected(change, verdicts.MOVED_ELSEWHERE)
            taken.append(fire.id)
    if version.moved_by != owner or version.watermark < until:
        return Rejected(change, verdicts.MOVED_ELSEWHERE)
    return verdicts.partly(change, taken)


def _insert(tables: Tables, owner: int, at: datetime, fire: Fire, decision: Decision) -> bool:
    """False: its place is somebody else's."""
    there = tables.fires.get(fire.id)
    if there is not None or (fire.job, fire.scheduled_at, fire.nonce) in tables.keys:
        return not verdicts.is_taken(fire, owner, there)
    if isinstance(decision, Start):
        record = FireRecord(fire, decision, at, owner, 1, None, at)
    elif isinstance(decision, Queue):
        record = FireRecord(fire, decision, at, owner, 1, at, waited_for=decision.facts)
    else:
        record = FireRecord(fire, decision, at, owner)
    tables.add(record)
    return True


def _finish(tables: Tables, owner: int, change: Finish) -> Rejected | None:
    record = tables.fires.get(change.fire)
    verdict = verdicts.on_run(change, record, owner, None)
    if verdict is MAKE:
        assert record is not None
        tables.close(_finished(record, change))
        return None
    return _answer(change, verdict)


def _on_run(tables: Tables, owner: int, change: GoesOn) -> Rejected | None:
    record = tables.fires.get(change.fire)
    ended = None
    if isinstance(change, Retrying):
        ended = tables.attempts.get(change.fire, {}).get(change.attempt)
    verdict = verdicts.on_run(change, record, owner, ended)
    if verdict is MAKE:
        assert record is not None
        tables.put(_changed(tables, record, owner, change))
    return _answer(change, verdict)


def _changed(tables: Tables, record: FireRecord, owner: int, change: GoesOn) -> FireRecord:
    match change:
        case Promote():
            started_at = change.at if isinstance(change.decision, Start) else None
            return replace(record, decision=change.decision, decided_at=change.at, started_at=started_at)
        case Retrying():
            ended = tables.attempts.setdefault(change.fire, {})
            ended[change.attempt] = _ended(change)
            return replace(record, retry_at=change.retry_at, child=None)
        case Begin():
            return replace(record, attempt=change.attempt, retry_at=None, started_at=change.at, child=None)
        case Child():
            return replace(record, child=(change.pid, change.started))
        case Adopt():
            return replace(record, owner=owner)
        case _:
            assert_never(change)


def _finished(record: FireRecord, change: Finish) -> FireRecord:
    return FireRecord(
        record.fire,
        record.decision,
        record.decided_at,
        record.owner,
        record.attempt,
        record.queued_at,
        change.started_at,
        change.finished_at,
        change.duration,
        bounded(change.outcome),
        None,
        record.child,
        record.waited_for,
    )


def _ended(change: Retrying) -> AttemptRecord:
    return AttemptRecord(
        change.fire,
        change.attempt,
        change.started_at,
        change.finished_at,
        change.duration,
        bounded(change.outcome),
    )


def _output(tables: Tables, owner: int, change: Output) -> Rejected | None:
    verdict = verdicts.on_output(tables.fires.get(change.fire), owner)
    if verdict is MAKE:
        piece = OutputRecord(change.fire, change.attempt, change.seq, change.at, change.stream, clean(change.text))
        tables.output.setdefault(change.fire, {}).setdefault(change.seq, piece)
    return _answer(change, verdict)


def _activate(tables: Tables, owner: int, change: Activate) -> Rejected | None:
    job, number, since = change.job, change.version, change.since
    verdict = verdicts.on_activate(change, _stored(tables, job, number))
    if verdict is MAKE:
        for other in tables.versions_of(job):
            other.retired_at = other.retired_at or change.at
        said = change.definition if isinstance(change.definition, Written) else cut(change.definition, job)
        tables.begin(job, Version(number, since, since, owner, change.trigger, said, change.at))
    return _answer(change, verdict)


def _retire(tables: Tables, change: Retire) -> Rejected | None:
    version = tables.version(change.job, change.version)
    verdict = verdicts.on_retire(change, _stored(tables, change.job, change.version))
    if verdict is MAKE and version is not None:
        version.retired_at = change.at
    return _answer(change, verdict)


def _stored(tables: Tables, job: str, number: int) -> VersionRecord | None:
    version = tables.version(job, number)
    return None if version is None else version.record(job)


def _backfill(tables: Tables, change: Backfill) -> None:
    stands = tables.backfills.get(change.number)
    if stands is None:
        tables.backfills[change.number] = replace(change, by=clean(change.by), reason=clean(change.reason))
    elif stands.state is BackfillState.OPEN and change.cursor >= stands.cursor:
        tables.backfills[change.number] = replace(
            stands, cursor=change.cursor, state=change.state, ended_at=change.ended_at
        )


def _answer(change: Change, verdict: Verdict) -> Rejected | None:
    return Rejected(change, verdict) if isinstance(verdict, str) else None
