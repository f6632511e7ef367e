"""Without a service: what operators want is written straight into the ledger, with the server's lock held meanwhile.

Nobody enters the ledger for that: an instance that decides nothing would only blur when somebody last did.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from asched.backfills import Stretch, none_under_way
from asched.cli.desk import Desk
from asched.cli.owners import owner_of
from asched.core.change import Act, BackfillState, Change, Decide, Finish, Promote, Unpause
from asched.core.model import Job
from asched.core.outcome import Cancelled, Skip, SkipReason
from asched.core.record import FireQuery, FireRecord
from asched.core.rules.arranging import Arranging, Asked
from asched.core.rules.board import Board, Now, Turn
from asched.core.rules.pausing import over
from asched.core.rules.roster import decided_until, place, previous_of
from asched.core.triggers.protocol import Trigger
from asched.engine.instance import describe, kill_survivor
from asched.engine.ports import Ledger
from asched.errors import LedgerUnavailable, Refused
from asched.operating import Pausing, check_enabled, none_is_paused, read_on_resume

T = TypeVar("T")

NOBODY = 0  # no instance has this number
ALL = 100_000  # open fires of one job


async def pause(
    desk: Desk, jobs: Sequence[str], reason: str, until: datetime | None, on_resume: str | None
) -> Sequence[str]:
    wanted = Pausing(desk.who(), reason, None, until, read_on_resume(on_resume))
    now = desk.now()
    acts = [Act(now, "pause", wanted.by, job, "", wanted.remark(now)) for job in jobs]
    async with writing(desk) as ledger:
        before = {one.job: one for one in (await ledger.restore()).pauses}
        await _write(ledger, [*(over(before.get(job), wanted.of(job, now)) for job in jobs), *acts])
    return jobs


async def resume(desk: Desk, jobs: Sequence[str], reason: str) -> Sequence[str]:
    """Those of them that are paused. Raises Refused when none is."""
    now, by = desk.now(), desk.who()
    async with desk.reading() as ledger:
        paused = {one.job for one in (await ledger.restore()).pauses if one.until is None or one.until > now}
    found = [job for job in jobs if job in paused]
    if not found:
        raise Refused(none_is_paused(jobs))
    changes: list[Change] = [Unpause(job, now, by, reason) for job in found]
    async with writing(desk) as ledger:
        await _write(ledger, [*changes, *(Act(now, "resume", by, job, "", reason) for job in found)])
    return found


async def cancel_all(desk: Desk, job: str, reason: str) -> Sequence[str]:
    """All that a dead asched left open of that job."""
    async with desk.reading() as ledger:
        await desk.check_job(ledger, job)
        left = await ledger.fires(FireQuery((job,), open=True, limit=ALL))
    for record in left:
        await cancel(desk, record.run, reason)
    return [record.run for record in left]


async def begin_backfill(desk: Desk, stretch: Stretch, trigger: Trigger | None, reason: str) -> int:
    """It is written down; the next service runs it. Returns its number."""
    now, by = desk.now(), desk.who()
    stretch.trigger(trigger, now)
    async with writing(desk) as ledger:
        number = max([one.number for one in await ledger.backfills(limit=1)], default=0) + 1
        order = replace(stretch.order(by, reason, now), number=number)
        await _write(ledger, [order, Act(now, "backfill", by, stretch.job, "", reason)])
    return number


async def cancel_backfill(desk: Desk, number: int, reason: str) -> None:
    """With what a dead asched left waiting of it. Raises Refused when it is over, or there is none."""
    now, by = desk.now(), desk.who()
    async with desk.reading() as ledger:
        stored = await ledger.restore()
    order = next((one for one in stored.backfills if one.number == number), None)
    if order is None:
        raise Refused(none_under_way(number))
    for record in stored.open:
        if record.fire.backfill == number and record.decision.kind == "queue":
            await cancel(desk, record.run, f"backfill {number} was cancelled")
    ended = replace(order, state=BackfillState.CANCELLED, ended_at=now)
    async with writing(desk) as ledger:
        await _write(ledger, [ended, Act(now, "backfill --cancel", by, order.job, "", reason)])


async def cancel(desk: Desk, run: str, reason: str) -> None:
    """An open run that a dead asched left behind. Raises UnknownRun, or Refused when it is over, or not left."""
    async with desk.reading() as ledger:
        record = await desk.run_named(ledger, run)
        if not record.open:
            raise Refused(f"run {run} is over already")
        owner = await owner_of(ledger, record)
        if owner is not None:
            raise Refused(f"run {run} belongs to {describe(owner)}, which answers on no socket: stop it there")
    if record.child is not None:
        kill_survivor(*record.child)
    now, by = desk.now(), desk.who()
    said = f"{reason or 'cancelled'} (by {by})"
    async with writing(desk) as ledger:
        await _write(ledger, [_end(record, said, now), Act(now, "cancel", by, record.job, run, reason)], record.owner)


async def prune(desk: Desk, before: datetime | None, dry_run: bool, reason: str) -> int:
    """How many fires are gone, or would be: by the configured retention, or all before an instant."""
    from asched.engine.clock import SystemClock
    from asched.retention import Retention, prune_all

    configured = desk.configuration
    age = timedelta(days=configured.retention_days)
    keep = Retention(age, configured.runs_per_job, configured.failures_kept).at(desk.now(), before)
    if dry_run:
        async with desk.reading() as ledger:
            return await ledger.prunable(keep)
    async with writing(desk) as ledger:
        await _write(ledger, [Act(desk.now(), "prune", desk.who(), reason=reason)])
        return await prune_all(ledger, keep, SystemClock())


def _end(record: FireRecord, said: str, now: datetime) -> Change:
    if record.decision.kind == "queue":
        return Promote(record.id, Skip(SkipReason.EXCLUDED, {"cancelled": said}), now)
    started_at = record.started_at or record.decided_at
    ended_at = max(now, started_at)
    return Finish(record.id, record.attempt, Cancelled(said), started_at, ended_at, timedelta(0))


async def arrange(desk: Desk, job: Job, wanted: Arranging[T], reason: str) -> T:
    """A single fire is to go otherwise, by the rules that a service has. Raises Refused."""
    now = desk.now()
    check_enabled(job)
    async with writing(desk) as ledger:
        board, turn = await _board_with(ledger, job, now), Turn()
        asked = Asked(desk.who(), reason)
        made = wanted(board, board.jobs[job.name], asked=asked, now=Now(now, now), turn=turn)
        if any(isinstance(change, Decide) for change in turn.changes):
            raise Refused("its own time is over, and no service runs that could decide it: start one first")
        await _write(ledger, turn.changes)
    return made


async def _board_with(ledger: Ledger, job: Job, now: datetime) -> Board:
    """As a service would find it that starts now, without its entering anything."""
    records = await ledger.versions(job.name)
    newest = max(records, key=lambda one: one.version, default=None)
    board = Board(lambda: NOBODY)
    board.occurrences[job.name] = tuple(one for one in (await ledger.restore()).occurrences if one.job == job.name)
    previous = None if newest is None else previous_of(newest, decided_until(records))
    state = place(board, job, previous, Now(now, now), Turn())
    if state.trigger != job.trigger and (previous is None or state.trigger != previous.trigger):
        raise Refused(f'job "{job.name}" counts from when it is scheduled, and no service has done that yet')
    return board


@asynccontextmanager
async def writing(desk: Desk) -> AsyncIterator[Ledger]:
    """The ledger, locked for us. Raises AlreadyServed when somebody has it."""
    from asched.ledger.opening import ledger_for

    if desk.place.in_memory:
        raise Refused('the ledger is ":memory:", and no service runs that has it: there is nothing to write to')
    ledger = ledger_for(desk.place.ledger)
    await ledger.open()
    try:
        yield ledger
    finally:
        await ledger.close()


async def _write(ledger: Ledger, changes: Sequence[Change], owner: int = NOBODY) -> None:
    rejected = await ledger.commit(owner, changes)
    if rejected:
        raise LedgerUnavailable(f"it changed meanwhile ({rejected[0].why}): try again")
