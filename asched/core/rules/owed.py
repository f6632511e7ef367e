"""What an absence left owed: counted, held until somebody approves, made up for, or given up.

The fires themselves are decided one by one, as queued (plan.py); this is about all of them together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import islice

from asched.core.change import Act
from asched.core.model import Fire, fire_id
from asched.core.outcome import Skip, SkipReason
from asched.core.recovery import RECOVERY, Held
from asched.core.rules.admission import drop, serve
from asched.core.rules.board import Board, Kind, Now, Recovers, Turn
from asched.core.rules.plan import count_from_here
from asched.core.timeline import Rank

APPROVE = "approve"  # the verb of the Act that says so; its run is the newest fire that it is about


def count_owed(board: Board) -> None:
    """From here on nothing of it starts, until what is overdue is decided: who goes first is not known before."""
    board.recovering.counting = True
    board.recovery_door()


def note_overdue(board: Board, now: Now) -> None:
    """While it is counted, more comes due: that is not waited for, or a busy board would never be done."""
    recovering = board.recovering
    if recovering.counting and recovering.overdue is None:
        recovering.overdue = now.wall, now.steady


def tend(board: Board, now: Now, limit: int, turn: Turn) -> int:
    """After what was due: where do all of them together stand? Gives up at most `limit` of those that are to be given
    up, and returns how many."""
    recovering = board.recovering
    if recovering.counting and _all_decided(board, now):
        _counted(board, now, turn)
    elif recovering.held is not None and not recovering.new:  # its jobs were removed, or its fires cancelled
        _release(board)
        _go_on(board, now, turn)
    elif recovering.held is None and not recovering.counting:
        recovering.new.clear()
    given_up = _give_up(board, limit, now, turn)
    if board.permits.is_shut(RECOVERY) and not recovering.closed:  # what was to be given up went with its job
        _go_on(board, now, turn)
    return given_up


def _all_decided(board: Board, now: Now) -> bool:
    """Is nothing of it overdue any more?"""
    until_wall, until_steady = board.recovering.overdue or (now.wall, now.steady)
    return not board.has_come(min(until_wall, now.wall), until_steady)


def _counted(board: Board, now: Now, turn: Turn) -> None:
    """Everything that was overdue is decided: what is too much is skipped, the rest starts or waits for approval."""
    recovering = board.recovering
    recovering.counting, recovering.overdue = False, None
    _give_up_beyond_limit(board)
    if recovering.new:
        _hold_or_begin(board, now, turn)
    elif recovering.held is not None:
        _release(board)
    _go_on(board, now, turn)


def _give_up_beyond_limit(board: Board) -> None:
    limit, waiting = board.recovering.rules.limit, board.recovering.to_be_run()
    if limit is not None and len(waiting) > limit:
        first = board.recovering.first(waiting, limit, lambda fire: board.jobs[fire.job].job.policies.priority)
        kept = {fire.id for fire in first}
        beyond = [fire for fire in waiting if fire.id not in kept]
        _to_give_up(board, beyond, Skip(SkipReason.MISSED, {"recovery_limit": limit}))


def _hold_or_begin(board: Board, now: Now, turn: Turn) -> None:
    """Once something is held, it stays so until it is answered: also when it has become less than one asks for."""
    held, rules, new = board.recovering.held, board.recovering.rules, board.recovering.new
    if held is None and (rules.ask_above is None or len(new) <= rules.ask_above):
        _let_through(board, turn)
        return
    since = now.wall if held is None else held.since
    board.recovering.held = Held(len(new), since, since + rules.expires)
    board.wall.put((Kind.UNANSWERED, "", 0), since + rules.expires, Rank.COOLED)
    if held is None or len(new) > held.count:
        jobs = {board.recovering.owed[fire].job for fire in new}
        turn.effects.append(Recovers(len(new), len(jobs), since + rules.expires))


def _let_through(board: Board, turn: Turn) -> None:
    recovering = board.recovering
    waiting = recovering.to_be_run()
    if len(recovering.new) == len(waiting) and not board.permits.holders(RECOVERY):
        recovering.started = 0  # nothing is left of what was let through before
    recovering.new.clear()
    if waiting:
        turn.effects.append(Recovers(len(waiting), len({fire.job for fire in waiting})))


def _go_on(board: Board, now: Now, turn: Turn) -> None:
    board.recovery_door()
    serve(board, [RECOVERY], now, turn)


def paced(board: Board, now: Now, turn: Turn) -> None:
    """The next one may start."""
    board.recovering.next_at = None
    _go_on(board, now, turn)


def approve(board: Board, now: Now, turn: Turn) -> int:
    """Somebody approves of all that is held. Returns up to which fire, by id: `approved_to` of the next start."""
    recovering = board.recovering
    recovering.approved_to = max(recovering.new, default=recovering.approved_to)
    _release(board)
    _let_through(board, turn)
    _go_on(board, now, turn)
    return recovering.approved_to


def approved_up_to(approvals: Iterable[Act]) -> int:
    """What operators approved of holds over a restart: up to which fire, by id. All of them count, for the newest by
    its clock need not be the last."""
    return max((fire_id(act.run) or 0 for act in approvals), default=0)


def abort(board: Board, why: str, jobs: Collection[str], now: Now, limit: int, turn: Turn) -> int:
    """Nothing more of it is started: of these jobs, or of all if there are none. Returns how many are given up: at most
    `limit` in this turn, the others by `tend`."""
    fires = [fire for fire in board.recovering.to_be_run() if not jobs or fire.job in jobs]
    _to_give_up(board, fires, Skip(SkipReason.EXCLUDED, {"cancelled": why}))
    if not board.recovering.new:
        _release(board)
    _give_up(board, limit, now, turn)
    _go_on(board, now, turn)
    return len(fires)


def unanswered(board: Board) -> None:
    """Nobody approved in time."""
    recovering, held = board.recovering, board.recovering.held
    if held is None:
        return
    fires = [recovering.owed[fire] for fire in sorted(recovering.new)]
    _to_give_up(board, fires, Skip(SkipReason.EXPIRED, {"held_since": held.since.isoformat()}))
    _release(board)


def _release(board: Board) -> None:
    board.recovering.held = None
    board.wall.remove((Kind.UNANSWERED, "", 0))


# Giving up: thousands at once would hold the loop.


def _to_give_up(board: Board, fires: Iterable[Fire], skip: Skip) -> None:
    board.recovering.give_up(fires, skip)
    board.recovery_door()


def _give_up(board: Board, limit: int, now: Now, turn: Turn) -> int:
    """Skip some of them."""
    if not board.recovering.given_up:
        return 0
    some = list(islice(board.recovering.given_up.items(), max(0, limit)))
    for fire, skip in some:
        owed = board.recovering.owed[fire]
        state = board.jobs[owed.job]
        drop(board, state, fire, _how_late(owed, skip, now), now, turn)
        count_from_here(board, state, now, turn)
    return len(some)


def _how_late(fire: Fire, skip: Skip, now: Now) -> Skip:
    """What was cancelled is not skipped for being late."""
    if skip.reason is SkipReason.EXCLUDED:
        return skip
    return replace(skip, facts={"late_s": (now.wall - fire.due_at).total_seconds(), **skip.facts})
