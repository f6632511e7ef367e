"""The life of runs after their start: attempts that end, slots that free, stops, manual runs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import datetime, timedelta

from asched.core.change import Decide, Finish, Retrying
from asched.core.dataclass import quickly_made
from asched.core.model import AGAIN, Fire, Origin
from asched.core.outcome import (
    Cancelled,
    Decision,
    Interrupted,
    Outcome,
    Skip,
    SkipReason,
    Succeeded,
    TimedOut,
)
from asched.core.retry import next_delay
from asched.core.rules.admission import admitted, drop, freed, move_up
from asched.core.rules.answers import succeeded
from asched.core.rules.backfilling import needs_no_backfill
from asched.core.rules.board import Board, Cause, JobState, Kind, Now, RunState, StopRun, Turn
from asched.core.rules.everyday import ends
from asched.core.rules.failing import count_failures
from asched.core.rules.following import follow_up, pass_down
from asched.core.rules.gate import let_in
from asched.core.rules.plan import count_from_here, new_fire
from asched.core.rules.policy import Candidate
from asched.core.timeline import Rank
from asched.core.triggers.watch import only_watches


@quickly_made
class Ended:
    """An attempt is over: what came of it, and when. `duration` is monotonic."""

    fire: int
    attempt: int
    outcome: Outcome
    started_at: datetime
    finished_at: datetime
    duration: timedelta


def ended(board: Board, message: Ended, now: Now, turn: Turn) -> None:
    """An attempt ended: another one, or the end of its run and what that sets free."""
    if not ends(board, message, turn):
        _ended(board, message, now, turn)


def _ended(board: Board, message: Ended, now: Now, turn: Turn) -> None:
    found = board.run(message.fire)
    if found is None or found[1].attempt != message.attempt or found[1].waiting:
        return  # given up before, and recorded then
    state, run = found
    delay = None if state is None else _retry_delay(state, run, message.outcome)
    if state is not None and delay is not None:
        _await_retry(board, state, run, message, now, delay, turn)
    else:
        _finish(board, state, run, message, now, turn)


def _retry_delay(state: JobState, run: RunState, outcome: Outcome) -> timedelta | None:
    retry = state.job.policies.retry
    if run.attempt >= retry.attempts or run.cause not in (None, Cause.TIMEOUT):
        return None
    return next_delay(retry, outcome, run.attempt, run.fire.run)


def _await_retry(
    board: Board, state: JobState, run: RunState, message: Ended, now: Now, delay: timedelta, turn: Turn
) -> None:
    run.waiting, run.cause = True, None
    turn.changes.append(
        Retrying(
            message.fire,
            message.attempt,
            message.outcome,
            message.started_at,
            message.finished_at,
            message.duration,
            retry_at=now.wall + delay,
        )
    )
    board.steady.put((Kind.RETRY, state.job.name, message.fire), now.steady + delay, Rank.RETRY)


def _finish(board: Board, state: JobState | None, run: RunState, message: Ended, now: Now, turn: Turn) -> None:
    turn.changes.append(
        Finish(
            message.fire,
            message.attempt,
            message.outcome,
            message.started_at,
            message.finished_at,
            message.duration,
        )
    )
    board.over(message.fire)
    if state is not None:
        count_failures(board, state, run.fire, message.outcome, now, turn)  # a job that is paused frees no place
    freed(board, run, now, turn)
    if state is None:
        return
    count_from_here(board, state, now, turn)
    if isinstance(message.outcome, Succeeded):
        needs_no_backfill(board, run.fire)
    follow_up(board, run.fire, message.outcome, now, turn)
    if isinstance(message.outcome, Succeeded):
        succeeded(board, run.fire, now, turn)


def manual(
    board: Board,
    state: JobState,
    now: Now,
    turn: Turn,
    *,
    scheduled_at: datetime | None = None,
    args: Mapping[str, object] | None = None,
    origin: Origin = Origin.MANUAL,
) -> tuple[Fire, Decision]:
    """Somebody wants a run now. Recorded beside the schedule, and it obeys the limits; a pause does not hold it, nor
    does what its job needs, and its conditions are not asked: it is somebody's decision."""
    candidate = Candidate(scheduled_at or now.wall, now.wall, caught_up=False)
    fire = new_fire(board, state, candidate, origin=origin, args=args)
    return _by_hand(board, state, replace(fire, nonce=fire.run), now, turn)


def again(board: Board, state: JobState, before: Fire, now: Now, turn: Turn) -> tuple[Fire, Decision]:
    """Somebody wants a run repeated: for its instant, with its arguments, and the results of what it came after."""
    candidate = Candidate(before.scheduled_at, now.wall, caught_up=False)
    fire = new_fire(board, state, candidate, origin=Origin.MANUAL, args=before.args, upstream=before.upstream)
    return _by_hand(board, state, replace(fire, nonce=f"{AGAIN}{before.run}.{fire.run}"), now, turn)


