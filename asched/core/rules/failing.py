"""Jobs that fail: the pause that one comes to by failing `pause_after` times in a row.

The count is not touched by a resume: the run after it is the probe. If it fails, the job is paused again at once; if
it succeeds, the count is 0.
"""

from __future__ import annotations

from asched.core.change import PAUSE_AFTER, Act, Pause, Streak
from asched.core.english.reasons import explain_outcome
from asched.core.model import Fire, Origin
from asched.core.outcome import Abandoned, Failed, Outcome, Succeeded, TimedOut
from asched.core.rules.board import Board, JobState, Now, Turn
from asched.core.rules.draining import settle_before
from asched.core.rules.pausing import pause

_LONGEST = 200  # characters of what is said of the last run


def pause_by_itself(board: Board, state: JobState, change: Pause, verb: str, run: str, turn: Turn) -> None:
    """asched pauses it, and records that like what an operator does."""
    pause(board, state, change, turn)
    turn.changes.append(Act(change.at, verb, change.by, change.job, run, change.reason))


def count_failures(board: Board, state: JobState, fire: Fire, outcome: Outcome, now: Now, turn: Turn) -> None:
    """A run is over: how many have failed in a row now, and is that enough? Decided before its free slot is taken."""
    name, enough = state.job.name, state.job.policies.pause_after
    before = board.failures.get(name, 0)
    if not before and isinstance(outcome, Succeeded):
        return
    failures = in_a_row(before, fire, outcome)
    if failures == before or (failures and enough is None):
        return
    board.failures[name] = failures
    turn.changes.append(Streak(name, failures))
    if enough is not None and failures >= enough and state.pause is None:
        _pause_for_failing(board, state, fire, outcome, now, turn)


def in_a_row(before: int, fire: Fire, outcome: Outcome) -> int:
    """How many runs in a row have failed, now that this one ended. What was stopped says nothing about the job, a
    backfill nothing about today, and what somebody tried by hand counts only if it went well."""
    if fire.backfill:
        return before
    match outcome:
        case Succeeded():
            return 0
        case Failed() | TimedOut() | Abandoned():
            return before if fire.origin is Origin.MANUAL else before + 1
        case _:
            return before


def _pause_for_failing(board: Board, state: JobState, fire: Fire, outcome: Outcome, now: Now, turn: Turn) -> None:
    settle_before(board, state, now, turn)
    failures, probe = board.failures[state.job.name], state.job.policies.probe_after
    until = None if probe is None else now.wall + probe
    change = Pause(state.job.name, now.wall, "asched", _reason(failures, fire, outcome), until)
    pause_by_itself(board, state, change, PAUSE_AFTER, fire.run, turn)


def _reason(failures: int, fire: Fire, outcome: Outcome) -> str:
    many = "1 run failed" if failures == 1 else f"{failures} runs in a row failed"
    said = explain_outcome(outcome).partition("\n")[0]
    said = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
    return f"{many}; the last: run {fire.run}, {said}"
