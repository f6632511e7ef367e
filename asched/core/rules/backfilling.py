"""Backfills on the board: each turn ends with deciding what they have room for.

They run beside the schedule: no watermark moves. A fire of theirs, and where they stand after it, are one transaction,
and the nonce tells them apart: so a crash repeats nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from asched.core.backfill import LOOKED_AT, Backfilling
from asched.core.change import Act, Backfill, BackfillState, Decide
from asched.core.model import BACKFILL, Fire, Origin
from asched.core.outcome import Skip, SkipReason
from asched.core.rules.admission import admitted, drop
from asched.core.rules.board import Board, JobState, Kind, Now, Turn
from asched.core.rules.plan import count_from_here, new_fire
from asched.core.rules.policy import Candidate
from asched.core.timeline import Rank


def go_on(board: Board, now: Now, turn: Turn) -> None:
    """Decide what all backfills have room for. A pause of its job holds one, a drain holds all."""
    if board.draining:
        return
    for one in list(board.backfills.values()):
        state = board.jobs.get(one.order.job)
        if state is not None and state.pause is None and one.known:
            _go_on(board, state, one, now, turn)


def _go_on(board: Board, state: JobState, one: Backfilling, now: Now, turn: Turn) -> None:
    trigger = state.trigger
    if trigger is None or trigger.relative:  # it was another one when this was asked for
        _cancel(board, one, "asched", "its job has no such schedule any more", now, turn)
        return
    ahead = one.ahead(trigger, state.next_at)
    for _ in range(LOOKED_AT):
        if not one.has_room:
            return
        try:
            instant = next(ahead, None)
        except Exception as error:
            _cancel(board, one, "asched", f"its trigger raised {type(error).__name__}: {error}", now, turn)
            return
        if instant is None:
            _end_if_over(board, one, now, turn)
            return
        _consider(board, state, one, instant, now, turn)
    board.wall.put((Kind.BACKFILL, "", one.order.number), now.wall, Rank.COOLED)  # and on, in the next turn


def _end_if_over(board: Board, one: Backfilling, now: Now, turn: Turn) -> None:
    if not one.open:
        turn.changes.append(one.over(BackfillState.DONE, now.wall))
        del board.backfills[one.order.number]


def _consider(board: Board, state: JobState, one: Backfilling, instant: datetime, now: Now, turn: Turn) -> None:
    needs_run = one.order.again or not (instant in one.done or _is_open(state, instant))
    one.move_to(instant)
    if needs_run:
        _decide(board, state, one, instant, now, turn)


def _is_open(state: JobState, instant: datetime) -> bool:
    """Is that instant at work, or waiting, already?"""
    if any(run.fire.scheduled_at == instant for run in state.running.values()):
        return True
    return any(fire.scheduled_at == instant for fire in state.queue)


def _decide(board: Board, state: JobState, one: Backfilling, instant: datetime, now: Now, turn: Turn) -> None:
    candidate = Candidate(instant, now.wall, caught_up=False)
    fire = new_fire(board, state, candidate, origin=Origin.BACKFILL, nonce=f"{BACKFILL}{one.order.number}")
    decision = admitted(board, state, fire, now, turn)
    turn.changes.append(Decide(state.job.name, state.version, now.wall, ((fire, decision),)))
    turn.changes.append(one.order)


def needs_no_backfill(board: Board, fire: Fire) -> None:
    """It succeeded: for its instant there is nothing more to do."""
    for one in board.backfills.values():
        if one.order.job == fire.job and one.order.cursor < fire.scheduled_at < one.order.until:
            one.done.add(fire.scheduled_at)


# What operators ask.


def open_backfill(board: Board, wanted: Backfill) -> Backfilling:
    """It gets its number, and begins once `known`."""
    board.last_backfill += 1
    one = Backfilling(replace(wanted, number=board.last_backfill), known=False)
    board.backfills[one.order.number] = one
    return one


def begin_backfill(one: Backfilling, now: Now, turn: Turn) -> Backfill:
    """All that succeeded already is known: it is recorded, and goes on from now."""
    one.known, order = True, one.order
    turn.changes += [order, Act(now.wall, "backfill", order.by, order.job, "", order.reason)]
    return order


def cancel_backfill(board: Board, number: int, by: str, reason: str, now: Now, turn: Turn) -> bool:
    """It starts nothing more; what waits of it is skipped, what runs runs to its end. False: it is over already."""
    one = board.backfills.get(number)
    if one is None:
        return False
    _cancel(board, one, by, reason, now, turn)
    return True


def _cancel(board: Board, one: Backfilling, by: str, reason: str, now: Now, turn: Turn) -> None:
    number = one.order.number
    del board.backfills[number]
    turn.changes += [
        one.over(BackfillState.CANCELLED, now.wall),
        Act(now.wall, "backfill --cancel", by, one.order.job, "", reason),
    ]
    for state in board.jobs.values():
        for fire in [fire for fire in state.queue if fire.backfill == number]:
            skip = Skip(SkipReason.EXCLUDED, {"cancelled": f"backfill {number} was cancelled by {by}"})
            drop(board, state, fire.id, skip, now, turn)
            count_from_here(board, state, now, turn)
