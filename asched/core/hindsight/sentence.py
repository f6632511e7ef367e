"""A verdict in English: one sentence, and the facts behind it. In the style of core/english/reasons.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

from asched.core.change import Absence, Act
from asched.core.english.reasons import explain_decision, explain_gap, explain_outcome, explain_wait
from asched.core.hindsight.verdict import (
    Ahead,
    Behind,
    Broken,
    ClockChange,
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
from asched.core.localtime.zones import zone
from asched.core.model import Origin
from asched.core.occurrence import ADDED, MOVED, Added, Moved, Occurrence, Skipped
from asched.core.outcome import Skip
from asched.core.record import FireRecord, VersionRecord
from asched.core.text.durations import format_duration
from asched.core.text.instants import shown

Facts = Iterator[tuple[str, str]]

_ON_TIME = timedelta(seconds=1)  # later than this is worth a word
_SHOWN = timedelta(milliseconds=1)  # what took less is not said


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant in question, the zone to say it in, and when it is asked."""

    at: datetime
    zone: str
    now: datetime
    clocks: ClockChange | None = None

    @property
    def clock(self) -> ZoneInfo:
        return zone(self.zone)

    def when(self, instant: datetime) -> str:
        return shown(instant, self.clock)

    @property
    def was(self) -> str:
        return "is" if self.at > self.now else "was"


Edge = Literal["last", "next"]


def explain_edge(edge: Edge, verdict: NeverDue) -> str:
    """Of the last one, or the next, where there is none."""
    said = "nothing was due so far" if edge == "last" else "nothing is due by itself"
    return f"{said}{f': {verdict.why}' if verdict.why else ''}"


def explain_verdict(verdict: Verdict, moment: Moment) -> str:
    """Neither a capital nor a full stop."""
    match verdict:
        case Decided(fires):
            return "; ".join(_fire(told, moment) for told in fires) + _moved(moment)
        case Gapped(gap, behind):
            return f"it was skipped with others; {explain_gap(gap.gap, moment.clock)}{_because(behind, moment)}"
        case Excluded(calendar, label):
            return f'it {moment.was} not due: "{calendar}" leaves it out{f" ({label})" if label else ""}'
        case NeverDue(_, why):
            return f"it {moment.was} never due then{f': {why}' if why else ''}{_unmoved(moment)}"
        case Ahead():
            return _ahead(verdict, moment) + _moved(moment)
        case Undecided():
            return _undecided(verdict, moment) + _moved(moment)
        case Unscheduled():
            return _unscheduled(verdict, moment)
        case Pruned(until):
            return f"it was due, and what was decided is no longer kept: all up to {moment.when(until)} is pruned"
        case Unaccounted():
            return "it was due, and there is no record of what was decided: `asched audit` says what else is missing"
        case Broken(error):
            return f"its schedule cannot be asked: {error}"
        case _:
            assert_never(verdict)


def facts_of(verdict: Verdict, moment: Moment) -> list[tuple[str, str]]:
    match verdict:
        case Decided(fires):
            facts = [fact for told in fires for fact in _of_fire(told, moment)]
        case Gapped(gap, behind):
            span = f"after {moment.when(gap.gap.after)} until {moment.when(gap.gap.until)}"
            facts = [("gap", span), ("decided", moment.when(gap.at)), *_of_behind(behind, moment)]
        case Excluded(near=near) | NeverDue(near=near):
            facts = list(_of_near(near, moment))
        case Ahead(pause=pause) if pause is not None:
            facts = [("paused", _by(pause.by, pause.at, pause.reason, moment))]
        case Unscheduled(ended, began):
            facts = [*_of_version("before", ended, moment), *_of_version("after", began, moment)]
        case Ahead() | Undecided() | Pruned() | Unaccounted() | Broken():
            facts = []
        case _:
            assert_never(verdict)
    return [*facts, *_of_clocks(moment)]


# Fires.


