"""A drain that may be lifted: nothing is started, what runs goes on, and nothing is lost.

While it lasts no deadline is looked at. What came due meanwhile is decided after it, and is late then: its job's
catch-up policy decides, as after any absence, and as one it is recorded.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from asched.core.change import Absence, Act
from asched.core.occurrence import Added, comes_at, number_of
from asched.core.rules.answers import settle
from asched.core.rules.beside import come
from asched.core.rules.board import Board, Drain, JobState, Kind, Now, Turn
from asched.core.rules.following import pass_down
from asched.core.rules.owed import count_owed
from asched.core.rules.pausing import end_come, time_is_up
from asched.core.rules.pending import pending
from asched.core.rules.plan import fire_due

DRAIN, LIFT = "drain", "drain --cancel"  # the verbs of the Acts that say so

_SMALLEST = timedelta(microseconds=1)


def drain(board: Board, by: str, reason: str, now: Now, turn: Turn) -> bool:
    """Start nothing from now on. False: so it is already."""
    if board.draining:
        return False
    board.draining, board.drain = True, Drain(now.wall, by, reason)
    turn.changes.append(Act(now.wall, DRAIN, by, reason=reason))
    return True


def settle_before(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """Its job is about to be paused, resumed or changed in a drain: what came due before that is decided as the job was
    until now, and before that until the end of a pause that is up. None of these reaches back."""
    if board.drain is None:
        return
    if (end := end_come(state.pause, now.wall)) is not None:
        _settle_what_came(board, state, end - _SMALLEST, now, turn)
        time_is_up(board, state, now, turn)
    _settle_what_came(board, state, now.wall, now, turn)


def _settle_what_came(board: Board, state: JobState, until: datetime, now: Now, turn: Turn) -> None:
    """By its schedule, stretch by stretch, none of which reaches beyond the end of a pause; and beside it."""
    decided = None
    while decided != state.watermark:
        decided = state.watermark
        pass_down(board, fire_due(board, state, now, turn), now, turn)
    for one in pending(state):
        due = comes_at(one)
        if due is not None and due <= until:
            kind = Kind.ADDED if isinstance(one, Added) else Kind.MOVED
            come(board, state, kind, number_of(one.scheduled_at), now, turn)


def lift(board: Board, by: str, reason: str, now: Now, turn: Turn) -> bool:
    """Go on: what waits takes what is free; what came due is decided next. False: nobody asked for a drain."""
    drained = board.drain
    if drained is None:
        return False
    board.draining, board.drain = False, None
    if drained.since < now.wall:
        turn.changes.append(_drained(drained.since, now.wall, drained.by, drained.reason))
    turn.changes.append(Act(now.wall, LIFT, by, reason=reason))
    count_owed(board)  # with what came due in it
    settle(board, board.jobs.values(), now, turn)
    return True


def cut_short(last: Act | None, since: datetime, until: datetime) -> Absence | None:
    """The drain in which an instance ended that lived from `since` to `until`. `last`: the newest DRAIN or LIFT."""
    if last is None or last.verb != DRAIN or not since <= last.at < until:
        return None
    return _drained(last.at, until, last.by, last.reason)


def _drained(since: datetime, until: datetime, by: str, reason: str) -> Absence:
    return Absence(since, until, "drained", {"by": by, "reason": reason})
