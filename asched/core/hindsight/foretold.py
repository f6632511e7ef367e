"""Of an instant on which nobody has decided yet: what will become of it. Neither a capital nor a full stop."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from asched.core.change import Act, Pause
from asched.core.english.drain import explain_drain
from asched.core.hindsight.moment import Moment
from asched.core.hindsight.verdict import Ahead, Needed, Undecided
from asched.core.occurrence import Added, Moved, Occurrence, Skipped, comes_at
from asched.core.text.durations import format_duration


def explain_ahead(verdict: Ahead, moment: Moment) -> str:
    alone = "" if verdict.served else "; no asched is running now, and one has to by then"
    held = "" if verdict.drain is None else f"; then it is {_drained(verdict.drain)}"
    return f"it is not due yet{_and_then(verdict, moment)}{held}{_gate(verdict, moment)}{alone}"


def _and_then(verdict: Ahead, moment: Moment) -> str:
    left = _left(verdict, moment)
    due = "" if verdict.due_at == moment.at else f" at {moment.when(verdict.due_at)}, with its jitter,"
    arranged, pause = verdict.arranged, verdict.pause
    if arranged is not None:
        held = "wait until its job is resumed" if verdict.waits else "be skipped then"
        paused = f"; it will {held}{_paused(pause)}" if pause is not None and comes_at(arranged) else ""
        return f", and will {_arranged(arranged, moment, f' in {left}')}{paused}"
    if pause is not None:
        held = "wait until its job is resumed" if verdict.waits else "skipped"
        return f": it will be decided{due} in {left}, and {held}{_paused(pause)}"
    if verdict.drain is not None:
        return f": it will be due{due} in {left}"
    return f": it will be decided{due} in {left}{_AT_LIMIT.get(verdict.overlap, '')}"


def _left(verdict: Ahead, moment: Moment) -> str:
    seconds = round((verdict.due_at - moment.now).total_seconds())
    return format_duration(timedelta(seconds=seconds)) if seconds else "less than 1s"


def _drained(drain: Act) -> str:
    return explain_drain(drain.by, drain.reason)


def _paused(pause: Pause) -> str:
    return f", paused by {pause.by}{f' ({pause.reason})' if pause.reason else ''}"


def _arranged(arranged: Occurrence, moment: Moment, left: str = "") -> str:
    by = f"by {arranged.by}{f' ({arranged.reason})' if arranged.reason else ''}"
    match arranged:
        case Skipped():
            return f"be skipped: {by}"
        case Moved(to=to) if to == moment.at:
            return f"be run here{left}: moved from {moment.when(arranged.scheduled_at)} {by}"
        case Moved(to=to, ran=True):
            return f"not be run again: it was moved to {moment.when(to)} {by}"
        case Moved(to=to):
            return f"be run at {moment.when(to)} instead: moved {by}"
        case Added():
            return f"be run beside the schedule{left}: added {by}"
        case _:
            assert_never(arranged)


def _gate(verdict: Ahead, moment: Moment) -> str:
    """What will be looked at when it is due."""
    if not _is_asked(verdict, moment):
        return ""
    gate = verdict.gate
    asked = [f"will be asked then: {' and '.join(gate.conditions)}"] if gate.conditions else []
    waits = gate.wait if gate.wait.startswith("until") or not gate.wait else f"for up to {gate.wait}"
    waiting = [f"may wait {waits} for that"] if waits else []
    return "".join(f"; it {one}" for one in [*(_needs(one, moment) for one in gate.needs), *asked, *waiting])


def _is_asked(verdict: Ahead, moment: Moment) -> bool:
    """Of what is skipped anyway, or runs at another time, nothing is then."""
    skipped = verdict.pause is not None and not verdict.waits
    runs = verdict.arranged is None or comes_at(verdict.arranged) == moment.at
    return runs and not skipped and bool(verdict.gate.needs or verdict.gate.conditions)


def _needs(needed: Needed, moment: Moment) -> str:
    if needed.met_by is not None:
        met = f"as it did for {moment.when(needed.met_by.scheduled_at)} (run {needed.met_by.run})"
        return f"needs that {needed.need.text}, {met}"
    last = "no success of it is known"
    if needed.last is not None:
        last = f"it last did for {moment.when(needed.last.scheduled_at)}"
    return f"needs that {needed.need.text}: not yet, and {last}"


_AT_LIMIT = {
    "skip": ", and skipped if the job is at its limit then",
    "queue_one": ", and wait if the job is at its limit then",
    "queue": ", and wait if the job is at its limit then",
    "replace": ", and stop what still runs then",
    "terminate": ", and kill what still runs then",
}


def explain_undecided(verdict: Undecided, moment: Moment) -> str:
    due = "it was due" if verdict.arranged is None else f"it was to {_arranged(verdict.arranged, moment)}"
    policy = f" (catch_up: {verdict.catch_up})" if verdict.catch_up else ""
    if verdict.drain is not None:
        return f"{due}; it is {_drained(verdict.drain)}, and then it is decided as what is late{policy}"
    seen = (
        "" if verdict.seen_at is None else f"; the last sign of life of an asched is of {moment.when(verdict.seen_at)}"
    )
    return f"{due}{', and' if verdict.arranged is None else ';'} nobody has decided on it yet: {_WHO}{policy}{seen}"


_WHO = "whoever starts next will"