def _by_hand(board: Board, state: JobState, fire: Fire, now: Now, turn: Turn) -> tuple[Fire, Decision]:
    decision = admitted(board, state, fire, now, turn, by_hand=True)
    turn.changes.append(Decide(state.job.name, state.version, now.wall, ((fire, decision),)))
    return fire, decision


def startup(board: Board, now: Now, instance: int, turn: Turn, *, first_of_boot: bool) -> None:
    """Fires of @startup (each start of the service) and @reboot (the first start after a boot)."""
    for state in board.jobs.values():
        trigger = None if state.trigger is None else state.trigger.startup
        if trigger is None or (trigger.once_per_boot and not first_of_boot):
            continue
        candidate = Candidate(now.wall, now.wall, caught_up=False)
        fire = new_fire(board, state, candidate, origin=Origin.STARTUP, nonce=f"start-{instance}")
        decision = let_in(board, state, fire, now, turn)
        turn.changes.append(Decide(state.job.name, state.version, now.wall, ((fire, decision),)))


def changed(board: Board, state: JobState, at: datetime, knew: str, now: Now, turn: Turn) -> None:
    """A fire because something that the job watches changed, at `at`. `knew` says what: engine/watching.py reads it."""
    fire = new_fire(board, state, Candidate(at, now.wall, caught_up=False), origin=Origin.CHANGE)
    fire = replace(fire, nonce=f"{knew}.{fire.run}")
    decision = let_in(board, state, fire, now, turn)
    decide = Decide(state.job.name, state.version, now.wall, ((fire, decision),))
    if only_watches(state.trigger) and at > state.watermark:  # else it is the other instants' to move
        decide = replace(decide, watermark=state.watermark, until=at)
        state.watermark = at
    turn.changes.append(decide)


def stop(board: Board, fire: int, cause: Cause, reason: str, now: Now, turn: Turn, *, at_once: bool = False) -> bool:
    """Somebody wants an open fire stopped: a waiting one ends here, a running one is asked. False: it is not open."""
    if _unqueue(board, fire, reason, now, turn):
        return True
    found = board.run(fire)
    if found is None:
        return False
    state, run = found
    if run.waiting and state is not None:
        board.steady.remove((Kind.RETRY, state.job.name, fire))
        run.cause, run.reason = cause, reason
        call_off(board, state, run, now, turn)
        return True
    if run.cause is None or at_once:
        run.cause, run.reason = run.cause or cause, run.reason or reason
        turn.effects.append(StopRun(fire, cause, at_once))
    return True


def call_off(board: Board, state: JobState, run: RunState, now: Now, turn: Turn) -> None:
    """A run that waits for its next attempt is stopped: there will be none."""
    assert run.cause is not None
    outcome = stopped_as(run.cause, run.reason, run.limit)
    over = Ended(run.fire.id, run.attempt, outcome, now.wall, now.wall, timedelta(0))
    _finish(board, state, run, over, now, turn)


def disown(board: Board, fires: Set[int], now: Now, turn: Turn) -> None:
    """These are not ours after all: they are neither run nor waited for."""
    for state in board.jobs.values():
        for fire in sorted(fires):
            board.leaves(state, fire)
    for fire in fires & board.runs.keys():
        freed(board, board.over(fire), now, turn)
    move_up(board, now, turn)
    for state in board.jobs.values():
        if state.next_at is None:
            count_from_here(board, state, now, turn)


def _unqueue(board: Board, fire: int, reason: str, now: Now, turn: Turn) -> bool:
    for state in board.jobs.values():
        skip = Skip(SkipReason.EXCLUDED, {"cancelled": reason})
        taken = drop(board, state, fire, skip, now, turn)
        if taken is not None:
            count_from_here(board, state, now, turn)
            pass_down(board, [(taken, skip)], now, turn)
            return True
    return False


def stopped_as(cause: Cause, reason: str, limit: timedelta | None, *, left_running: bool = False) -> Outcome:
    """The outcome of an attempt that ended because we stopped it."""
    match cause:
        case Cause.TIMEOUT:
            return TimedOut(limit or timedelta(0), left_running)
        case Cause.RUN_TIMEOUT:
            return TimedOut(limit or timedelta(0), left_running, whole_run=True)
        case Cause.SHUTDOWN:
            return Interrupted(reason, left_running)
        case Cause.OPERATOR | Cause.REPLACED:
            return Cancelled(reason, left_running)
