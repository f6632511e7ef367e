"""What a dead instance left open, settled by the one that comes after it.

A fire that waited in the queue waits on; a run between two attempts is tried again when its time comes; a run that
was being executed is lost: abandoned, or, if its job says that it is idempotent, tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from asched.core.change import Adopt, Finish, Promote, Retrying
from asched.core.lanes import lane_of
from asched.core.outcome import Abandoned, Outcome, Queue, Skip, SkipReason
from asched.core.record import FireRecord
from asched.core.rules.admission import cool_down, wait
from asched.core.rules.answers import hold_again, settle
from asched.core.rules.board import Board, JobState, Kind, Now, RunState, Turn
from asched.core.rules.failing import count_failures
from asched.core.rules.following import follow_up
from asched.core.rules.gate import stands_here
from asched.core.rules.overtime import go_on_counting
from asched.core.rules.plan import count_from_here
from asched.core.timeline import Rank


def adopt(
    board: Board,
    record: FireRecord,
    owner_was: str,
    seen_at: datetime,
    now: Now,
    turn: Turn,
    *,
    again: bool = True,
) -> None:
    """Take over one open fire. `owner_was` names the dead instance, `seen_at` is its last sign of life. `again`: its
    run may have another attempt, if the job says so."""
    turn.changes.append(Adopt(record.id, record.owner))
    state = board.jobs.get(record.job)
    if state is not None and state.relative:
        state.next_at = None  # its next instant is counted from the end of what is open
        board.schedule(state)
    if isinstance(record.decision, Queue):
        _queued(board, state, record, record.decision.facts, now, turn)
    elif record.retry_at is not None:
        _between_attempts(board, state, record, now, turn, again=again)
    else:
        _lost(board, state, record, owner_was, seen_at, now, turn, again=again)


def settle_down(board: Board, now: Now, turn: Turn) -> None:
    """After all open fires are adopted: free slots are taken by what waits, and what waits at the gate is looked at."""
    settle(board, board.jobs.values(), now, turn)
    follow_the_abandoned(board, now, turn)


def follow_the_abandoned(board: Board, now: Now, turn: Turn) -> None:
    """What comes after runs that were lost is decided once all that is open is known: it takes places, too."""
    abandoned, board.abandoned = sorted(board.abandoned, key=lambda one: (one[0].scheduled_at, one[0].id)), []
    for fire, outcome in abandoned:
        follow_up(board, fire, outcome, now, turn)


def _queued(
    board: Board, state: JobState | None, record: FireRecord, facts: Mapping[str, object], now: Now, turn: Turn
) -> None:
    if state is None:
        turn.changes.append(Promote(record.id, Skip(SkipReason.REMOVED), now.wall))
    elif stands_here(state.job, facts):
        hold_again(board, state, record, facts, now)
    else:
        wait(board, state, record.fire)


def _between_attempts(
    board: Board, state: JobState | None, record: FireRecord, now: Now, turn: Turn, *, again: bool
) -> None:
    assert record.retry_at is not None
    if state is None:
        _finish(record, Abandoned("its job was removed before its next attempt"), now.wall, turn)
        return
    if not again:
        _give_up(
            board, state, record, Abandoned("its job was quarantined before its next attempt"), now.wall, now, turn
        )
        return
    _wait_for_next(board, state, record, max(timedelta(0), record.retry_at - now.wall), now)


def _wait_for_next(board: Board, state: JobState, record: FireRecord, wait: timedelta, now: Now) -> None:
    board.begun(state, RunState(record.fire, record.attempt, waiting=True))
    board.steady.put((Kind.RETRY, state.job.name, record.id), now.steady + wait, Rank.RETRY)
    go_on_counting(board, state.job, record, now)


def _lost(
    board: Board,
    state: JobState | None,
    record: FireRecord,
    owner_was: str,
    seen_at: datetime,
    now: Now,
    turn: Turn,
    *,
    again: bool,
) -> None:
    outcome = Abandoned(f"{owner_was} ended without finishing it")
    ended_at = max(record.started_at or record.decided_at, seen_at)
    if state is None or not state.job.policies.idempotent or not again:
        _give_up(board, state, record, outcome, ended_at, now, turn)
        return
    started_at = record.started_at or record.decided_at
    turn.changes.append(
        Retrying(record.id, record.attempt, outcome, started_at, ended_at, ended_at - started_at, retry_at=now.wall)
    )
    _wait_for_next(board, state, record, timedelta(0), now)


def _give_up(
    board: Board, state: JobState | None, record: FireRecord, outcome: Outcome, at: datetime, now: Now, turn: Turn
) -> None:
    _finish(record, outcome, at, turn)
    if state is not None:
        count_failures(board, state, record.fire, outcome, now, turn)
        count_from_here(board, state, now, turn)
        cool_down(board, state, lane_of(state.job, record.fire), now)  # what survived of it was killed just now
    board.abandoned.append((record.fire, outcome))


def _finish(record: FireRecord, outcome: Outcome, at: datetime, turn: Turn) -> None:
    started_at = record.started_at or record.decided_at
    ended_at = max(at, started_at)
    turn.changes.append(Finish(record.id, record.attempt, outcome, started_at, ended_at, ended_at - started_at))
