"""Events: dotted, past tense, typed fields; one per thing that became durable. docs/reference/events.md lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import get_args

from asched.core.change import (
    CORRECT,
    PAUSE_AFTER,
    QUARANTINE,
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
    Gap,
    Output,
    Pause,
    Promote,
    Retire,
    Retrying,
    Streak,
    TakeOver,
    Unpause,
)
from asched.core.model import Fire, run_name
from asched.core.occurrence import Moved, Occurrence
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    Decision,
    Failed,
    Interrupted,
    Outcome,
    Queue,
    Skip,
    Start,
    Succeeded,
    TimedOut,
)
from asched.engine.bus import Event

JobOf = Mapping[int, Fire]

ENDS = (
    "fire.skipped",
    *(f"run.{outcome.kind}" for outcome in get_args(Outcome)),
)  # a fire is over: it had a run, or not

_TYPES = {Start.kind: "run.started", Queue.kind: "fire.queued", Skip.kind: "fire.skipped"}


def events_of(change: Change, fires: JobOf, hears: Callable[[str], bool] = lambda _: True) -> Iterator[Event]:
    """What happened, now that `change` stands. `fires` are the open ones, by id. Of what there is most, decisions and
    ends, only those types are made that somebody `hears`."""
    match change:
        case Decide():
            for fire, decision in change.fires:
                if hears(_TYPES[decision.kind]):
                    yield _decided(change.at, fire, decision)
            for gap in change.gaps:
                yield _gap(change, gap)
        case Promote():
            if change.fire in fires:
                yield _decided(change.at, fires[change.fire], change.decision)
        case Begin():
            if change.fire in fires:
                yield _started(change.at, fires[change.fire], change.attempt)
        case Retrying():
            yield {**_ended(change, fires), "type": "run.retrying", "retry_at": change.retry_at}
        case Finish():
            if hears(f"run.{change.outcome.kind}"):
                yield _ended(change, fires)
        case Activate():
            yield {"type": "job.activated", "at": change.at, "job": change.job, "version": change.version}
        case Retire():
            yield {"type": "job.retired", "at": change.at, "job": change.job, "version": change.version}
        case Pause():
            yield {"type": "job.paused", "at": change.at, "job": change.job, "by": change.by, "reason": change.reason}
        case Unpause():
            yield {"type": "job.resumed", "at": change.at, "job": change.job, "by": change.by, "reason": change.reason}
        case Absence():
            yield {
                "type": "absence.recorded",
                "at": change.until,
                "since": change.since,
                "until": change.until,
                "cause": change.cause,
            }
        case Act(verb=verb) if verb == CORRECT:
            yield {"type": "job.corrected", "at": change.at, "job": change.job, "reason": change.reason}
        case Act(verb=verb) if verb in (PAUSE_AFTER, QUARANTINE):
            return  # job.paused says it
        case Act():
            yield {
                "type": "operator.acted",
                "at": change.at,
                "verb": change.verb,
                "by": change.by,
                "job": change.job,
                "run": change.run,
                "reason": change.reason,
            }
        case Output():
            printing = fires.get(change.fire)
            yield {
                "type": "run.printed",
                "at": change.at,
                "job": printing.job if printing else "",
                "run": run_name(change.fire),
                "stream": change.stream,
                "text": change.text,
            }
        case Arrange(occurrence):
            if not (isinstance(occurrence, Moved) and occurrence.ran):  # that it came is told by its run
                yield {"type": "occurrence.arranged", **_arranged(occurrence.at, occurrence)}
        case Expire(occurrence, at, why):
            if why:
                yield {"type": "occurrence.dropped", **_arranged(at, occurrence), "why": why}
        case Backfill():
            yield from _backfill(change)
        case Adopt() | Child() | Streak() | TakeOver():
            return


def _backfill(change: Backfill) -> Iterator[Event]:
    """Its end; that it was asked for is an operator's act, and its fires speak for themselves."""
    if change.state is not BackfillState.OPEN:
        kind = "backfill.done" if change.state is BackfillState.DONE else "backfill.cancelled"
        yield {"type": kind, "at": change.ended_at, "job": change.job, "backfill": change.number}


def recovers(at: datetime, fires: int, jobs: int, held_until: datetime | None) -> Event:
    """What an absence left owed is about to be made up for, or waits for somebody's approval."""
    event: Event = {"type": "recovery.began", "at": at, "fires": fires, "jobs": jobs}
    return event if held_until is None else {**event, "type": "recovery.held", "until": held_until}


def _arranged(at: datetime, occurrence: Occurrence) -> dict[str, object]:
    return {
        "at": at,
        "job": occurrence.job,
        "kind": occurrence.kind,
        "scheduled_at": occurrence.scheduled_at,
        "to": occurrence.to if isinstance(occurrence, Moved) else None,
        "by": occurrence.by,
        "reason": occurrence.reason,
    }


def _decided(at: datetime, fire: Fire, decision: Decision) -> Event:
    match decision:
        case Start():
            return _started(at, fire)
        case Queue(facts):
            return {"type": _TYPES[decision.kind], **_fire(at, fire), "waits_for": facts}
        case Skip(reason, facts):
            return {"type": _TYPES[decision.kind], **_fire(at, fire), "reason": str(reason), "facts": facts}


def _fire(at: datetime, fire: Fire) -> dict[str, object]:
    return {
        "at": at,
        "job": fire.job,
        "run": fire.run,
        "scheduled_at": fire.scheduled_at,
        "origin": str(fire.origin),
        "caught_up": fire.caught_up,
    }


def _started(at: datetime, fire: Fire, attempt: int = 1) -> dict[str, object]:
    event = {"type": _TYPES[Start.kind], **_fire(at, fire), "attempt": attempt}
    if attempt == 1:  # a retry is not late
        event["lateness_s"] = _lateness(at, fire)
    return event


def _lateness(started_at: datetime, fire: Fire) -> float:
    return (started_at - fire.due_at).total_seconds()


def _gap(change: Decide, gap: Gap) -> Event:
    return {
        "type": "fires.skipped",
        "at": change.at,
        "job": change.job,
        "after": gap.after,
        "until": gap.until,
        "count": gap.count,
        "reason": str(gap.reason),
        "facts": gap.facts,
    }


def _ended(change: Finish | Retrying, fires: JobOf) -> dict[str, object]:
    fire = fires.get(change.fire)
    event: dict[str, object] = {
        "type": f"run.{change.outcome.kind}",
        "at": change.finished_at,
        "job": fire.job if fire else "",
        "run": run_name(change.fire),
        "attempt": change.attempt,
        "duration_s": change.duration.total_seconds(),
    }
    if fire is not None:
        event["scheduled_at"] = fire.scheduled_at
        event["caught_up"] = fire.caught_up
        if change.attempt == 1:
            event["lateness_s"] = _lateness(change.started_at, fire)
    return event if isinstance(change.outcome, Succeeded) else {**event, **_said(change.outcome)}


def _said(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Failed(error):
            said: dict[str, object] = {"error": f"{error.type}: {error.message}"}
            return said if error.exit_code is None else {**said, "exit_code": error.exit_code}
        case TimedOut(limit, left_running, whole_run):
            said = {"timeout_s": limit.total_seconds(), "left_running": left_running}
            return {**said, "whole_run": True} if whole_run else said
        case Cancelled(reason, left_running) | Interrupted(reason, left_running):
            return {"reason": reason, "left_running": left_running}
        case Abandoned(reason):
            return {"reason": reason}
        case Succeeded():
            return {}
