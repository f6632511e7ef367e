"""A drain that may be lifted: nothing is started, what runs goes on, and nothing is lost.

While it lasts no deadline is looked at. What came due meanwhile is decided after it, and is late then: its job's
catch-up policy decides, as after any absence, and as one it is recorded.
"""

from __future__ import annotations

from asched.core.answers import settle
from asched.core.board import Board, Drain, Now, Turn
from asched.core.change import Absence, Act


def drain(board: Board, by: str, reason: str, now: Now, turn: Turn) -> bool:
    """Start nothing from now on. False: so it is already."""
    if board.draining:
        return False
    board.draining, board.drain = True, Drain(now.wall, by, reason)
    turn.changes.append(Act(now.wall, "drain", by, reason=reason))
    return True


def lift(board: Board, by: str, reason: str, now: Now, turn: Turn) -> bool:
    """Go on: what waits takes what is free; what came due is decided next. False: nobody asked for a drain."""
    drained = board.drain
    if drained is None:
        return False
    board.draining, board.drain = False, None
    if drained.since < now.wall:
        turn.changes.append(Absence(drained.since, now.wall, "drained", {"by": drained.by, "reason": drained.reason}))
    turn.changes.append(Act(now.wall, "drain --cancel", by, reason=reason))
    for state in board.jobs.values():
        settle(board, state, now, turn)
    return True
