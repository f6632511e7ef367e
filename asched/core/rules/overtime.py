"""The limit of a whole run: `run_timeout`, over all its attempts and the waits between them, on steady time."""

from __future__ import annotations

from datetime import datetime, timedelta

from asched.core.model import Job
from asched.core.record import FireRecord
from asched.core.rules.board import Board, Cause, JobState, Kind, Now, RunState, StopRun, Turn
from asched.core.rules.runs import call_off
from asched.core.timeline import Rank


def count_time(board: Board, job: Job, fire: int, now: Now) -> None:
    """Its first attempt is being executed from now on. Not from its decision: what waited for a ledger that was away
    did not run meanwhile."""
    run = board.runs.get(fire)
    if run is not None:
        _limit(board, run, job.policies.run_timeout, now.steady)


def go_on_counting(board: Board, job: Job, record: FireRecord, now: Now) -> None:
    """It began under another asched, when its start was decided, and keeps what is left."""
    ran = max(timedelta(0), now.wall - record.decided_at)
    _limit(board, board.runs[record.id], job.policies.run_timeout, now.steady - ran)


def time_is_up(board: Board, fire: int, now: Now, turn: Turn) -> None:
    """A run's time is up: what is executed is asked to stop and not tried again, what waits for its next attempt is
    called off."""
    found = board.run(fire)
    if found is None or found[1].cause is not None:
        return  # over, or being stopped for another reason, which is recorded
    state, run = found
    run.cause, run.reason = Cause.RUN_TIMEOUT, "run_timeout"
    if not run.waiting:
        turn.effects.append(StopRun(fire, Cause.RUN_TIMEOUT))
    elif state is not None:
        _call_off(board, state, run, now, turn)


def next_time_up(board: Board) -> datetime | None:
    """When (steady) the time of a run is up that is not being stopped yet."""
    return min((run.until for run in board.runs.values() if run.until is not None and run.cause is None), default=None)


def times_up(board: Board, now: Now, turn: Turn) -> None:
    """In a drain no other deadline is looked at, but what runs goes on, and so does its time."""
    over = [fire for fire, run in board.runs.items() if run.until is not None and run.until <= now.steady]
    for fire in over:
        time_is_up(board, fire, now, turn)


def _limit(board: Board, run: RunState, limit: timedelta | None, began: datetime) -> None:
    if limit is not None:
        run.limit, run.until = limit, began + limit
        board.steady.put((Kind.RUN_TIMEOUT, run.fire.job, run.fire.id), run.until, Rank.RUN_TIMEOUT)


def _call_off(board: Board, state: JobState, run: RunState, now: Now, turn: Turn) -> None:
    board.steady.remove((Kind.RETRY, state.job.name, run.fire.id))
    call_off(board, state, run, now, turn)
