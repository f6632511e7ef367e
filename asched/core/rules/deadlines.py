"""The deadlines that have come: each is handed to what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from asched.core.change import Change, Decide
from asched.core.rules.admission import cooled
from asched.core.rules.answers import ask_again, give_up
from asched.core.rules.beside import come
from asched.core.rules.board import Board, Deadline, JobState, Kind, Now, Turn
from asched.core.rules.following import pass_down
from asched.core.rules.overtime import time_is_up
from asched.core.rules.owed import count_owed, note_overdue, paced, tend, unanswered
from asched.core.rules.pausing import time_is_up as pause_is_up
from asched.core.rules.plan import begin_attempt, fire_due
from asched.core.rules.runs import call_off
from asched.core.timeline import First

OfJob = Literal[Kind.FIRE, Kind.RETRY, Kind.RESUME, Kind.COOLED, Kind.ASK, Kind.GIVE_UP, Kind.MOVED, Kind.ADDED]


def due(board: Board, now: Now, limit: int, turn: Turn, bite: int | None = None) -> int:
    """Decide deadlines that have come, in their written order, until that took `limit` rows of the ledger or as many
    deadlines, or `bite` of them; what one deadline decides is decided together. Returns how many rows that were, of
    each deadline at least one."""
    rules = board.recovering.rules
    overdue = board.wall.come(now.wall, rules.at_once + 1) + board.steady.come(now.steady, rules.at_once + 1)
    if overdue > rules.at_once or (overdue and rules.counts_first):
        count_owed(board)
    note_overdue(board, now)
    spent = 0
    for number, (kind, name, fire) in enumerate(_in_order(board, now), start=1):
        before = len(turn.changes)
        _come(board, kind, name, fire, now, turn)
        spent += sum(map(rows_of, turn.changes[before:])) or 1
        if spent >= limit or number == bite:
            break
    return spent + tend(board, now, limit - spent, turn)


def rows_of(change: Change) -> int:
    """What it costs in the ledger, and in events that tell of it."""
    return len(change.fires) + len(change.gaps) if isinstance(change, Decide) else 1


def _come(board: Board, kind: Kind, name: str, fire: int, now: Now, turn: Turn) -> None:
    match kind:
        case Kind.FIRE | Kind.RETRY | Kind.RESUME | Kind.COOLED | Kind.ASK | Kind.GIVE_UP | Kind.MOVED | Kind.ADDED:
            state = board.jobs.get(name)
            if state is not None:  # else its job was removed, and what it owed is settled
                _of_job(board, state, kind, fire, now, turn)
        case Kind.PACED:
            paced(board, now, turn)
        case Kind.UNANSWERED:
            unanswered(board)
        case Kind.RUN_TIMEOUT:  # also of a job that was removed while it ran
            time_is_up(board, fire, now, turn)
        case Kind.BACKFILL:
            pass  # every turn ends with looking what backfills have to run (core/rules/backfilling.py)


def _of_job(board: Board, state: JobState, kind: OfJob, fire: int, now: Now, turn: Turn) -> None:
    match kind:
        case Kind.FIRE:
            pass_down(board, fire_due(board, state, now, turn), now, turn)
        case Kind.RETRY:
            _retry(board, state, fire, now, turn)
        case Kind.RESUME:
            # what came due before the pause was over
            pass_down(board, fire_due(board, state, now, turn), now, turn)
            pause_is_up(board, state, now, turn)
        case Kind.COOLED:
            cooled(board, state, now, turn)
        case Kind.MOVED | Kind.ADDED:
            come(board, state, kind, fire, now, turn)
        case Kind.ASK:
            ask_again(board, state, fire, now, turn)
        case Kind.GIVE_UP:
            give_up(board, state, fire, now, turn)


def _in_order(board: Board, now: Now) -> Iterator[Deadline]:
    """Takes them out of both timelines: what has been due for longest goes first, then by their place."""
    while True:
        wall, steady = board.wall.first(now.wall), board.steady.first(now.steady)
        if wall is None and steady is None:
            return
        if steady is None or (wall is not None and _ahead(wall, now.wall) < _ahead(steady, now.steady)):
            yield board.wall.pop()
        else:
            yield board.steady.pop()


def _ahead(first: First[Deadline], here: datetime) -> tuple[timedelta, int, int, Deadline]:
    at, rank, priority, key = first
    return at - here, rank, priority, key


def _retry(board: Board, state: JobState, fire: int, now: Now, turn: Turn) -> None:
    run = state.running.get(fire)
    if run is None or not run.waiting:
        return  # it was cancelled while it waited, and that is recorded
    if run.cause is None:
        begin_attempt(state, run, now, turn)
    else:
        call_off(board, state, run, now, turn)
