"""May this change be made? The preconditions of core/change.py as pure functions of what stands.

The memory ledger judges every change with them. An SQL ledger judges in its WHERE clauses, looks at the row count,
and asks here only when no row changed: was it made before, or why is it refused? So both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import assert_never

from asched.core.change import Activate, Adopt, Begin, Child, Decide, Finish, Promote, Rejected, Retire, Retrying
from asched.core.model import Fire
from asched.core.outcome import Decision, Queue, Skip, Start
from asched.core.record import AttemptRecord, FireRecord, VersionRecord


class Standing(Enum):
    MAKE = auto()  # its precondition holds
    STANDS = auto()  # already as asked, by the same owner; perhaps what follows from it stands, too


Verdict = Standing | str
"""A text says why the change is refused."""

RunChange = Promote | Retrying | Begin | Child | Finish | Adopt

MAKE, STANDS = Standing.MAKE, Standing.STANDS


def on_activate(change: Activate, version: VersionRecord | None) -> Verdict:
    if version is None:
        return MAKE
    if version.definition != change.text:
        return f"version {change.version} of {change.job} has another definition"
    if version.retired_at is not None and version.activated_at != change.at:
        return f"version {change.version} of {change.job} was retired: a version does not come back"
    return STANDS


def on_retire(change: Retire, version: VersionRecord | None) -> Verdict:
    if version is None:
        return no_version(change.job, change.version)
    return MAKE if version.retired_at is None else STANDS


def on_run(change: RunChange, fire: FireRecord | None, owner: int, ended: AttemptRecord | None) -> Verdict:
    """`ended` is the earlier attempt that the change speaks of, where it is recorded as ended."""
    if fire is None:
        return "there is no such fire"
    if isinstance(change, Adopt):
        return _adopt(change, fire, owner)
    if fire.owner != owner:
        return f"it belongs to instance {fire.owner}"
    match change:
        case Finish():  # first: most are
            return _finish(change, fire)
        case Promote():
            return _promote(change, fire)
        case Retrying():
            return _retrying(change, fire, ended)
        case Begin():
            return _begin(change, fire)
        case Child():
            return _child(change, fire)
        case _:
            assert_never(change)


def on_output(fire: FireRecord | None, owner: int) -> Verdict:
    if fire is None:
        return "there is no such fire"
    return MAKE if fire.owner == owner else f"it belongs to instance {fire.owner}"


def _adopt(change: Adopt, fire: FireRecord, owner: int) -> Verdict:
    if fire.owner == owner:
        return STANDS
    if not fire.open:
        return "it is over"
    return MAKE if fire.owner == change.owner else f"it belongs to instance {fire.owner}"


def _promote(change: Promote, fire: FireRecord) -> Verdict:
    if isinstance(change.decision, Queue):
        return "what waits is promoted to Start or Skip"
    if isinstance(fire.decision, Queue):
        return MAKE
    same = fire.queued_at is not None and fire.decided_at == change.at
    return STANDS if same and _alike(fire.decision, change.decision) else "it no longer waits"


def _alike(one: Decision, other: Decision) -> bool:
    match one, other:
        case Skip(), Skip():
            return one.reason == other.reason
        case _:
            return one.kind == other.kind


def _retrying(change: Retrying, fire: FireRecord, ended: AttemptRecord | None) -> Verdict:
    if ended is not None:
        return _if(_same_end(change, ended.outcome.kind, ended), f"attempt {change.attempt} has ended already")
    if not _running(fire):
        return "it is not running"
    return MAKE if fire.attempt == change.attempt else f"it is at attempt {fire.attempt}"


def _begin(change: Begin, fire: FireRecord) -> Verdict:
    if fire.retry_at is not None and fire.attempt == change.attempt - 1:
        return MAKE
    if not isinstance(fire.decision, Start) or fire.attempt < change.attempt:
        return f"attempt {change.attempt} is not what it waits for"
    begun = fire.attempt > change.attempt or not _running(fire) or fire.started_at == change.at
    return _if(begun, f"attempt {change.attempt} runs already")


def _child(change: Child, fire: FireRecord) -> Verdict:
    if _running(fire) and fire.attempt == change.attempt:
        return MAKE
    over = isinstance(fire.decision, Start) and fire.attempt >= change.attempt
    return _if(over, f"attempt {change.attempt} has not begun")


def _finish(change: Finish, fire: FireRecord) -> Verdict:
    if fire.outcome is not None:
        same = fire.attempt == change.attempt and fire.finished_at == change.finished_at
        return _if(same and fire.outcome.kind == change.outcome.kind, "it is over")
    if not isinstance(fire.decision, Start):
        return "it was not started"
    return MAKE if fire.attempt == change.attempt else f"it is at attempt {fire.attempt}"


def _same_end(change: Retrying, kind: str, ended: AttemptRecord) -> bool:
    return ended.finished_at == change.finished_at and kind == change.outcome.kind


def _running(fire: FireRecord) -> bool:
    return isinstance(fire.decision, Start) and fire.outcome is None and fire.retry_at is None


def _if(stands: bool, why_not: str) -> Verdict:
    return STANDS if stands else why_not


def is_taken(fire: Fire, owner: int, by_id: FireRecord | None) -> bool:
    """A fire could not be inserted: is its place somebody else's? False: it is ours, from before."""
    if by_id is None:
        return True
    there = by_id.fire
    same = (there.job, there.scheduled_at, there.nonce) == (fire.job, fire.scheduled_at, fire.nonce)
    return not (same and by_id.owner == owner)


def partly(change: Decide, taken: Iterable[int]) -> Rejected | None:
    """The watermark held, and the fires `taken` were decided elsewhere."""
    ids = tuple(taken)
    return Rejected(change, f"{len(ids)} of its fires were decided elsewhere", ids) if ids else None


def no_version(job: str, version: int) -> str:
    return f"there is no version {version} of {job}"


HALF_A_MOVE = "a watermark moves from `watermark` to `until`: one of them is missing"
MOVED_ELSEWHERE = "its watermark has moved"
