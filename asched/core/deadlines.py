"""The deadlines that have come: each is handed to what it is for."""

from __future__ import annotations

from asched.core.board import Board, JobState, Kind, Now, Turn
from asched.core.change import Unpause
from asched.core.plan import begin_attempt, fire_due, unpause
from asched.core.runs import call_off


def due(board: Board, now: Now, limit: int, turn: Turn) -> int:
    """Decide at most `limit` deadlines that have come, in their written order. Returns how many were taken."""
    taken = board.wall.pop_due(now.wall, limit)
    taken += board.steady.pop_due(now.steady, limit - len(taken))
    for kind, name, fire in taken:
        state = board.jobs.get(name)
        if state is None:
            continue  # its job was removed: roster.remove has settled what it owed
        match kind:
            case Kind.FIRE:
                fire_due(board, state, now, turn)
            case Kind.RETRY:
                _retry(board, state, fire, now, turn)
            case Kind.RESUME:
                fire_due(board, state, now, turn)  # what came due before the pause was over
                unpause(board, state, Unpause(name, now.wall, by="asched", reason="its time was up"), turn)
    return len(taken)


def _retry(board: Board, state: JobState, fire: int, now: Now, turn: Turn) -> None:
    run = state.running.get(fire)
    if run is None or not run.waiting:
        return  # it was cancelled while it waited, and that is recorded
    if run.cause is None:
        begin_attempt(state, run, now, turn)
    else:
        call_off(board, state, run, now, turn)
