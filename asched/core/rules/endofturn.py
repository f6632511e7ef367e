"""How every turn ends: once all is heard and decided, who goes on by what has become free?"""

from __future__ import annotations

from asched.core.rules.admission import move_up
from asched.core.rules.backfilling import go_on
from asched.core.rules.board import Board, Now, Turn


def end_turn(board: Board, now: Now, turn: Turn) -> None:
    move_up(board, now, turn)
    go_on(board, now, turn)
    move_up(board, now, turn)  # a backfill that ended may have stood before others
