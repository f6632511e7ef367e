"""A verdict in English: one sentence, and the facts behind it. In the style of core/english/reasons.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal, assert_never

from asched.core.change import Absence, Act, Gap
from asched.core.english.reasons import explain_decision, explain_outcome, explain_skip, explain_wait
from asched.core.hindsight.foretold import explain_ahead, explain_undecided
from asched.core.hindsight.losses import Loss, explain_loss
from asched.core.hindsight.moment import Moment
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
from asched.core.model import Origin
from asched.core.occurrence import ADDED, MOVED
from asched.core.outcome import Queue, Skip
from asched.core.record import FireRecord, VersionRecord
from asched.core.rules.owed import APPROVE
from asched.core.text.durations import format_duration

Facts = Iterator[tuple[str, str]]

_ON_TIME = timedelta(seconds=1)  # later than this is worth a word
_SHOWN = timedelta(milliseconds=1)  # what took less is not said


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
            return _in_gap(gap.gap, moment) + _because(behind, moment)
        case Excluded(calendar, label):
            return f'it {moment.was} not due: "{calendar}" leaves it out{f" ({label})" if label else ""}'
        case NeverDue(_, why):
            return f"it {moment.was} not due then{f': {why}' if why else ''}{_unmoved(moment)}"
        case Ahead():
            return explain_ahead(verdict, moment) + _moved(moment)
        case Undecided():
            return explain_undecided(verdict, moment) + _moved(moment)
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


def _in_gap(gap: Gap, moment: Moment) -> str:
    others = {None: ", with more than 1000 others", 1: "", 2: ", with 1 other"}
    many = others[gap.count] if gap.count in others else f", with {(gap.count or 0) - 1} others"
    return f"it was skipped{many}, {explain_skip(Skip(gap.reason, gap.facts), moment.clock)}"


# Fires.


def _fire(told: Told, moment: Moment) -> str:
    record = told.record
    origin, decided = _origin(told, moment), explain_decision(record.decision, moment.clock)
    if isinstance(record.decision, Skip):
        return f"{origin}it was skipped, {decided}{_ahead_of_it(told, moment)}{_because(told.behind, moment)}"
    ended = _ended(record, told.behind.lost.get(record.id), moment)
    return f"{origin}{decided}{_late(told, moment)}{ended}"


def _ahead_of_it(told: Told, moment: Moment) -> str:
    """Of those that waited before it: for what."""
    waiting = told.record.decision.facts.get("waiting") if isinstance(told.record.decision, Skip) else None
    names = waiting if isinstance(waiting, list | tuple) else ()
    ahead = [run for run in told.behind.runs if run.run in names]
    return "".join(f"; {one.run} waited for {explain_wait(_waited_for(one), moment.clock)}" for one in ahead)


def _waited_for(record: FireRecord) -> Mapping[str, object]:
    return record.decision.facts if isinstance(record.decision, Queue) else record.waited_for


def _origin(told: Told, moment: Moment) -> str:
    """Which run it is, where that is not the schedule's own."""
    record = told.record
    match record.fire.nonce:
        case "":
            return ""
        case one if one == MOVED:
            here = record.fire.due_at == moment.at
            where = f"here from {moment.when(record.scheduled_at)}" if here else f"to {moment.when(record.fire.due_at)}"
            return f"run {record.run}, moved {where}{_asked_by(told.arranged)}: "
        case one if one == ADDED:
            return f"run {record.run}, added{_asked_by(told.arranged)}: "
        case _:
            return f"{record.fire.origin} run {record.run}: "


def _asked_by(act: Act | None) -> str:
    return "" if act is None else f" by {act.by}{f' ({act.reason})' if act.reason else ''}"


def _late(told: Told, moment: Moment) -> str:
    record = told.record
    late = record.lateness
    if late is None or late < _ON_TIME:
        return ""
    said = f" {format_duration(timedelta(seconds=round(late.total_seconds())))} late"
    if told.behind.absence is not None:
        return f"{said}{_because(told.behind, moment)}{_held(told.behind.act, moment)}"
    if record.queued_at is None:
        return said
    return f"{said}, because it waited for {explain_wait(record.waited_for, moment.clock)}"


def _held(act: Act | None, moment: Moment) -> str:
    """By the recovery, until somebody approved."""
    return (
        ""
        if act is None or act.verb != APPROVE
        else f", and was held until approved {_by(act.by, act.at, act.reason, moment)}"
    )


def _because(behind: Behind, moment: Moment) -> str:
    return "" if behind.absence is None else f", because {_nobody(behind.absence, moment)}"


def _nobody(absence: Absence, moment: Moment) -> str:
    return f"no asched was deciding from {moment.when(absence.since)} to {moment.when(absence.until)} ({absence.cause})"


def _ended(record: FireRecord, loss: Loss | None, moment: Moment) -> str:
    if record.outcome is not None:
        return f", and {_after(record)}{explain_outcome(record.outcome).splitlines()[0]}"
    then = "" if loss is None else f"; {explain_loss(record, loss)}"
    if record.retry_at is not None:
        return f", and waits until {moment.when(record.retry_at)} for attempt {record.attempt + 1}{then}"
    running = f", and is running{f', in attempt {record.attempt}' if record.attempt > 1 else ''}"
    return then or (running if record.started_at is not None else "")


def _after(record: FireRecord) -> str:
    """How long it took, and which attempt it was: before what it came to, whose message may end in anything."""
    took = None if record.duration is None or record.duration < _SHOWN else _length(record.duration)
    if record.attempt > 1:
        return f"in attempt {record.attempt}{f', after {took},' if took else ''} "
    return f"after {took} " if took else ""


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
        became = f"{explain_decision(run.decision, moment.clock)}{_ended(run, behind.lost.get(run.id), moment)}"
        yield "rests on", f"{run.run} of {run.job}, scheduled {moment.when(run.scheduled_at)}: {became}"
    if behind.absence is not None:
        yield "absence", _nobody(behind.absence, moment)
    if behind.act is not None:
        yield "operator", _act(behind.act, moment)


def _act(act: Act, moment: Moment) -> str:
    return f"{act.verb} {_by(act.by, act.at, act.reason, moment)}"


def _by(who: str, at: datetime, reason: str, moment: Moment) -> str:
    return f"by {who} at {moment.when(at)}{f' ({reason})' if reason else ''}"


# Instants without a fire.


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
