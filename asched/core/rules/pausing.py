"""Pauses: how one begins, is extended, and ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from asched.core.change import Pause, Unpause
from asched.core.rules.admission import promote_waiting
from asched.core.rules.answers import look_again
from asched.core.rules.board import Board, JobState, Kind, Now, Turn
from asched.core.timeline import Rank


def pause(board: Board, state: JobState, change: Pause, turn: Turn) -> None:
    """No new starts; what comes due is recorded as skipped(paused), or waits."""
    change = over(state.pause, change)
    state.pause = change
    turn.changes.append(change)
    key = (Kind.RESUME, state.job.name, 0)
    if change.until is None:
        board.wall.remove(key)
    else:
        board.wall.put(key, change.until, Rank.RESUME)


def end_come(pause: Pause | None, by: datetime) -> datetime | None:
    """Its end, if that has come by then."""
    return None if pause is None or pause.until is None or pause.until > by else pause.until


def over(before: Pause | None, change: Pause) -> Pause:
    """A pause of what is still paused is one with it: it began when that did (its Act says when it was asked for), and
    unless it says so, what waits for the end of that goes on waiting."""
    if before is None or end_come(before, change.at) is not None:
        return change
    return replace(change, at=min(before.at, change.at), on_resume=change.on_resume or before.on_resume)


def unpause(board: Board, state: JobState, change: Unpause, now: Now, turn: Turn) -> None:
    """Fires that were skipped while it was paused stay so; waiting ones may go, and those at the gate are looked at."""
    if state.pause is None:
        return
    state.pause = None
    board.wall.remove((Kind.RESUME, state.job.name, 0))
    turn.changes.append(change)
    promote_waiting(board, state, now, turn)
    look_again(board, state, now, turn)


def time_is_up(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """It ends by itself. What came due in it is decided by now."""
    unpause(board, state, Unpause(state.job.name, now.wall, "asched", "its time was up"), now, turn)
