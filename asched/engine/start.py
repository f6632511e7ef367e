"""Starting: enter the ledger, settle what others left, put the jobs on the board, and account for the absence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from asched.core.change import QUARANTINE, Absence, Pause, TakeOver
from asched.core.limits import Limits
from asched.core.model import Job
from asched.core.need import KEPT
from asched.core.outcome import Start, Succeeded
from asched.core.record import FireQuery, FireRecord, InstanceRecord
from asched.core.rules.admission import still_cooling
from asched.core.rules.adopt import adopt, follow_the_abandoned
from asched.core.rules.answers import settle
from asched.core.rules.board import Board, JobState, Now, Turn
from asched.core.rules.draining import cut_short
from asched.core.rules.failing import pause_by_itself
from asched.core.rules.owed import count_owed
from asched.core.rules.pending import void
from asched.core.rules.roster import place, retire
from asched.core.rules.runs import startup
from asched.engine.bus import Bus
from asched.engine.clock import Breath, Clock
from asched.engine.engine import Engine
from asched.engine.farewell import farewell_on_failure
from asched.engine.inheritance import Inheritance, enter
from asched.engine.instance import describe, kill_survivor, this_instance
from asched.engine.ports import Conditions, Ledger, Runner


async def begin(
    *,
    ledger: Ledger,
    runner: Runner,
    clock: Clock,
    bus: Bus,
    jobs: Sequence[Job],
    mask: Callable[[str], str] = str,
    only_these: bool = False,
    limits: Limits | None = None,
    conditions: Conditions | None = None,
) -> tuple[Engine, Inheritance]:
    """An engine with `jobs` on its board, everything before it settled and recorded. `only_these`: jobs that the ledger
    knows and that are not among them are gone; otherwise they may still be added."""
    async with farewell_on_failure(ledger, me := this_instance(clock.now()), clock):
        heir = await enter(ledger, me, clock)
        engine = Engine(
            ledger=ledger,
            runner=runner,
            clock=clock,
            bus=bus,
            number=heir.number,
            mask=mask,
            limits=limits,
            conditions=conditions,
        )
        await _settle_what_was(engine, heir, jobs, only_these=only_these)
    return engine, heir


async def _settle_what_was(engine: Engine, heir: Inheritance, jobs: Sequence[Job], *, only_these: bool) -> None:
    ledger = engine.ledger
    learn(engine.board, await successes_of(ledger, needed_by(jobs)))
    for records in heir.open.values():
        engine.teller.know(record.fire for record in records)
    _recall(engine.board, heir)
    breath = Breath()
    now, turn = engine.axes.read(), Turn()
    turn.changes.append(TakeOver(now.wall))
    _account_for_absence(heir, now, turn)
    await breath.between(_taking_in(engine.board, jobs, heir, now, turn))
    settle_others = _settle_the_gone if only_these else _settle_the_lost
    await breath.between(settle_others(engine.board, heir, now, turn))
    follow_the_abandoned(engine.board, now, turn)
    startup(engine.board, now, heir.number, turn, first_of_boot=heir.first_of_boot)
    await engine.carry_out(turn)


def _recall(board: Board, heir: Inheritance) -> None:
    """What holds of jobs that are not on the board yet: they come now or later, or come back."""
    board.recovering.approved_to = heir.approved_to
    board.pauses.update(heir.pauses)
    board.failures.update(heir.failures)
    board.occurrences.update(heir.occurrences)
    board.joins.update(heir.joins)
    board.backfills = {one.order.number: one for one in heir.backfills}
    board.last_backfill = heir.last_backfill
    board.known = heir.known


def needed_by(jobs: Iterable[Job]) -> set[str]:
    """The jobs whose successes these need."""
    return {need.job for job in jobs for need in job.needs}


async def successes_of(ledger: Ledger, jobs: Iterable[str]) -> Sequence[FireRecord]:
    """The latest of each."""
    found: list[FireRecord] = []
    for name in sorted(jobs):
        found += await ledger.fires(FireQuery(jobs=(name,), outcomes=(Succeeded.kind,), limit=KEPT))
    return found


def learn(board: Board, successes: Iterable[FireRecord]) -> None:
    """What jobs did before somebody on this board needed it."""
    for record in successes:
        board.successes.note(record.job, record.scheduled_at)


def take_in(board: Board, jobs: Iterable[Job], heir: Inheritance, now: Now, turn: Turn) -> None:
    """Put jobs on the board, each with what the ledger holds for it."""
    for _ in _taking_in(board, list(jobs), heir, now, turn):
        pass


def _taking_in(board: Board, jobs: Sequence[Job], heir: Inheritance, now: Now, turn: Turn) -> Iterator[str]:
    """Job by job, and then fire by fire. All of it is one turn, however often the loop goes on meanwhile: nothing is
    started, or recorded, before all is known."""
    count_owed(board)
    states = []
    for job in jobs:
        if not job.disabled:
            states.append(place(board, job, None, now, turn))
            yield job.name
    for job in jobs:
        if job.disabled and job.name in board.known:
            heir.disabled.add(job.name)
            _retire(board, job.name, now, turn)
            yield job.name
    board.link()
    for state in states:
        if ends := heir.ends.pop(state.job.name, ()):
            still_cooling(board, state, ((one.fire, one.finished_at) for one in ends if one.finished_at), now)
    for state in states:
        held = bool(heir.quarantine) and _quarantine(board, state, heir, now, turn)
        if records := heir.open.pop(state.job.name, None):
            yield from _adopt_all(board, records, heir, now, turn, again=not held)
    settle(board, states, now, turn)
    follow_the_abandoned(board, now, turn)


def _quarantine(board: Board, state: JobState, heir: Inheritance, now: Now, turn: Turn) -> bool:
    """Whether the job is not to be started again. A pause that it has already holds it, too."""
    name = state.job.name
    if name not in heir.quarantine or not state.job.policies.quarantine:
        return False
    if state.pause is None:
        pause_by_itself(board, state, Pause(name, now.wall, "asched", heir.quarantine[name]), QUARANTINE, "", turn)
    return True


def _adopt_all(
    board: Board, records: Sequence[FireRecord], heir: Inheritance, now: Now, turn: Turn, *, again: bool = True
) -> Iterator[str]:
    for record in records:
        owner = heir.owners.get(record.owner)
        name = f"asched {record.owner}" if owner is None else describe(owner)
        if record.child is not None:
            kill_survivor(*record.child)  # before its slot is free
        adopt(board, record, name, now.wall if owner is None else owner.seen_at, now, turn, again=again)
        yield record.job


def _settle_the_lost(board: Board, heir: Inheritance, now: Now, turn: Turn) -> Iterator[str]:
    """Jobs that may still be added: what waits, or may be run again, waits for them; what was executed is over."""
    for name, records in heir.open.items():
        again = heir.may_run_again(name)
        lost = [one for one in records if isinstance(one.decision, Start) and one.retry_at is None and not again]
        yield from _adopt_all(board, lost, heir, now, turn)
        over = {one.id for one in lost}
        heir.open[name] = [one for one in records if one.id not in over]


def _settle_the_gone(board: Board, heir: Inheritance, now: Now, turn: Turn) -> Iterator[str]:
    """Jobs of the ledger that are no longer defined: they owe nothing more."""
    for records in heir.open.values():
        yield from _adopt_all(board, records, heir, now, turn)
    heir.open.clear()
    for name in list(board.known):
        _retire(board, name, now, turn)
        yield name
    for name in list(board.occurrences):
        void(board, name, now, turn)


def _retire(board: Board, name: str, now: Now, turn: Turn) -> None:
    previous = board.known[name]
    if previous.active:
        retire(name, previous, now, turn)
        board.known[name] = replace(previous, active=False)
    void(board, name, now, turn)


def _account_for_absence(heir: Inheritance, now: Now, turn: Turn) -> None:
    """From the last sign of life, which is an orderly farewell, a heartbeat, or the last thing that was recorded; and
    from the beginning of the drain that it did not see the end of."""
    previous = heir.previous
    if previous is None:
        return
    since = previous.left_at or max(previous.seen_at, heir.last_sign or previous.seen_at)
    drained = cut_short(heir.last_drain, previous.started_at, since)
    if drained is not None:
        turn.changes.append(drained)
    if since < now.wall:
        cause = "stopped" if previous.left_at is not None else _how_it_ended(previous)
        turn.changes.append(Absence(since, now.wall, cause, {"instance": previous.number}))


def _how_it_ended(previous: InstanceRecord) -> str:
    return "killed" if previous.boot_id == this_instance(previous.started_at).boot_id else "reboot"