def _fire(told: Told, moment: Moment) -> str:
    record = told.record
    kind = record.fire.nonce if record.fire.nonce in (MOVED, ADDED) else record.fire.origin
    origin = "" if record.fire.nonce == "" else f"{kind} run {record.run}: "
    if isinstance(record.decision, Skip):
        return (
            f"{origin}it was skipped, {explain_decision(record.decision, moment.clock)}{_because(told.behind, moment)}"
        )
    return f"{origin}{explain_decision(record.decision, moment.clock)}{_late(told, moment)}{_ended(record)}"


def _late(told: Told, moment: Moment) -> str:
    record = told.record
    late = record.lateness
    if late is None or late < _ON_TIME:
        return ""
    said = f" {format_duration(timedelta(seconds=round(late.total_seconds())))} late"
    if told.behind.absence is not None:
        return f"{said}{_because(told.behind, moment)}"
    return (
        f"{said}, because it waited for {explain_wait(record.waited_for, moment.clock)}"
        if record.queued_at is not None
        else said
    )


def _because(behind: Behind, moment: Moment) -> str:
    return "" if behind.absence is None else f", because {_nobody(behind.absence, moment)}"


def _nobody(absence: Absence, moment: Moment) -> str:
    return f"no asched was deciding from {moment.when(absence.since)} to {moment.when(absence.until)} ({absence.cause})"


def _ended(record: FireRecord) -> str:
    if record.outcome is not None:
        took = "" if record.duration is None or record.duration < _SHOWN else f", after {_length(record.duration)}"
        return f", and {explain_outcome(record.outcome).splitlines()[0]}{took}"
    if record.retry_at is not None:
        return ", and waits for its next attempt"
    return ", and runs" if record.started_at is not None else ""


def _of_fire(told: Told, moment: Moment) -> Facts:
    record = told.record
    yield "run", f"{record.run} ({record.fire.origin}{', caught up' if record.caught_up else ''})"
    if record.fire.due_at != record.scheduled_at:
        jitter = ", with its jitter" if record.fire.origin is Origin.SCHEDULE else ""  # others had their turn then
        yield "due", f"{moment.when(record.fire.due_at)}{jitter}"
    if record.queued_at is not None:
        yield "queued", moment.when(record.queued_at)
    yield "decided", moment.when(record.decided_at)
    if record.started_at is not None:
        yield (
            "started",
            f"{moment.when(record.started_at)}{f', attempt {record.attempt}' if record.attempt > 1 else ''}",
        )
    if record.finished_at is not None:
        yield "ended", moment.when(record.finished_at)
    yield from _of_behind(told.behind, moment)


def _of_behind(behind: Behind, moment: Moment) -> Facts:
    for run in behind.runs:
        yield "rests on", f"{run.run} of {run.job}, scheduled {moment.when(run.scheduled_at)}: {_became(run, moment)}"
    if behind.absence is not None:
        yield "absence", _nobody(behind.absence, moment)
    if behind.act is not None:
        yield "operator", _act(behind.act, moment)


def _became(run: FireRecord, moment: Moment) -> str:
    return f"{explain_decision(run.decision, moment.clock)}{_ended(run)}"


def _act(act: Act, moment: Moment) -> str:
    return f"{act.verb} {_by(act.by, act.at, act.reason, moment)}"


def _by(who: str, at: datetime, reason: str, moment: Moment) -> str:
    return f"by {who} at {moment.when(at)}{f' ({reason})' if reason else ''}"


# Instants without a fire.


def _ahead(verdict: Ahead, moment: Moment) -> str:
    left = format_duration(timedelta(seconds=round((verdict.due_at - moment.now).total_seconds())))
    due = "" if verdict.due_at == moment.at else f" at {moment.when(verdict.due_at)}, with its jitter,"
    if verdict.arranged is not None:
        return f"it is not due yet, and will {_arranged(verdict.arranged, moment)}"
    if verdict.pause is not None:
        then = "wait until it is resumed" if verdict.waits else "be skipped then"
        return f"it is not due yet, and will {then}{due} in {left}: paused by {verdict.pause.by}"
    return f"it is not due yet: it will be decided{due} in {left}{_AT_LIMIT.get(verdict.overlap, '')}"


