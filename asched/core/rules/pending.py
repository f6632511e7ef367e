"""What is pending for a job: single fires that are to go otherwise than its schedule says, until they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from asched.core.change import Arrange, Change, Expire
from asched.core.occurrence import Added, Occurrence, comes_at, left_out, number_of
from asched.core.outcome import Skip
from asched.core.rules.board import Board, Deadline, JobState, Kind, Now, Turn
from asched.core.timeline import Rank
from asched.core.triggers.protocol import Series

REMOVED = "its job was removed"
NOT_YIELDED = "its schedule does not yield that instant any more"
GONE = "its instant was decided with the version that owed it"

_SMALLEST = timedelta(microseconds=1)


def pending(state: JobState) -> list[Occurrence]:
    """By instant."""
    found: list[Occurrence] = [*state.overrides.values(), *state.added.values()]
    return sorted(found, key=lambda one: (one.scheduled_at, one.kind))


def keep(board: Board, state: JobState, occurrence: Occurrence) -> None:
    """Put it on the board; what was kept for the same instant goes."""
    if isinstance(occurrence, Added):
        state.added = state.added or {}
        state.added[occurrence.scheduled_at] = occurrence
    else:
        state.overrides = state.overrides or {}
        state.overrides[occurrence.scheduled_at] = occurrence
    due, key = comes_at(occurrence), _key(occurrence)
    if due is None:
        board.wall.remove(key)
    else:
        rank = Rank.ADDED if isinstance(occurrence, Added) else Rank.MOVED
        board.wall.put(key, due, rank, state.job.policies.priority)


def arrange(board: Board, state: JobState, occurrence: Occurrence, turn: Turn) -> None:
    keep(board, state, occurrence)
    turn.changes.append(Arrange(occurrence))


def drop(board: Board, state: JobState, occurrence: Occurrence, now: Now, turn: Turn, why: str = "") -> None:
    """It has come and is decided in this turn; or `why` it will not."""
    if isinstance(occurrence, Added):
        state.added.pop(occurrence.scheduled_at, None)
    else:
        state.overrides.pop(occurrence.scheduled_at, None)
    board.wall.remove(_key(occurrence))
    turn.changes.append(Expire(occurrence, now.wall, why))


def _key(occurrence: Occurrence) -> Deadline:
    kind = Kind.ADDED if isinstance(occurrence, Added) else Kind.MOVED
    return kind, occurrence.job, number_of(occurrence.scheduled_at)


def left_out_by(board: Board, state: JobState, here: datetime) -> Mapping[datetime, Skip]:
    """The instants that are due and were skipped or moved, with the decision on each."""
    if not state.overrides:
        return {}
    return {
        at: left_out(override)
        for at, override in state.overrides.items()
        if at > state.watermark and board.due_at(state, at) <= here
    }


def expire(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """The watermark has moved: what it has passed is over, but for what was moved to later."""
    if not state.overrides:
        return
    for override in list(state.overrides.values()):
        if override.scheduled_at <= state.watermark and comes_at(override) is None:
            drop(board, state, override, now, turn)


def inherit(board: Board, state: JobState) -> None:
    """It outlives the process that was told of it."""
    if not board.occurrences:
        return
    for occurrence in board.occurrences.pop(state.job.name, ()):
        keep(board, state, occurrence)


def recheck(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """Another version of the job may not owe these instants, or have decided them."""
    for override in list(state.overrides.values()):
        if override.scheduled_at > state.watermark:
            why = "" if _owes(state, override.scheduled_at) else NOT_YIELDED
        else:
            why = GONE if comes_at(override) is None else ""
        if why:
            drop(board, state, override, now, turn, why)
    for occurrence in pending(state):
        keep(board, state, occurrence)  # its priority may be another


def _owes(state: JobState, at: datetime) -> bool:
    trigger = state.trigger
    try:
        return trigger is not None and not trigger.relative and yields(trigger, at)
    except Exception:  # plan.py says so when it comes to that
        return True


def yields(trigger: Series, at: datetime) -> bool:
    return trigger.next_after(at - _SMALLEST) == at


def drop_all(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """Its job is removed."""
    for occurrence in pending(state):
        drop(board, state, occurrence, now, turn, REMOVED)


def dropped(changes: Iterable[Change]) -> list[Expire]:
    """What, of all that these changes say, will not come any more."""
    return [change for change in changes if isinstance(change, Expire) and change.why]


def void(board: Board, job: str, now: Now, turn: Turn) -> None:
    """What the ledger holds for a job that is gone."""
    turn.changes += [Expire(one, now.wall, REMOVED) for one in board.occurrences.pop(job, ())]


def next_due(board: Board, state: JobState) -> datetime | None:
    """When something of the job is due next, its jitter included, by its schedule or beside it."""
    beside = [due for one in pending(state) if (due := comes_at(one)) is not None]
    at = _next_not_left_out(state)
    return min([*beside, *([] if at is None else [board.due_at(state, at)])], default=None)


def _next_not_left_out(state: JobState) -> datetime | None:
    at, trigger = state.next_at, state.trigger
    try:
        while at in state.overrides and trigger is not None:
            at = trigger.next_after(at)
    except Exception:  # plan.py says so when its instant is decided
        return None
    return at
