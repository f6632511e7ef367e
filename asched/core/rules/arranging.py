"""What operators ask for a single fire: skip it, move it, add one, or let it go as its schedule says after all.

Each of these works on the board, records who asked and why, and raises Refused when it may not be.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from asched.core.change import Act
from asched.core.dataclass import dataclass
from asched.core.localtime.zones import zone
from asched.core.occurrence import Added, Moved, Occurrence, Override, Skipped, left_out
from asched.core.rules.beside import call_off
from asched.core.rules.board import Board, JobState, Now, Turn
from asched.core.rules.pending import arrange, drop, pending, yields
from asched.core.text.instants import shown
from asched.core.triggers.instants import latest_between
from asched.core.triggers.protocol import Trigger
from asched.errors import Refused

T_co = TypeVar("T_co", covariant=True)


class Arranging(Protocol[T_co]):
    """One of the four below, told what is wanted."""

    def __call__(self, board: Board, state: JobState, *, asked: Asked, now: Now, turn: Turn) -> T_co: ...


_SMALLEST = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and why."""

    by: str
    reason: str = ""


def skip(board: Board, state: JobState, at: datetime | None, asked: Asked, now: Now, turn: Turn) -> Skipped:
    """The fire of `at` is not run; None means the next one that nothing is arranged for."""
    found = _override(state, at)
    scheduled_at = _instant(board, state, at, found, now)
    wanted = Skipped(state.job.name, scheduled_at, now.wall, asked.by, asked.reason)
    if isinstance(found, Moved) and scheduled_at <= state.watermark:
        call_off(board, state, found, left_out(wanted), now, turn)
    else:
        arrange(board, state, wanted, turn)
    _record(turn, "skip", state, said(state, scheduled_at), asked, now)
    return wanted


def move(
    board: Board, state: JobState, at: datetime | None, to: datetime | None, asked: Asked, now: Now, turn: Turn
) -> Moved:
    """The fire of `at` is run at `to`, earlier or later; None means the next one, and now."""
    scheduled_at, to = _instant(board, state, at, _override(state, at), now), to or now.wall
    _check_ahead(state, to, now)
    if to == scheduled_at:
        raise Refused(f"{said(state, to)} is when it is due: restore it, to have it run then")
    wanted = Moved(state.job.name, scheduled_at, to, now.wall, asked.by, asked.reason)
    arrange(board, state, wanted, turn)
    _record(turn, "move", state, f"{said(state, scheduled_at)} to {said(state, to)}", asked, now)
    return wanted


def add(board: Board, state: JobState, at: datetime | None, asked: Asked, now: Now, turn: Turn) -> Added:
    """One fire more, at an instant that the schedule does not yield; None means now."""
    at = at or now.wall
    _check_ahead(state, at, now)
    trigger = state.trigger
    if trigger is not None and not trigger.relative and yields(trigger, at) and at not in state.overrides:
        raise Refused(f'job "{state.job.name}" is due at {said(state, at)} by its schedule')
    wanted = Added(state.job.name, at, now.wall, asked.by, asked.reason)
    arrange(board, state, wanted, turn)
    _record(turn, "add", state, said(state, at), asked, now)
    return wanted


def restore(board: Board, state: JobState, at: datetime | None, asked: Asked, now: Now, turn: Turn) -> Occurrence:
    """What was arranged for `at`, which may also be where it was moved to, is arranged no more; None: the first."""
    found = _arranged(state, at)
    if isinstance(found, Moved) and found.ran:
        which = f"the fire of {said(state, found.scheduled_at)}"
        raise Refused(f"{which} was brought forward, and decided at {said(state, found.to)}: nothing else is arranged")
    if isinstance(found, Moved) and found.scheduled_at <= state.watermark:
        raise Refused(f"{said(state, found.scheduled_at)}, its own time, is over: move it again, or skip it")
    drop(board, state, found, now, turn, f"restored by {asked.by}")
    _record(turn, "restore", state, said(state, found.scheduled_at), asked, now)
    return found


def said(state: JobState, at: datetime) -> str:
    """An instant, as people of the job's zone read it."""
    return shown(at, zone(state.job.timezone))