def _arranged(arranged: Occurrence, moment: Moment) -> str:
    by = f"by {arranged.by}{f' ({arranged.reason})' if arranged.reason else ''}"
    match arranged:
        case Skipped():
            return f"be skipped: {by}"
        case Moved(to=to):
            return f"be run at {moment.when(to)} instead: moved {by}"
        case Added():
            return f"be run beside the schedule: added {by}"
        case _:
            assert_never(arranged)


_AT_LIMIT = {
    "skip": ", and skipped if the job is at its limit then",
    "queue_one": ", and wait if the job is at its limit then",
    "queue": ", and wait if the job is at its limit then",
    "replace": ", and stop what still runs then",
    "terminate": ", and kill what still runs then",
}


def _undecided(verdict: Undecided, moment: Moment) -> str:
    seen = (
        "" if verdict.seen_at is None else f"; the last sign of life of an asched is of {moment.when(verdict.seen_at)}"
    )
    policy = f" (catch_up: {verdict.catch_up})" if verdict.catch_up else ""
    return f"it was due, and nobody has decided on it yet: whoever starts next will{policy}{seen}"


def _unscheduled(verdict: Unscheduled, moment: Moment) -> str:
    asked = verdict.ended or verdict.began
    if asked is None:
        return "the job has never been scheduled: no asched has run with it yet"
    if asked.by_hand:
        return f"no asched has served the job yet: it was only run by hand, at {moment.when(asked.activated_at)}"
    due = "would have been due" if verdict.was_due else "would not have been due anyway"
    if verdict.ended is not None and verdict.ended.retired_at is not None:
        gone = moment.when(verdict.ended.retired_at)
        back = f", and came back at {moment.when(verdict.began.activated_at)}" if verdict.began is not None else ""
        return f"the job was removed or disabled at {gone}{back}; by its schedule it {due}"
    return f"the job was first scheduled at {moment.when(asked.activated_at)}; by its schedule it {due}"


def _of_near(near: Near, moment: Moment) -> Facts:
    if near.before is not None:
        yield "before", moment.when(near.before)
    if near.after is not None:
        yield "after", moment.when(near.after)


def _of_version(what: str, version: VersionRecord | None, moment: Moment) -> Facts:
    if version is not None:
        until = "" if version.retired_at is None else f" until {moment.when(version.retired_at)}"
        yield what, f"version {version.version}, from {moment.when(version.activated_at)}{until}"


# Clocks that were changed.


def _moved(moment: Moment) -> str:
    clocks = moment.clocks
    if clocks is None or clocks.skipped is None:
        return ""
    return f"; {clocks.skipped:%H:%M} was skipped by the clocks, and what was due then is due here"


def _unmoved(moment: Moment) -> str:
    clocks = moment.clocks
    if clocks is None:
        return ""
    if clocks.skipped is not None:
        return f"; {clocks.skipped:%H:%M} was skipped by the clocks, and its schedule leaves that out"
    if clocks.twin is not None:
        return f"; clocks showed this time twice, the other time at {moment.when(clocks.twin)}"
    return ""


def _of_clocks(moment: Moment) -> Facts:
    clocks = moment.clocks
    if clocks is not None:
        went = f"{clocks.left:%H:%M} to {clocks.entered:%H:%M}"
        yield "clocks", f"in {moment.zone} they went from {went} at {moment.when(clocks.at)}"


def _length(duration: timedelta) -> str:
    """Rounded to what people read: 12ms, 3.4s, 2m5s."""
    exact = duration >= timedelta(minutes=1)
    step = timedelta(seconds=1) if exact else timedelta(milliseconds=100 if duration >= timedelta(seconds=1) else 1)
    return format_duration(round(duration / step) * step)
