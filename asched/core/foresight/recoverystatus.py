"""Where a recovery stands, for whoever wants to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import nsmallest
from typing import TYPE_CHECKING

from asched.core.dataclass import dataclass
from asched.core.model import Fire, Job
from asched.core.outcome import Skip
from asched.core.recovery import RECOVERY, Held, Recovery
from asched.core.rules.board import Board

if TYPE_CHECKING:
    from asched.core.foresight.rehearsal import Rehearsal

NEXT_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RecoveryStatus:
    """`state`: idle, counting, held, or going. `waiting` fires wait, so many of each of `jobs`; `next` are the first
    of them. `started`: so many of those that were last let through, of which `running` are not over. `next_at`: nothing
    of it starts before, for the sake of the pace (steady time).
    """

    state: str
    waiting: int
    jobs: Mapping[str, int]
    next: Sequence[Fire]
    started: int
    running: int
    held: Held | None
    next_at: datetime | None


def status_of_recovery(board: Board) -> RecoveryStatus:
    recovering = board.recovering
    waiting, running = recovering.to_be_run(), len(board.permits.holders(RECOVERY))
    return RecoveryStatus(
        _state(board, bool(waiting or running)),
        len(waiting),
        dict(Counter(fire.job for fire in waiting).most_common()),
        _first_few(waiting, board.recovering.rules, {name: one.job for name, one in board.jobs.items()}),
        recovering.started,
        running,
        recovering.held,
        recovering.next_at,
    )


def _state(board: Board, at_work: bool) -> str:
    if board.recovering.held is not None:
        return "held"
    return "counting" if board.recovering.counting else "going" if at_work else "idle"


def foreseen(rehearsal: Rehearsal, rules: Recovery, waiting: Sequence[Fire]) -> tuple[RecoveryStatus, int]:
    """What would be owed if it started now, besides what is `waiting` already; and how many are beyond the limit."""
    decided = [pair for owed in rehearsal.owed.values() for pair in owed.fires if pair[0].caught_up]
    fires = [fire for fire, decision in decided if not isinstance(decision, Skip)]
    fires += [fire for fire in waiting if fire.job in rehearsal.jobs]
    beyond = [one for _, one in decided if isinstance(one, Skip) and "recovery_limit" in one.facts]
    state = "held" if rehearsal.held is not None else "going" if fires else "idle"
    jobs = dict(Counter(fire.job for fire in fires).most_common())
    first = _first_few(fires, rules, rehearsal.jobs)
    return RecoveryStatus(state, len(fires), jobs, first, 0, 0, rehearsal.held, None), len(beyond)


def _first_few(fires: Sequence[Fire], rules: Recovery, jobs: Mapping[str, Job]) -> Sequence[Fire]:
    """In the order in which they would start, one after the other: of each job its oldest is next."""
    heads: dict[str, Fire] = {}
    for fire in fires:
        head = heads.setdefault(fire.job, fire)
        if fire.due_at < head.due_at:
            heads[fire.job] = fire
    return nsmallest(NEXT_SHOWN, heads.values(), key=lambda fire: rules.place(fire, jobs[fire.job].policies.priority))
