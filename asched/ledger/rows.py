"""Values as rows and back: instants and durations as microseconds, mappings as JSON text, unions as their parts.

Runs in the database's thread, never on the loop.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, assert_never

from asched.core.change import Absence, Act, Backfill, BackfillState, Decide, Finish, Gap, Pause, Retrying
from asched.core.model import Fire, OnResume, Origin
from asched.core.occurrence import Added, Moved, Occurrence, Skipped
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    Decision,
    ErrorNote,
    Failed,
    Interrupted,
    Outcome,
    Queue,
    Skip,
    SkipReason,
    Start,
    Succeeded,
    TimedOut,
)
from asched.core.record import (
    AttemptRecord,
    FireRecord,
    GapRecord,
    InstanceRecord,
    OutputRecord,
    VersionRecord,
)
from asched.ledger.bounds import bounded, clean

Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ORIGINS = {origin.value: origin for origin in Origin}
_REASONS = {reason.value: reason for reason in SkipReason}
_START = Start()

# What a job or a plugin put there must not break the ledger: what JSON does not know is kept as its text.
_to_json = json.JSONEncoder(separators=(",", ":"), default=str).encode


def micros(instant: datetime) -> int:
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds  # as `length` has it


def micros_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else micros(instant)


def instant(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def length(duration: timedelta) -> int:
    """As `// timedelta(microseconds=1)` gives it, at a third of the price."""
    return (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds


def json_or_none(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else _to_json(value if type(value) is dict else dict(value))


def _json_of(value: Mapping[str, object]) -> str | None:
    """An empty mapping, which most are, takes no room."""
    return json_or_none(value) if value else None


def _mapping(text: str | None) -> dict[str, Any]:
    return {} if text is None else json.loads(text)


# ---- fires


def fire_row(owner: int, at: int, fire: Fire, decision: Decision) -> Row:
    """In the order of statements.INSERT_FIRE."""
    name, reason, facts = decision_parts(decision)
    scheduled_at = micros(fire.scheduled_at)
    return (
        fire.id,
        fire.job,
        fire.version,
        scheduled_at,
        fire.nonce,
        scheduled_at if fire.due_at is fire.scheduled_at else micros(fire.due_at),
        fire.origin.value,
        fire.caught_up,
        _json_of(fire.args) if fire.args else None,
        _json_of(fire.upstream) if fire.upstream else None,
        owner,
        at,
        name,
        reason,
        facts,
        at if name == "queue" else None,
        at if name == "start" else None,
        _json_of(decision.facts) if isinstance(decision, Queue) else None,
    )


def decision_parts(decision: Decision) -> tuple[str, str | None, str | None]:
    match decision:
        case Start():
            return "start", None, None
        case Skip():
            return "skip", decision.reason.value, _json_of(decision.facts)
        case Queue():
            return "queue", None, None
        case _:
            assert_never(decision)


def _decision(name: str, reason: str | None, facts: str | None, waited_for: Mapping[str, object]) -> Decision:
    if name == "start":
        return _START
    if name == "queue":
        return Queue(waited_for)
    assert reason is not None
    return Skip(_REASONS[reason], _mapping(facts))


def fire_record(row: Row) -> FireRecord:
    (id, job, version, scheduled_at, due_at, origin, nonce, caught_up, args, upstream) = row[:10]
    (decision, reason, facts, decided_at, owner, attempt, queued_at, started_at) = row[10:18]
    (finished_at, duration, outcome, detail, result, retry_at, child_pid, child_started, waited) = row[18:]
    waited_for = _mapping(waited)
    fire = Fire(
        id,
        job,
        version,
        instant(scheduled_at),
        instant(due_at),
        _ORIGINS[origin],
        nonce,
        caught_up == 1,
        _mapping(args),
        _mapping(upstream),
    )
    return FireRecord(
        fire,
        _decision(decision, reason, facts, waited_for),
        instant(decided_at),
        owner,
        attempt,
        instant_or_none(queued_at),
        instant_or_none(started_at),
        instant_or_none(finished_at),
        None if duration is None else timedelta(microseconds=duration),
        None if outcome is None else _outcome(outcome, detail, result),
        instant_or_none(retry_at),
        None if child_pid is None else (child_pid, child_started),
        waited_for,
    )


def move_row(owner: int, change: Decide) -> Row:
    """In the order of statements.MOVE_WATERMARK, of one that moves it."""
    assert change.until is not None
    assert change.watermark is not None
    return micros(change.until), owner, change.job, change.version, micros(change.watermark)


# ---- outcomes


def finish_row(owner: int, change: Finish) -> Row:
    """In the order of statements.FINISH."""
    return (*end_parts(change), change.fire, owner, change.attempt)


def end_parts(change: Finish | Retrying) -> Row:
    """(started_at, finished_at, duration, outcome, detail, result)"""
    return (
        micros(change.started_at),
        micros(change.finished_at),
        length(change.duration),
        *outcome_parts(bounded(change.outcome)),
    )


def outcome_parts(outcome: Outcome) -> tuple[str, str | None, str | None]:
    """(kind, detail, result)"""
    match outcome:
        case Succeeded(result):
            return "succeeded", None, None if result is None else clean(result)
        case Failed(error):
            return "failed", _to_json(_error_parts(error)), None
        case TimedOut(limit, left_running, whole_run):
            said = {"limit": length(limit), "left_running": left_running}
            return "timed_out", _to_json({**said, "whole_run": True} if whole_run else said), None
        case Cancelled(reason, left_running) | Interrupted(reason, left_running):
            return outcome.kind, _to_json({"reason": reason, "left_running": left_running}), None
        case Abandoned(reason):
            return "abandoned", _to_json({"reason": reason}), None
        case _:
            assert_never(outcome)


def _outcome(kind: str, detail: str | None, result: str | None) -> Outcome:
    said = _mapping(detail)
    match kind:
        case "succeeded":
            return Succeeded(result)
        case "failed":
            return Failed(ErrorNote(**{**said, "types": tuple(said["types"])}))
        case "timed_out":
            return TimedOut(timedelta(microseconds=said["limit"]), said["left_running"], said.get("whole_run", False))
        case "cancelled":
            return Cancelled(**said)
        case "interrupted":
            return Interrupted(**said)
        case "abandoned":
            return Abandoned(**said)
        case _:
            raise AssertionError(f"an outcome that this asched does not know: {kind}")


def _error_parts(error: ErrorNote) -> dict[str, object]:
    return {
        "type": error.type,
        "message": error.message,
        "traceback": error.traceback,
        "types": error.types,
        "exit_code": error.exit_code,
        "status": error.status,
    }


# ---- the rest


def attempt_record(row: Row) -> AttemptRecord:
    fire, attempt, started_at, finished_at, duration, outcome, detail, result = row
    return AttemptRecord(
        fire,
        attempt,
        instant(started_at),
        instant(finished_at),
        timedelta(microseconds=duration),
        _outcome(outcome, detail, result),
    )


def output_record(row: Row) -> OutputRecord:
    fire, attempt, seq, at, stream, text = row
    return OutputRecord(fire, attempt, seq, instant(at), stream, text)


@lru_cache(maxsize=1024)
def _spec(text: str) -> Mapping[str, object]:
    """Of a trigger, which many jobs share."""
    found: Mapping[str, object] = json.loads(text)
    return found


def version_record(row: Row) -> VersionRecord:
    job, version, since, watermark, trigger, definition, activated_at, retired_at = row
    return VersionRecord(
        job,
        version,
        _shared_instant(since),
        _shared_instant(watermark),
        None if trigger is None else _spec(trigger),
        definition,
        _shared_instant(activated_at),
        instant_or_none(retired_at),
    )


_shared_instant = lru_cache(maxsize=1024)(instant)  # many jobs began together


def gap_row(job: str, version: int, at: int, gap: Gap) -> Row:
    """In the order of statements.INSERT_GAP."""
    facts = _json_of(gap.facts)
    return (job, version, micros(gap.after), micros(gap.until), gap.reason.value, at, gap.count, facts)


def gap_record(row: Row) -> GapRecord:
    job, version, at, after, until, reason, count, facts = row
    gap = Gap(instant(after), instant(until), _REASONS[reason], count, _mapping(facts))
    return GapRecord(job, version, instant(at), gap)


def absence_row(absence: Absence) -> Row:
    return micros(absence.since), micros(absence.until), absence.cause, _json_of(absence.facts)


def absence(row: Row) -> Absence:
    since, until, cause, facts = row
    return Absence(instant(since), instant(until), cause, _mapping(facts))


def pause(row: Row) -> Pause:
    job, at, by, reason, until, on_resume = row
    meant = None if on_resume is None else OnResume(on_resume)
    return Pause(job, instant(at), by, reason, instant_or_none(until), meant)


def occurrence_row(one: Occurrence) -> Row:
    """In the order of statements.ARRANGE."""
    to, ran = (micros(one.to), one.ran) if isinstance(one, Moved) else (None, False)
    return *occurrence_key(one), to, ran, micros(one.at), clean(one.by), clean(one.reason)


def occurrence_key(one: Occurrence) -> Row:
    return one.job, micros(one.scheduled_at), isinstance(one, Added)


def occurrence(row: Row) -> Occurrence:
    job, scheduled_at, added, to, ran, at, by, reason = row
    if added:
        return Added(job, instant(scheduled_at), instant(at), by, reason)
    if to is None:
        return Skipped(job, instant(scheduled_at), instant(at), by, reason)
    return Moved(job, instant(scheduled_at), instant(to), instant(at), by, reason, ran == 1)


def backfill_row(one: Backfill) -> Row:
    """In the order of statements.BACKFILL."""
    stretch = micros(one.since), micros(one.until), micros(one.cursor)
    asked = micros(one.at), clean(one.by), clean(one.reason)
    return one.number, one.job, *stretch, *asked, one.at_once, one.again, one.state.value, micros_or_none(one.ended_at)


def backfill(row: Row) -> Backfill:
    number, job, since, until, cursor, at, by, reason, at_once, again, state, ended_at = row
    stretch = instant(since), instant(until), instant(cursor)
    stands = bool(again), BackfillState(state), instant_or_none(ended_at)
    return Backfill(number, job, *stretch, instant(at), by, reason, at_once, *stands)


def act(row: Row) -> Act:
    at, verb, by, job, run, reason = row
    return Act(instant(at), verb, by, job, run, reason)


def instance_record(row: Row) -> InstanceRecord:
    number, host, boot_id, pid, pid_started, started_at, seen_at, left_at, token, took_over_at = row
    return InstanceRecord(
        number,
        host,
        boot_id,
        pid,
        pid_started,
        instant(started_at),
        instant(seen_at),
        instant_or_none(left_at),
        token,
        instant_or_none(took_over_at),
    )
