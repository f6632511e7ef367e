"""At the gate: what becomes of fires that wait there, when a condition has answered, a need is met, or time is up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asched.core.change import Promote
from asched.core.dataclass import dataclass
from asched.core.lanes import Gated
from asched.core.model import CatchUp, Fire
from asched.core.outcome import Queue, Skip, SkipReason
from asched.core.record import FireRecord
from asched.core.rules.admission import admitted, drop, promote_all, wait
from asched.core.rules.board import Board, JobState, Kind, Now, Turn
from asched.core.rules.following import pass_down
from asched.core.rules.gate import ask, hold, is_known, unmet_need, wait_end, waits_on
from asched.core.rules.plan import count_from_here
from asched.core.timeline import Rank


@dataclass(frozen=True, slots=True)
class Answered:
    """What the conditions of a fire came to: `holds` all of them, or else `condition` does not, as was `said`."""

    job: str
    fire: int
    holds: bool
    condition: str = ""
    said: str = ""


def answered(board: Board, message: Answered, now: Now, turn: Turn) -> None:
    found = _held(board, message.job, message.fire)
    if found is None or not found[1].asking:
        return  # it was called off meanwhile, and that is recorded
    state, held = found
    held.asking = False
    if message.holds:
        _admit(board, state, held, now, turn)
        return
    held.facts = {"condition": message.condition, "said": message.said}
    if waits_on(board, state, held, now):
        board.steady.put((Kind.ASK, state.job.name, held.fire.id), now.steady + state.job.policies.poll, Rank.WAIT)
    else:
        _block(board, state, held, now, turn)


def succeeded(board: Board, fire: Fire, now: Now, turn: Turn) -> None:
    """A run did: what waits for that need not any more."""
    needing = board.needing.get(fire.job)
    if not needing:
        board.successes.note_last(fire.job, fire.scheduled_at)
        return
    board.successes.note(fire.job, fire.scheduled_at)
    for state in [board.jobs[name] for name in needing if name in board.jobs]:
        for held in list(state.queue.gated.values()):
            if "needs" in held.facts:
                _look(board, state, held, now, turn)


def looked_up(board: Board, needed: Iterable[str], now: Now, turn: Turn) -> None:
    """What these did before is known now: whoever needs one of them is looked at."""
    for name in needed:
        board.unread.discard(name)
        for needing in board.needing.get(name, ()):
            if needing in board.jobs:
                look_again(board, board.jobs[needing], now, turn)


def ask_again(board: Board, state: JobState, fire: int, now: Now, turn: Turn) -> None:
    held = state.queue.gated.get(fire)
    if held is not None:
        _look(board, state, held, now, turn)


def give_up(board: Board, state: JobState, fire: int, now: Now, turn: Turn) -> None:
    """Its time is over. If it is being asked just now, that answer counts; in a pause, what holds at its end; while its
    need is looked up, what is found."""
    held = state.queue.gated.get(fire)
    if held is not None and not held.asking and state.pause is None and is_known(board, held.facts):
        _block(board, state, held, now, turn)


def hold_again(board: Board, state: JobState, record: FireRecord, facts: Mapping[str, object], now: Now) -> None:
    """It waited at the gate of an instance that is gone. `settle` looks at it once all is adopted."""
    paused = facts.get("for") == "resume"
    owed = paused or (state.job.policies.catch_up is CatchUp.ALL and record.caught_up)
    known = {} if paused else {name: fact for name, fact in facts.items() if name != "for"}
    held = Gated(record.fire, owed, wait_end(state, record.fire, record.decided_at), facts=known)
    hold(board, state, held, now)


def settle(board: Board, states: Iterable[JobState], now: Now, turn: Turn) -> None:
    """Much may have changed for these: whoever waits anywhere is looked at."""
    promote_all(board, now, turn)
    for state in states:
        look_again(board, state, now, turn)


def look_again(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """At all of this job that wait at the gate."""
    for held in list(state.queue.gated.values()):
        _look(board, state, held, now, turn)


def _held(board: Board, job: str, fire: int) -> tuple[JobState, Gated] | None:
    state = board.jobs.get(job)
    held = None if state is None else state.queue.gated.get(fire)
    return None if state is None or held is None else (state, held)


def _look(board: Board, state: JobState, held: Gated, now: Now, turn: Turn) -> None:
    """Judge it anew, unless it is being asked, or its job is paused: then the end of that looks at it."""
    if held.asking or state.pause is not None:
        return
    unmet = unmet_need(board, state, held.fire)
    if unmet is not None:
        held.facts = unmet
        if not waits_on(board, state, held, now) and is_known(board, unmet):
            _block(board, state, held, now, turn)
    elif state.job.conditions:
        ask(board, state, held, turn)
    else:
        _admit(board, state, held, now, turn)


def _admit(board: Board, state: JobState, held: Gated, now: Now, turn: Turn) -> None:
    """All that must hold does. Is there room? It has its answer: in a pause it waits for its place like any other."""
    board.waits_no_more(state, held.fire.id)
    if state.pause is not None:
        wait(board, state, held.fire)
        return
    decision = admitted(board, state, held.fire, now, turn, owed=held.owed)
    if isinstance(decision, Queue):
        return  # as before, in the ledger: it waits
    turn.changes.append(Promote(held.fire.id, decision, now.wall))
    if isinstance(decision, Skip):
        _not_run(board, state, held.fire, decision, now, turn)


def _block(board: Board, state: JobState, held: Gated, now: Now, turn: Turn) -> None:
    skip = Skip(SkipReason.BLOCKED, held.facts)
    drop(board, state, held.fire.id, skip, now, turn)
    _not_run(board, state, held.fire, skip, now, turn)


def _not_run(board: Board, state: JobState, fire: Fire, skip: Skip, now: Now, turn: Turn) -> None:
    count_from_here(board, state, now, turn)
    pass_down(board, [(fire, skip)], now, turn)