def _record(turn: Turn, verb: str, state: JobState, what: str, asked: Asked, now: Now) -> None:
    reason = f"{what}: {asked.reason}" if asked.reason else what
    turn.changes.append(Act(now.wall, verb, asked.by, state.job.name, reason=reason))


def _check_ahead(state: JobState, at: datetime, now: Now) -> None:
    if at < now.wall:
        raise Refused(f"{said(state, at)} is over: it is {said(state, now.wall)} now")


def _override(state: JobState, at: datetime | None) -> Override | None:
    """What is arranged for it already, and may be arranged otherwise."""
    found = (
        None if at is None else next((one for one in state.overrides.values() if _meant(one.scheduled_at, at)), None)
    )
    if isinstance(found, Moved) and found.ran:
        again = f"`asched run {state.job.name}` runs it again"
        raise Refused(f"it was brought forward, and decided at {said(state, found.to)}: {again}")
    return found


def _arranged(state: JobState, at: datetime | None) -> Occurrence:
    everything = pending(state)
    if at is None and everything:
        return next((one for one in everything if not _begun(state, one)), everything[0])
    for one in everything:
        if at is not None and (_meant(one.scheduled_at, at) or (isinstance(one, Moved) and _meant(one.to, at))):
            return one
    where = "" if at is None else f" at {said(state, at)}"
    raise Refused(f'nothing is arranged for job "{state.job.name}"{where}: `asched next {state.job.name}` says what is')


def _begun(state: JobState, one: Occurrence) -> bool:
    """Either of its two instants is over: that cannot be taken back."""
    return isinstance(one, Moved) and (one.ran or one.scheduled_at <= state.watermark)


def _meant(instant: datetime, at: datetime) -> bool:
    """Instants are shown to the second, so that is how they are named."""
    return instant == at or (not at.microsecond and at <= instant < at + _SECOND)


def _instant(board: Board, state: JobState, at: datetime | None, found: Override | None, now: Now) -> datetime:
    """The instant of the schedule that is meant, and not decided yet, or moved."""
    if found is not None:
        return found.scheduled_at
    trigger = _schedule(board, state)
    if at is None:
        return _next(board, state, trigger, now)
    if any(_meant(one, at) for one in state.added):
        raise Refused(f"{said(state, at)} was added: restore it, to take it back")
    meant = trigger.next_after(at - _SMALLEST)
    if meant is None or not _meant(meant, at):
        raise Refused(_not_due(state, trigger, at))
    if meant <= state.watermark:
        told = f'`asched why "{state.job.name}@{said(state, at)}"` says what became of it'
        raise Refused(f"{said(state, at)} is over, or was decided already: {told}")
    return meant


def _schedule(board: Board, state: JobState) -> Trigger:
    trigger, name = state.trigger, state.job.name
    if trigger is None:
        by = f"it comes after {' and '.join(state.job.after)}" if state.job.after else "it runs only by hand"
        raise Refused(f'job "{name}" has no schedule: {by}')
    if trigger.relative:
        raise Refused(f'job "{name}" counts from the end of its last run: pause it instead')
    if name in board.broken:
        raise Refused(f'the schedule of job "{name}" raised {board.broken[name]}')
    return trigger


def _next(board: Board, state: JobState, trigger: Trigger, now: Now) -> datetime:
    """What is due in the past, and not decided because nobody is there to do so, is not the next one."""
    here = now.on(state.steady)
    found = trigger.next_after(max(state.watermark, here - state.job.policies.jitter - _SMALLEST))
    while found is not None and (found in state.overrides or board.due_at(state, found) <= here):
        found = trigger.next_after(found)
    if found is None:
        raise Refused(f'job "{state.job.name}" is never due again by its schedule')
    return found


def _not_due(state: JobState, trigger: Trigger, at: datetime) -> str:
    near = [*latest_between(trigger, state.watermark, at, 1)[0], trigger.next_after(at)]
    known = " and ".join(said(state, one) for one in near if one is not None)
    nearest = f"; the nearest are {known}" if known else ""
    return f'job "{state.job.name}" is not due at {said(state, at)}{nearest}'
