"""Jobs that come after others: decided for the same instant, with the end that makes them due or keeps them from it.

Each upstream has to end as is wished of it. Once all have, the job is due; as soon as one cannot any more, it is
blocked. A fire that was blocked never runs, so it never ends either: what comes after it is blocked in turn, and so is
what comes after any fire of a chain that was not started. So a chain that has begun is told to its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from asched.core.change import Decide
from asched.core.model import Ending, Fire, Origin
from asched.core.occurrence import followed_as
from asched.core.outcome import Abandoned, Decision, Failed, Outcome, Skip, SkipReason, Succeeded, TimedOut
from asched.core.rules.board import Board, JobState, Now, Turn
from asched.core.rules.gate import let_in
from asched.core.rules.plan import new_fire
from asched.core.rules.policy import Candidate

JOINS_KEPT = 10_000


def as_wished(wish: Ending, outcome: Outcome) -> bool:
    """Did a run end as is wished? What an operator or our own shutdown stopped did not fail: it was stopped."""
    match wish:
        case Ending.SUCCEEDED:
            return isinstance(outcome, Succeeded)
        case Ending.FAILED:
            return isinstance(outcome, Failed | TimedOut | Abandoned)
        case Ending.ENDED:
            return True


def follow_up(board: Board, fire: Fire, outcome: Outcome, now: Now, turn: Turn) -> None:
    """Decide the jobs that come after this one, for the same instant, in the same transaction as its end."""
    for state in _followers(board, fire):
        wish = state.job.wish(fire.job)
        skip = None if as_wished(wish, outcome) else _blocked(fire, outcome.kind, wish)
        met = _join(board, state, fire, as_wished=skip is None)
        if met is not None:
            pass_down(board, [_decide_after(board, state, fire, met, skip, now, turn)], now, turn)


def pass_down(board: Board, decided: Iterable[tuple[Fire, Decision]], now: Now, turn: Turn) -> None:
    """Of these fires, those that never run and that others come after: they are blocked, and so on down the chain."""
    if not board.dependents:
        return
    ahead = deque(decided)
    while ahead:
        fire, decision = ahead.popleft()
        if not isinstance(decision, Skip) or not _is_told_of(fire, decision):
            continue
        for state in _followers(board, fire):
            met = _join(board, state, fire, as_wished=False)
            if met is not None:
                skip = _blocked(fire, decision.reason.value, state.job.wish(fire.job))
                ahead.append(_decide_after(board, state, fire, met, skip, now, turn))


def _is_told_of(fire: Fire, skip: Skip) -> bool:
    """Of what the schedule produced and another policy took, nobody expects that something follows."""
    return skip.reason is SkipReason.BLOCKED or fire.origin is Origin.UPSTREAM


def _followers(board: Board, fire: Fire) -> list[JobState]:
    """Those on the board: a disabled one owes nothing, and `list` says why."""
    names = board.dependents.get(fire.job)
    return [board.jobs[name] for name in names if name in board.jobs] if names else []


def _join(board: Board, state: JobState, fire: Fire, *, as_wished: bool) -> Mapping[str, int] | None:
    """What the job comes after, by run, once that is enough to decide it; None: not yet, or decided before."""
    wanted = set(state.job.after)
    if len(wanted) == 1:
        return {fire.job: fire.id}
    key = (state.job.name, fire.scheduled_at, followed_as(fire))
    met = board.joins.setdefault(key, {})
    while len(board.joins) > JOINS_KEPT:
        del board.joins[next(iter(board.joins))]
    if met is None:
        return None
    met[fire.job] = fire.id
    if as_wished and len(met) < len(wanted):
        return None
    board.joins[key] = None
    return met


def _blocked(fire: Fire, ended: str, wish: Ending) -> Skip:
    facts = {"upstream": fire.job, "run": fire.run, "outcome": ended, "wished": wish.value}
    return Skip(SkipReason.BLOCKED, facts)


def _decide_after(
    board: Board,
    state: JobState,
    upstream: Fire,
    met: Mapping[str, int],
    skip: Skip | None,
    now: Now,
    turn: Turn,
) -> tuple[Fire, Decision]:
    candidate = Candidate(upstream.scheduled_at, now.wall, upstream.caught_up)
    nonce = followed_as(upstream)
    fire = new_fire(board, state, candidate, origin=Origin.UPSTREAM, nonce=nonce, upstream=dict(met))
    decision = skip or let_in(board, state, fire, now, turn)
    turn.changes.append(Decide(state.job.name, state.version, now.wall, ((fire, decision),)))
    return fire, decision
