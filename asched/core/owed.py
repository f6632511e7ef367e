"""What an absence left owed: counted, held until somebody approves, made up for, or given up.

The fires themselves are decided one by one, as queued (plan.py); this is about all of them together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from asched.core.admission import serve
from asched.core.board import Board, Kind, Now, Recovers, Turn
from asched.core.change import Promote
from asched.core.model import Fire
from asched.core.outcome import Skip, SkipReason
from asched.core.plan import count_from_here
from asched.core.recovery import RECOVERY, Held
from asched.core.timeline import Rank


def count_owed(board: Board) -> None:
    """From here on nothing of it starts, until `counted`: who goes first is not known before."""
    board.recovering.counting = True
    board.recovery_door()


def counted(board: Board, now: Now, turn: Turn) -> None:
    """Everything that was overdue is decided: what is too much is skipped, the rest starts or waits for approval."""
    recovering = board.recovering
    recovering.counting = False
    _skip_beyond_limit(board, now, turn)
    if recovering.owed:
        _hold_or_begin(board, now, turn)
    _go_on(board, now, turn)


def _skip_beyond_limit(board: Board, now: Now, turn: Turn) -> None:
    limit = board.recovering.rules.limit
    if limit is not None and len(board.recovering.owed) > limit:
        ranked = board.recovering.first(
            (fire, board.jobs[fire.job].job.policies.priority) for fire in board.recovering.owed.values()
        )
        for fire in ranked[limit:]:
            facts = {"late_s": (now.wall - fire.due_at).total_seconds(), "recovery_limit": limit}
            _skip(board, fire, Skip(SkipReason.MISSED, facts), now, turn)


def _hold_or_begin(board: Board, now: Now, turn: Turn) -> None:
    recovering, rules = board.recovering, board.recovering.rules
    owed, jobs = len(recovering.owed), len({fire.job for fire in recovering.owed.values()})
    if rules.ask_above is None or owed <= rules.ask_above:
        turn.effects.append(Recovers(owed, jobs))
        return
    since = now.wall if recovering.held is None else recovering.held.since
    recovering.held = Held(owed, since, since + rules.expires)
    board.wall.put((Kind.UNANSWERED, "", 0), recovering.held.expires_at, Rank.COOLED)
    turn.effects.append(Recovers(owed, jobs, recovering.held.expires_at))


def _go_on(board: Board, now: Now, turn: Turn) -> None:
    board.recovery_door()
    serve(board, [RECOVERY], now, turn)


def paced(board: Board, now: Now, turn: Turn) -> None:
    """The next one may start."""
    board.recovering.next_at = None
    _go_on(board, now, turn)


def approve(board: Board, now: Now, turn: Turn) -> int:
    """Somebody approves of all that is held. Returns how many fires that are."""
    _release(board)
    _go_on(board, now, turn)
    return len(board.recovering.owed)


def abort(board: Board, why: str, jobs: Collection[str], now: Now, turn: Turn) -> int:
    """Nothing more of it is started: of these jobs, or of all if there are none. Returns how many are skipped."""
    skip = Skip(SkipReason.EXCLUDED, {"cancelled": why})
    given_up = _skip_all(board, _of(board, jobs), skip, now, turn)
    if not board.recovering.owed:
        _release(board)
    _go_on(board, now, turn)
    return given_up


def unanswered(board: Board, now: Now, turn: Turn) -> None:
    """Nobody approved in time."""
    held = board.recovering.held
    if held is None:
        return
    for fire in _of(board, ()):
        late = (now.wall - fire.due_at).total_seconds()
        facts = {"late_s": late, "held_since": held.since.isoformat()}
        _skip(board, fire, Skip(SkipReason.EXPIRED, facts), now, turn)
    _release(board)
    board.recovery_door()


def _release(board: Board) -> None:
    board.recovering.held = None
    board.wall.remove((Kind.UNANSWERED, "", 0))


def _of(board: Board, jobs: Collection[str]) -> list[Fire]:
    return [fire for fire in board.recovering.owed.values() if not jobs or fire.job in jobs]


def _skip_all(board: Board, fires: Iterable[Fire], skip: Skip, now: Now, turn: Turn) -> int:
    fires = list(fires)
    for fire in fires:
        _skip(board, fire, skip, now, turn)
    return len(fires)


def _skip(board: Board, fire: Fire, skip: Skip, now: Now, turn: Turn) -> None:
    state = board.jobs[fire.job]
    board.waits_no_more(state, fire.id)
    turn.changes.append(Promote(fire.id, skip, now.wall))
    count_from_here(board, state, now, turn)


def all_decided(board: Board, now: Now) -> bool:
    """Is nothing overdue any more?"""
    wall, steady = board.next_deadlines()
    return not (_come(wall, now.wall) or _come(steady, now.steady))


def _come(deadline: datetime | None, here: datetime) -> bool:
    return deadline is not None and deadline <= here
