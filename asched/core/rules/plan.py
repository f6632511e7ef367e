"""The plan: the one place where a fire gets its decision.

`fire_due` takes a job whose next instant has come, lets the policies speak, and puts the answers into the turn: one
Decide (all its fires, gaps, and where its watermark goes) and the effects that follow once that is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from asched.core.change import Begin, Decide, Gap
from asched.core.model import CatchUp, Fire, Origin
from asched.core.nothing import NOTHING
from asched.core.outcome import Decision, Queue, Skip, SkipReason, Start
from asched.core.rules.board import A_STEP, Board, BrokenJob, JobState, Now, RunState, StartRun, Turn
from asched.core.rules.everyday import begins
from asched.core.rules.gate import let_in
from asched.core.rules.leftout import settle_around
from asched.core.rules.pending import expire, left_out_by
from asched.core.rules.policy import Candidate, Settled, settle, settle_one, whole_gap
from asched.core.rules.whilepaused import Stretch, stretch_of

Decided = tuple[Fire, Decision]

_SMALLEST = timedelta(microseconds=1)


def fire_due(board: Board, state: JobState, now: Now, turn: Turn) -> Sequence[Decided]:
    """The job's next instant has come: decide it, and all others that are due with it. Returns what it decided."""
    everyday = begins(board, state, now, turn)
    return _fire_due(board, state, now, turn) if everyday is None else everyday


def _fire_due(board: Board, state: JobState, now: Now, turn: Turn) -> Sequence[Decided]:
    stretch = _stretch(board, state, now)
    if state.next_at is None or stretch is None:
        board.schedule(state)  # it was moved by what was decided before it in this turn
        return ()
    try:
        settled = _settle(board, state, state.next_at, stretch, now.on(state.steady))
    except Exception as error:
        _give_up_on(board, state, now, error, turn)
        return ()
    if settled is None:
        board.schedule(state)
        return ()
    follows = Turn()  # what is decided about older fires refers to newer ones: the ledger must hear of them first
    decisions = _decide(board, state, settled, stretch, now, follows)
    turn.changes.append(
        Decide(
            job=state.job.name,
            version=state.version,
            at=now.wall,
            fires=decisions,
            gaps=_paused_gaps(stretch, settled.gaps),
            watermark=state.watermark,
            until=settled.until,
        )
    )
    turn.changes += follows.changes
    turn.effects += follows.effects
    state.watermark = settled.until
    expire(board, state, now, turn)
    if state.relative and not any(isinstance(decision, Start | Queue) for _, decision in decisions):
        follow_end(board, state, now, turn)
    board.schedule(state)
    return decisions


def _stretch(board: Board, state: JobState, now: Now) -> Stretch | None:
    """What is due is decided stretch by stretch: the timeline comes back for the next. None: nothing is due."""
    if state.next_at is None:
        return None
    due_at = board.due_at(state, state.next_at)
    stretch = stretch_of(state, due_at, now)
    return stretch if due_at <= stretch.until else None


def _settle(board: Board, state: JobState, first: datetime, stretch: Stretch, here: datetime) -> Settled | None:
    """What of the stretch is due, by its policies; moves `next_at` on to the first instant that is not."""
    trigger, until, policies = state.trigger, stretch.until, stretch.policies
    assert trigger is not None
    repeated_until = _repeated_until(state, until, here)
    if repeated_until is not None and first <= repeated_until:
        facts = {"decided_until": state.decided_until.isoformat()} if state.decided_until else {}
        state.next_at = trigger.next_after(repeated_until)
        return Settled(
            repeated_until, (), (), whole_gap(trigger, state.watermark, repeated_until, SkipReason.REPEATED, facts)
        )
    left_out = left_out_by(board, state, until)
    if left_out:
        around = settle_around(
            trigger, left_out, state.watermark, until, here, policies, lambda at: board.due_at(state, at)
        )
        state.next_at = trigger.next_after(around.until)
        return around
    following = None if state.relative else trigger.next_after(first)
    if following is None or following > until or board.due_at(state, following) > until:
        settled = settle_one(first, board.due_at(state, first), here, policies)
        state.next_at = following
        return settled
    many = settle(trigger, state.watermark, until, here, policies, lambda instant: board.due_at(state, instant))
    if many is not None:
        state.next_at = trigger.next_after(many.until)
    return many


