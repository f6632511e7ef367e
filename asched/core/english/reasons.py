"""Why, in one English sentence: a decision, a skip, an outcome; the same on every surface.

Sentences have neither a capital nor a full stop, so that they can stand inside others. Instants in them are on the
clocks of `zone`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta, tzinfo
from typing import assert_never

from asched.core.change import Gap
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    Decision,
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
from asched.core.text.durations import format_duration
from asched.core.text.instants import shown_written


def explain_decision(decision: Decision, zone: tzinfo = UTC) -> str:
    match decision:
        case Start():
            return "it was started"
        case Queue():
            return f"it waits for {explain_wait(decision.facts, zone)}"
        case Skip():
            return explain_skip(decision, zone)
        case _:
            assert_never(decision)


def explain_wait(facts: Mapping[str, object], zone: tzinfo = UTC) -> str:
    """What a fire waits for, or waited for: the facts of its Queue."""
    name, held_by = facts.get("name", ""), _named(facts.get("held_by"))
    match facts.get("for"):
        case "pool":
            return f'a place in pool "{name}"{_which(held_by)}'
        case "exclusive":
            return f'its turn in "{name}"{_which(held_by)}'
        case "service":
            return f"a place among the runs of all jobs{_which(held_by)}"
        case "recovery" if "held_until" in facts:
            until = shown_written(facts["held_until"], zone)
            return (
                f"somebody to approve: it is held until {until}, when it expires; `asched recovery approve` lets it go"
            )
        case "recovery":
            return "its turn among all that is made up for"
        case "turn":
            return f"its turn behind run {facts.get('behind', '?')}, which waits as well"
        case "cooldown":
            return "its job to cool down"
        case "resume":
            return f"its job to be resumed, paused{_by_whom(facts, zone)}"
        case "needs":
            return f"what it needs, that {_what_is_needed(facts, zone)}{_until(facts, zone)}"
        case "condition":
            said = f", and {facts['said']}" if facts.get("said") else ""
            return f"its conditions: {facts.get('condition', '?')}{said}{_until(facts, zone)}"
        case "start":
            return "the next start of asched"
        case "drain":
            return f"the end of the drain that was asked for{_by_whom(facts, zone)}"
        case _:
            return f"a free slot{_which(_named(facts.get('running')))}"


def _until(facts: Mapping[str, object], zone: tzinfo) -> str:
    """For how long it may wait at the gate."""
    return f"; it waits until {shown_written(facts['until'], zone)} at most" if facts.get("until") else ""


def _which(held_by: Sequence[str]) -> str:
    return f", which {' and '.join(held_by)} had" if held_by else ""


def _named(runs: object) -> list[str]:
    return [str(name) for name in runs] if isinstance(runs, list | tuple) else []


def explain_skip(skip: Skip, zone: tzinfo = UTC) -> str:
    """Why a fire was not started."""
    facts = skip.facts
    match skip.reason:
        case SkipReason.MISSED if "recovery_limit" in facts:
            return f"missed: it was {_late(facts)} late, and of all jobs {facts['recovery_limit']} such fires are run"
        case SkipReason.MISSED:
            return f"missed: it was decided {_late(facts)} late, and the catch-up policy does not run it"
        case SkipReason.EXPIRED if "held_since" in facts:
            since = shown_written(facts["held_since"], zone)
            return f"expired: it was held since {since}, and nobody approved of making up for it"
        case SkipReason.EXPIRED:
            return f"expired: it was {_late(facts)} late, beyond its catch_up_window{_window(facts)}"
        case SkipReason.COALESCED:
            return f"coalesced: the fire of {shown_written(facts.get('into', 'a later instant'), zone)} stands for it"
        case SkipReason.OVERLAPPED:
            return f"overlapped: {_running(facts)}, and max_instances is reached"
        case SkipReason.QUEUE_FULL:
            return f"queue full: {facts.get('waiting', 'as many as may')} waited already"
        case SkipReason.REPLACED:
            newer = shown_written(facts.get("by", "a later instant"), zone)
            return f"replaced: while it waited, the fire of {newer} took its place"
        case SkipReason.PAUSED:
            return "paused" + _by_whom(facts, zone)
        case SkipReason.REMOVED:
            return "removed: the definition that owed it is gone"
        case SkipReason.BLOCKED:
            return f"blocked: {_what_blocks(facts, zone)}"
        case SkipReason.INVALID:
            return f"invalid: its trigger could not be evaluated: {facts.get('error', 'no more is known')}"
        case SkipReason.EXCLUDED:
            return f"excluded: {_excluded(facts, zone)}"
        case SkipReason.REPEATED:
            until = shown_written(facts.get("decided_until", "some instant"), zone)
            return f"repeated: up to {until} all was decided before the clock was corrected, and is not caught up again"
        case _:
            assert_never(skip.reason)


def explain_gap(gap: Gap, zone: tzinfo = UTC) -> str:
    """What became of the instants in a gap."""
    many = "more than 1000 fires" if gap.count is None else f"{gap.count} fire{'s' if gap.count != 1 else ''}"
    return f"{many} together: {explain_skip(Skip(gap.reason, gap.facts), zone)}"


def explain_outcome(outcome: Outcome) -> str:
    """How a run ended."""
    match outcome:
        case Succeeded():
            return "it succeeded"
        case Failed(error):
            return f"it failed: {error.type}: {error.message}" if error.message else f"it failed: {error.type}"
        case TimedOut(limit, left_running, whole_run):
            which = "run_timeout" if whole_run else "timeout"
            return f"it ran into its {which} of {format_duration(limit)}{_left(left_running)}"
        case Cancelled(reason, left_running):
            return f"it was cancelled{_by_request(reason)}{_left(left_running)}"
        case Interrupted(reason, left_running):
            return f"it was interrupted: {reason}{_left(left_running)}"
        case Abandoned(reason):
            return f"it was abandoned: {reason}"
        case _:
            assert_never(outcome)


def _by_request(reason: str) -> str:
    """Of one for which nobody gave a reason, only who asked for it."""
    return reason.removeprefix("cancelled") if reason.startswith("cancelled (by ") else f": {reason}"


def _left(left_running: bool) -> str:
    return ", would not stop, and may still be at work" if left_running else ""


def _late(facts: Mapping[str, object]) -> str:
    late = facts.get("late_s")
    return "too" if not isinstance(late, int | float) else format_duration(timedelta(seconds=round(late)))


def _window(facts: Mapping[str, object]) -> str:
    window = facts.get("catch_up_window_s")
    return f" of {format_duration(timedelta(seconds=window))}" if isinstance(window, int | float) else ""


def _running(facts: Mapping[str, object]) -> str:
    names, waiting = _named(facts.get("running")), _named(facts.get("waiting"))
    said = [f"{_these(names)} still running"] if names or not waiting else []
    return " and ".join([*said, *([f"{_these(waiting)} still waiting"] if waiting else [])])


def _what_blocks(facts: Mapping[str, object], zone: tzinfo) -> str:
    if "needs" in facts:
        return f"it needs that {_what_is_needed(facts, zone)}"
    if "condition" in facts:
        only = "only " if str(facts["condition"]).startswith("if ") else ""
        return f"it runs {only}{facts['condition']}, and {facts.get('said') or 'that was not so'}"
    ended = str(facts.get("outcome", "did not succeed"))
    said = f"was skipped as {ended}" if ended in set(SkipReason) else ended.replace("_", " ")
    wish = facts.get("wished", "succeeded")
    wished = {"succeeded": "", "ended": ", and never ran"}.get(str(wish), f", and is to have {wish}")
    return f'"{facts.get("upstream", "what it comes after")}" (run {facts.get("run", "?")}) {said}{wished}'


def _what_is_needed(facts: Mapping[str, object], zone: tzinfo) -> str:
    last = facts.get("last")
    known = "no success of it is known" if last is None else f"it last did for {shown_written(last, zone)}"
    return f"{facts.get('needed', facts.get('needs'))}, and {known}"


def _these(runs: Sequence[str]) -> str:
    if not runs:
        return "another run was"
    return f"run {runs[0]} was" if len(runs) == 1 else f"runs {', '.join(runs)} were"


def _excluded(facts: Mapping[str, object], zone: tzinfo) -> str:
    if "by" not in facts:
        return str(facts.get("cancelled", "taken out"))
    to = facts.get("moved_to")
    return (f"moved to {shown_written(to, zone)}" if to else "left out") + _by_whom(facts, zone)


def _by_whom(facts: Mapping[str, object], zone: tzinfo) -> str:
    by = f" by {facts['by']}" if facts.get("by") else ""
    since = f" since {shown_written(facts['since'], zone)}" if facts.get("since") else ""
    why = f" ({facts['reason']})" if facts.get("reason") else ""
    return by + since + why
