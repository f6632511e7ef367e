"""What nearly every fire is: one instant due, on time, of a job with nothing special about it, which starts at once.
And how nearly every run ends: it succeeded, and nobody waits for that.

plan.py and runs.py say what becomes of any fire, by asking everybody who may have a say. Here is what they come to when
nobody has, in one straight piece at less than half of the price. Where anything is otherwise, nothing is touched, and
it goes the general way. tests/core/test_everyday.py holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from asched.core.change import Decide, Finish
from asched.core.model import Fire, Job
from asched.core.nothing import NOTHING
from asched.core.outcome import Decision, Start, Succeeded
from asched.core.rules.board import A_STEP, Board, JobState, Kind, Now, RunState, StartRun, Turn
from asched.core.timeline import Rank
from asched.core.triggers.protocol import Trigger

if TYPE_CHECKING:
    from asched.core.rules.runs import Ended

_START = Start()
_FIRE, _RANK = Kind.FIRE, Rank.FIRE
_ON_TIME = timedelta(0)


def is_everyday(job: Job, trigger: Trigger | None) -> bool:
    """As far as its definition goes: worked out once for each version of it."""
    policies = job.policies
    shares = policies.key or policies.pool or policies.exclusive or policies.max_instances < 1
    waits = policies.jitter or policies.cooldown or job.needs or job.conditions
    return not (trigger is None or trigger.relative or shares or waits)


def begins(board: Board, state: JobState, now: Now, turn: Turn) -> Sequence[tuple[Fire, Decision]] | None:
    """As plan.fire_due. None: it is no such fire."""
    at, trigger = state.next_at, state.trigger
    if at is None or trigger is None or not state.everyday or not _is_free(board, state):
        return None
    steady, policies = trigger.steady, state.job.policies
    here = now.steady if steady else now.wall
    if not _ON_TIME <= here - at <= policies.grace or (steady and abs(now.wall - here) >= A_STEP):
        return None
    try:
        following = trigger.next_after(at)
    except Exception:  # plan.py says so
        return None
    if following is None or following <= here:
        return None
    job = state.job
    fire = Fire(board.new_id(), job.name, state.version, at, at)
    decisions = ((fire, _START),)
    board.runs[fire.id] = run = RunState(fire)
    state.running = {fire.id: run}
    turn.changes.append(Decide(job.name, state.version, now.wall, decisions, (), state.watermark, at))
    turn.effects.append(StartRun(job, fire, 1))
    state.watermark, state.next_at = at, following
    (board.steady if steady else board.wall).put((_FIRE, job.name, 0), following, _RANK, policies.priority)
    return decisions


def _is_free(board: Board, state: JobState) -> bool:
    """Is nothing under way or arranged, and nothing limited?"""
    return not (
        state.running
        or state.queue.standing
        or state.queue.gated
        or state.cooling
        or state.pause is not None
        or state.overrides
        or board.draining
        or board.permits.of_all
    )


def ends(board: Board, message: Ended, turn: Turn) -> bool:
    """As runs.ended. False: it is no such end."""
    id, run = message.fire, board.runs.get(message.fire)
    if run is None or type(message.outcome) is not Succeeded or run.attempt != message.attempt or run.waiting:
        return False
    name = run.fire.job
    state = board.jobs.get(name)
    if state is None or not state.everyday or id not in state.running or not _is_alone(board, state, run):
        return False
    turn.changes.append(
        Finish(id, message.attempt, message.outcome, message.started_at, message.finished_at, message.duration)
    )
    del board.runs[id]
    if len(state.running) == 1:
        state.running = NOTHING
    else:
        del state.running[id]
    board.successes.note_last(name, run.fire.scheduled_at)
    return True


def _is_alone(board: Board, state: JobState, run: RunState) -> bool:
    """Does nobody wait for its end, or count it, and has it nothing to give back?"""
    name = run.fire.job
    return not (
        run.holds
        or run.until is not None
        or state.queue.standing
        or board.backfills
        or board.failures.get(name)
        or name in board.dependents
        or name in board.needing
    )