def _repeated_until(state: JobState, until: datetime, here: datetime) -> datetime | None:
    """Up to where, of what is due `until` then, nothing is owed again. Where the clock was set back, and now leaps
    beyond everything that earlier versions decided, it was wrong meanwhile: what lies between was not missed. (Where it
    is right now and was ahead before, it comes to those instants one by one, and they are owed like any other.)"""
    if state.decided_until is None or here < state.decided_until:
        return None
    policies = state.job.policies
    return min(until, state.decided_until, here - policies.grace - policies.jitter - _SMALLEST)


def _give_up_on(board: Board, state: JobState, now: Now, error: Exception, turn: Turn) -> None:
    """A trigger that raises costs its own fires only: the known one is recorded, later ones cannot be known."""
    said = f"{type(error).__name__}: {error}"
    scheduled_at = state.next_at
    assert scheduled_at is not None
    fire = new_fire(board, state, Candidate(scheduled_at, scheduled_at, caught_up=False))
    skip = Skip(SkipReason.INVALID, {"error": said})
    turn.changes.append(
        Decide(
            state.job.name,
            state.version,
            now.wall,
            ((fire, skip),),
            watermark=state.watermark,
            until=scheduled_at,
        )
    )
    turn.effects.append(BrokenJob(state.job.name, said))
    state.watermark, state.next_at, board.broken[state.job.name] = scheduled_at, None, said
    expire(board, state, now, turn)
    board.schedule(state)


def _decide(
    board: Board, state: JobState, settled: Settled, stretch: Stretch, now: Now, turn: Turn
) -> tuple[Decided, ...]:
    decided: list[Decided] = []
    for scheduled_at, skip in settled.skips:
        candidate = Candidate(scheduled_at, board.due_at(state, scheduled_at), caught_up=False)
        fire = new_fire(board, state, _on_wall(state, candidate, now))
        excluded = skip.reason is SkipReason.EXCLUDED  # it would not have run then, paused or not
        decided.append((fire, skip if excluded else stretch.skip or skip))
    last = settled.candidates[-1] if settled.candidates else None
    for candidate in settled.candidates:
        recorded = _on_wall(state, candidate, now)
        if recorded.caught_up and stretch.paused:  # what waits for the end of a pause is not late
            recorded = replace(recorded, caught_up=False)
        fire = new_fire(board, state, recorded)
        owed = state.job.policies.catch_up is CatchUp.ALL and (candidate.caught_up or candidate is not last)
        decided.append((fire, let_in(board, state, fire, now, turn, owed=owed)))
    if len(decided) > 1:
        decided.sort(key=lambda pair: pair[0].scheduled_at)
    return tuple(decided)


def _on_wall(state: JobState, candidate: Candidate, now: Now) -> Candidate:
    """Due when wall clocks show it, from which lateness counts: steady time does not move with a clock that is set.
    Less than half a second between the two is no step."""
    ahead = now.wall - now.steady
    if not state.steady or abs(ahead) < A_STEP:
        return candidate
    return replace(candidate, due_at=candidate.due_at + ahead)


def _paused_gaps(stretch: Stretch, gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    paused = stretch.skip
    if paused is None or not gaps:
        return tuple(gaps)
    return tuple(replace(gap, reason=paused.reason, facts=paused.facts) for gap in gaps)


def new_fire(
    board: Board,
    state: JobState,
    candidate: Candidate,
    *,
    origin: Origin = Origin.SCHEDULE,
    nonce: str = "",
    args: Mapping[str, object] | None = None,
    upstream: Mapping[str, int] | None = None,
) -> Fire:
    return Fire(
        id=board.new_id(),
        job=state.job.name,
        version=state.version,
        scheduled_at=candidate.scheduled_at,
        due_at=candidate.due_at,
        origin=origin,
        nonce=nonce,
        caught_up=candidate.caught_up,
        args=args or NOTHING,
        upstream=upstream or NOTHING,
    )


def begin_attempt(state: JobState, run: RunState, now: Now, turn: Turn) -> None:
    """A retry's time has come."""
    run.waiting = False
    run.attempt += 1
    turn.changes.append(Begin(run.fire.id, run.attempt, now.wall))
    turn.effects.append(StartRun(state.job, run.fire, run.attempt))


def count_from_here(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """Something of it is over: a trigger that counts from there has its next fire, unless more is open."""
    if state.relative and not state.running and not state.queue:
        follow_end(board, state, now, turn)


def follow_end(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """A trigger that counts from the end of the last run: now is that end, and the new watermark."""
    assert state.trigger is not None
    end = max(now.steady, state.watermark)
    if end > state.watermark:
        turn.changes.append(Decide(state.job.name, state.version, now.wall, (), (), state.watermark, end))
    state.watermark = end
    state.next_at = state.trigger.next_after(end)
    board.schedule(state)
