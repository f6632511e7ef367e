"""The deadlines that have come: each is handed to what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from asched.core.admission import cooled, unpause
from asched.core.board import Board, Deadline, JobState, Kind, Now, Turn
from asched.core.change import Unpause
from asched.core.plan import begin_attempt, fire_due
from asched.core.runs import call_off


def due(board: Board, now: Now, limit: int, turn: Turn) -> int:
    """Decide at most `limit` deadlines that have come, in their written order. Returns how many were taken."""
    taken = list(islice(_in_order(board, now), limit))
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
                unpause(board, state, Unpause(name, now.wall, by="asched", reason="its time was up"), now, turn)
            case Kind.COOLED:
                cooled(board, state, now, turn)
    return len(taken)


def _in_order(board: Board, now: Now) -> Iterator[Deadline]:
    """Takes them out of both timelines: what has been due for longest goes first, then by their place."""
    while True:
        axes = ((board.wall, now.wall), (board.steady, now.steady))
        heads = [(first, here, axis) for axis, here in axes if (first := axis.first()) is not None]
        come = [((at - here, place), axis) for (at, place), here, axis in heads if at <= here]
        if not come:
            return
        yield min(come, key=lambda one: one[0])[1].pop()


def _retry(board: Board, state: JobState, fire: int, now: Now, turn: Turn) -> None:
    run = state.running.get(fire)
    if run is None or not run.waiting:
        return  # it was cancelled while it waited, and that is recorded
    if run.cause is None:
        begin_attempt(state, run, now, turn)
    else:
        call_off(board, state, run, now, turn)
