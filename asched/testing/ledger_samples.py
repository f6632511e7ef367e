"""Fires, changes and instants to try a ledger with: short names, so that a test reads as its sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asched.core.change import (
    Activate,
    Begin,
    Change,
    Decide,
    Finish,
    Gap,
    Output,
    Promote,
    Rejected,
    Retrying,
)
from asched.core.model import Fire, Origin
from asched.core.outcome import Decision, Failed, Outcome, Queue, SkipReason, Start, Succeeded
from asched.core.outcome import ErrorNote as ErrorNote
from asched.core.record import FireRecord, InstanceRecord
from asched.engine.ports import Ledger

T0 = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
OURS, THEIRS = 1, 2
FAILED = Failed(ErrorNote("ValueError", "no such row", "Traceback …", ("ValueError", "builtins.ValueError")))


def minute(number: float) -> datetime:
    return T0 + timedelta(minutes=number)


def activate(job: str = "backup", version: int = 1, *, since: float = 0, definition: str = "{}") -> Activate:
    return Activate(job, version, minute(since), {"kind": "every", "period": "1m"}, definition, minute(since))


def fire(number: int, *, by: int = OURS, job: str = "backup", at: float | None = None, nonce: str = "") -> Fire:
    """The `number`th fire of instance `by`: for minute `number`, unless `at` says otherwise."""
    scheduled_at = minute(number if at is None else at)
    origin = Origin.MANUAL if nonce else Origin.SCHEDULE
    return Fire(by << 32 | number, job, 1, scheduled_at, scheduled_at, origin, nonce)


def decide(
    *fires: Fire | tuple[Fire, Decision],
    job: str = "backup",
    version: int = 1,
    move: tuple[float, float] | None = None,
    gaps: tuple[Gap, ...] = (),
    at: float | None = None,
) -> Decide:
    """Fires are started unless a decision comes with them. `move`: the watermark, from minute to minute."""
    decided = tuple(one if isinstance(one, tuple) else (one, Start()) for one in fires)
    watermark, until = (None, None) if move is None else (minute(move[0]), minute(move[1]))
    decided_at = minute(at) if at is not None else max((f.due_at for f, _ in decided), default=until or T0)
    return Decide(job, version, decided_at, decided, gaps, watermark, until)


def finish(fire: Fire, outcome: Outcome | None = None, *, attempt: int = 1, at: float | None = None) -> Finish:
    started_at = fire.due_at + timedelta(milliseconds=3)
    finished_at = fire.due_at + timedelta(seconds=2) if at is None else minute(at)
    return Finish(fire.id, attempt, outcome or Succeeded(), started_at, finished_at, finished_at - started_at)


def retrying(fire: Fire, attempt: int = 1, *, outcome: Outcome = FAILED) -> Retrying:
    started_at = fire.due_at + timedelta(seconds=10 * attempt)
    second = timedelta(seconds=1)
    return Retrying(fire.id, attempt, outcome, started_at, started_at + second, second, started_at + 8 * second)


def begin(fire: Fire, attempt: int = 2) -> Begin:
    return Begin(fire.id, attempt, fire.due_at + timedelta(seconds=10 * attempt - 2))


def promote(fire: Fire, decision: Decision | None = None, *, at: float) -> Promote:
    return Promote(fire.id, decision or Start(), minute(at))


def output(fire: Fire, seq: int, text: str = "a line\n", *, attempt: int = 1) -> Output:
    return Output(fire.id, attempt, seq, fire.due_at + timedelta(seconds=seq), "stdout", text)


def gap(after: float, until: float, reason: SkipReason = SkipReason.MISSED, count: int | None = 3) -> Gap:
    return Gap(minute(after), minute(until), reason, count, {"policy": "latest"})


def instance(pid: int = 4711) -> InstanceRecord:
    return InstanceRecord(0, "host", "boot", pid, 99, T0, T0)


async def twice(ledger: Ledger, owner: int, *changes: Change) -> tuple[Rejected, ...]:
    """Commit, and commit again, as one does whose answer was lost: both answers must be the same."""
    first = tuple(await ledger.commit(owner, changes))
    again = tuple(await ledger.commit(owner, changes))
    assert again == first, f"made again: {again}"
    return first


async def refused(ledger: Ledger, owner: int, change: Change) -> str:
    """Why the change, which must be refused as a whole, is refused."""
    (rejected,) = await twice(ledger, owner, change)
    assert rejected.change == change
    assert rejected.fires == ()
    assert rejected.why
    return rejected.why


async def record(ledger: Ledger, fire: Fire) -> FireRecord:
    found = await ledger.fire(fire.id)
    assert found is not None
    return found


async def started(ledger: Ledger, number: int = 1, **more: object) -> Fire:
    """A fire of ours that runs, of a job that is active, beside the schedule."""
    one = fire(number, **more)  # type: ignore[arg-type]
    assert await twice(ledger, OURS, activate(one.job), decide(one, job=one.job)) == ()
    return one


async def queued(ledger: Ledger, number: int = 1) -> Fire:
    one = fire(number)
    assert await twice(ledger, OURS, activate(), decide((one, Queue()))) == ()
    return one
