"""What is due beside the schedule, because somebody moved it there or added it: decided like any other fire."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from asched.core.change import Decide
from asched.core.model import CatchUp, Origin
from asched.core.occurrence import ADDED, MOVED, Moved, comes_at, instant_of
from asched.core.outcome import Skip
from asched.core.rules.board import Board, JobState, Kind, Now, Turn
from asched.core.rules.following import pass_down
from asched.core.rules.gate import let_in
from asched.core.rules.pending import arrange, drop
from asched.core.rules.plan import new_fire
from asched.core.rules.policy import Candidate, settle_one
from asched.core.rules.whilepaused import in_pause


def come(board: Board, state: JobState, kind: Kind, number: int, now: Now, turn: Turn) -> None:
    """The deadline of a moved or an added fire."""
    scheduled_at = instant_of(number)
    if kind is Kind.ADDED:
        _decide(board, state, scheduled_at, scheduled_at, ADDED, now, turn)
        drop(board, state, state.added[scheduled_at], now, turn)
        return
    moved = state.overrides[scheduled_at]
    assert isinstance(moved, Moved), "what is skipped has no deadline"
    _decide(board, state, scheduled_at, moved.to, MOVED, now, turn)
    if scheduled_at > state.watermark:  # it was brought forward: its own instant is still left out
        arrange(board, state, replace(moved, ran=True), turn)
    else:
        drop(board, state, moved, now, turn)


def call_off(board: Board, state: JobState, moved: Moved, skip: Skip, now: Now, turn: Turn) -> None:
    """What was moved to later is not run after all, now that its own instant is over."""
    assert comes_at(moved) is not None
    candidate = Candidate(moved.scheduled_at, moved.to, caught_up=False)
    fire = new_fire(board, state, candidate, origin=Origin.MANUAL, nonce=MOVED)
    turn.changes.append(Decide(state.job.name, state.version, now.wall, ((fire, skip),)))
    drop(board, state, moved, now, turn)


def _decide(
    board: Board, state: JobState, scheduled_at: datetime, due: datetime, nonce: str, now: Now, turn: Turn
) -> None:
    """Grace, catch-up and its window count from when it was to be, unless that was in a pause; then its limits, as of
    any fire."""
    policies, paused = state.job.policies, in_pause(state, due, now)
    settled = settle_one(due, due, now.wall, policies)
    late = not paused and any(candidate.caught_up for candidate in settled.candidates)
    fire = new_fire(board, state, Candidate(scheduled_at, due, late), origin=Origin.MANUAL, nonce=nonce)
    if settled.candidates or paused:
        owed = late and policies.catch_up is CatchUp.ALL
        decision = let_in(board, state, fire, now, turn, owed=owed)
    else:
        decision = settled.skips[0][1]
    turn.changes.append(Decide(state.job.name, state.version, now.wall, ((fire, decision),)))
    pass_down(board, [(fire, decision)], now, turn)
