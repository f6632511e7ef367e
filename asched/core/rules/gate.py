"""The gate: what must hold before a fire is admitted. First its job's needs, then its conditions, then whether there is
room: who waits at the gate holds no place. What has passed is not asked again.

Needs are judged here. Conditions are asked in the world, as an effect of a turn; core/rules/answers.py hears what they
say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from asched.core.condition import asked
from asched.core.lanes import Gated, Waiting, lane_of
from asched.core.model import Fire, Job, Origin, Overlap
from asched.core.outcome import Decision, Queue, Skip, SkipReason
from asched.core.rules.admission import admitted, drop, replaced_by, while_paused
from asched.core.rules.board import AskConditions, Board, JobState, Kind, Now, Turn
from asched.core.rules.policy import no_room
from asched.core.timeline import Rank

_NEWEST_ONLY = (Overlap.REPLACE, Overlap.TERMINATE)


def let_in(board: Board, state: JobState, fire: Fire, now: Now, turn: Turn, *, owed: bool = False) -> Decision:
    """The decision on a fire that should run."""
    if not _has_gate(state.job):
        return admitted(board, state, fire, now, turn, owed=owed)
    if state.pause is not None:
        return _until_resumed(board, state, fire, now, turn)
    return _at_the_gate(board, state, fire, now, turn, owed=owed)


def _until_resumed(board: Board, state: JobState, fire: Fire, now: Now, turn: Turn) -> Decision:
    """A paused job is not asked. All that wait for its end are to run after that, so each waits for those before."""
    decision = while_paused(board, state, fire, now, turn)
    if isinstance(decision, Queue):
        hold(board, state, Gated(fire, owed=True, until=wait_end(state, fire, now.wall)), now)
    return decision


def _at_the_gate(board: Board, state: JobState, fire: Fire, now: Now, turn: Turn, *, owed: bool) -> Decision:
    held = Gated(fire, owed, wait_end(state, fire, now.wall))
    unmet = unmet_need(board, state, fire)
    if unmet is None and not state.job.conditions:
        return admitted(board, state, fire, now, turn, owed=owed)
    if unmet is not None and not held.waits(now.wall) and is_known(board, unmet):
        return Skip(SkipReason.BLOCKED, unmet)
    if state.job.policies.overlap in _NEWEST_ONLY and not owed:
        _displace(board, state, fire, now, turn)
    if (full := no_room(state.job.policies, len(state.queue.gated), owed=owed)) is not None:
        return full
    hold(board, state, held, now)
    if unmet is not None:
        held.facts = unmet
        return Queue({"for": "needs", **unmet})
    ask(board, state, held, turn)
    return Queue({"for": "condition", "condition": asked(state.job.conditions)})


def _displace(board: Board, state: JobState, newer: Fire, now: Now, turn: Turn) -> None:
    """Those of its lane that wait here would only be replaced once they have passed."""
    lane = lane_of(state.job, newer)
    for held in [one for one in state.queue.gated.values() if lane_of(state.job, one.fire) == lane]:
        drop(board, state, held.fire.id, replaced_by(newer), now, turn)


def wait_end(state: JobState, fire: Fire, decided_at: datetime) -> datetime | None:
    wait = state.job.policies.wait
    instant = fire.due_at if fire.origin is Origin.MANUAL else fire.scheduled_at  # what was moved waits from there
    return None if wait is None else wait.end(instant, decided_at, state.job.timezone)


def stands_here(job: Job, waits_for: Mapping[str, object]) -> bool:
    """Does a fire of this job, of which the ledger says what it waits for, wait here?"""
    what = waits_for.get("for")
    return what in ("needs", "condition") or (what == "resume" and _has_gate(job))


def _has_gate(job: Job) -> bool:
    return bool(job.needs or job.conditions)


def unmet_need(board: Board, state: JobState, fire: Fire) -> Mapping[str, object] | None:
    """The first that is not met, as facts."""
    for need in state.job.needs:
        if not board.successes.meet(need, fire.scheduled_at, state.job.timezone):
            last = board.successes.latest(need.job)
            return {"needs": need.job, "needed": need.text, "last": None if last is None else last.isoformat()}
    return None


def is_known(board: Board, unmet: Mapping[str, object]) -> bool:
    """That it is not met. A need is not, while it is being looked up what that job did before."""
    return unmet.get("needs") not in board.unread


def hold(board: Board, state: JobState, held: Gated, now: Now) -> None:
    """It waits at the gate, until its time is over."""
    state.queue = state.queue or Waiting()
    state.queue.hold(held)
    board.is_to_be_run(state, held.fire)
    waits_on(board, state, held, now)


def waits_on(board: Board, state: JobState, held: Gated, now: Now) -> bool:
    """May it? Then it has its deadline, also if that has come before: the clock was set back since."""
    if held.until is None or not held.waits(now.wall):
        return False
    board.wall.put((Kind.GIVE_UP, state.job.name, held.fire.id), held.until, Rank.WAIT)
    return True


def ask(board: Board, state: JobState, held: Gated, turn: Turn) -> None:
    """All of its conditions; while nothing is started they are asked after that, or by whoever comes after us."""
    held.asking = not board.draining
    if held.asking:
        turn.effects.append(AskConditions(state.job, held.fire))
