"""Starting: enter the ledger, settle what others left, put the jobs on the board, and account for the absence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from asched.core.backfill import Backfilling
from asched.core.change import QUARANTINE, Absence, Act, Backfill, Pause
from asched.core.limits import Limits
from asched.core.model import Ending, Job, Origin
from asched.core.need import KEPT
from asched.core.occurrence import Occurrence, followed_as
from asched.core.outcome import Start, Succeeded
from asched.core.record import FireQuery, FireRecord, InstanceRecord, VersionRecord
from asched.core.rules.admission import ENDS_KNOWN, still_cooling
from asched.core.rules.adopt import adopt, follow_the_abandoned
from asched.core.rules.answers import settle
from asched.core.rules.board import Board, JobState, Now, Turn
from asched.core.rules.draining import DRAIN, LIFT, cut_short
from asched.core.rules.following import as_wished
from asched.core.rules.owed import APPROVE, approved_up_to, count_owed
from asched.core.rules.pausing import pause_by_itself
from asched.core.rules.pending import void
from asched.core.rules.roster import decided_until, place, previous_of, retire
from asched.core.rules.runs import startup
from asched.engine.bus import Bus
from asched.engine.clock import Clock
from asched.engine.engine import Engine
from asched.engine.instance import VISITOR, describe, kill_survivor, this_instance
from asched.engine.ports import Conditions, Ledger, Runner
from asched.engine.quarantine import to_quarantine

JOIN_MEMORY = timedelta(days=2)  # how far back an upstream's end still counts for a join that was cut short
PAGE = 1000  # fires read at a time


Joins = dict[tuple[str, datetime, str], dict[str, int] | None]  # as on the board


@dataclass(slots=True)
class Inheritance:
    """What this instance found in the ledger, until each job has come for its own."""

    number: int
    first_of_boot: bool
    versions: dict[str, VersionRecord]  # the newest of each job, active or not
    decided: dict[str, datetime | None]  # how far all versions of the job have decided, where that is later
    pauses: dict[str, Pause]
    failures: Mapping[str, int]
    quarantine: Mapping[str, str]  # why a job is to be held, once it comes
    occurrences: dict[str, tuple[Occurrence, ...]]
    open: dict[str, list[FireRecord]]
    owners: dict[int, InstanceRecord]
    joins: dict[str, Joins]
    ends: dict[str, Sequence[FireRecord]]  # the last of jobs that cool down
    backfills: list[Backfilling]
    last_backfill: int
    previous: InstanceRecord | None
    last_sign: datetime | None  # of life, in the fires that it decided
    last_drain: Act | None  # or that it was lifted
    approved_to: int  # the newest fire that somebody approved of making up for


async def enter(ledger: Ledger, clock: Clock) -> Inheritance:
    """Register this instance and read what there is. The ledger is open."""
    me = this_instance(clock.now())
    stored = await ledger.restore()
    number = await ledger.enter(me)
    others = [one for one in stored.instances if one.number != number]
    servers = [one for one in others if not one.token.startswith(VISITOR)]
    versions: dict[str, list[VersionRecord]] = {}
    for record in await ledger.versions():
        versions.setdefault(record.job, []).append(record)
    newest = {name: max(records, key=lambda one: one.version) for name, records in versions.items()}
    left: dict[str, list[FireRecord]] = {}
    for fire in sorted(stored.open, key=lambda record: (record.scheduled_at, record.id)):
        left.setdefault(fire.job, []).append(fire)
    return Inheritance(
        number=number,
        first_of_boot=await _first_of_boot(ledger, me, servers),
        versions=newest,
        decided={name: decided_until(records) for name, records in versions.items()},
        pauses={pause.job: pause for pause in stored.pauses},
        failures=stored.failures,
        quarantine=await to_quarantine(ledger, servers, me, stored.open),
        occurrences=_by_job(stored.occurrences),
        open=left,
        owners={one.number: one for one in others},
        joins={name: await _joins(ledger, record, clock.now()) for name, record in newest.items()},
        ends={name: await _ends(ledger, record) for name, record in newest.items() if _policy(record, "cooldown")},
        backfills=[await _backfilling(ledger, order) for order in stored.backfills],
        last_backfill=max([one.number for one in await ledger.backfills(limit=1)], default=0),
        previous=max(servers, key=lambda one: one.seen_at, default=None),
        last_sign=_last_sign(await ledger.fires(FireQuery(until=clock.now(), limit=1))),  # not one brought forward
        last_drain=next(iter(await ledger.acts(1, verbs=(DRAIN, LIFT))), None),
        approved_to=approved_up_to(await ledger.acts(None, verbs=(APPROVE,))),
    )


def _by_job(occurrences: Iterable[Occurrence]) -> dict[str, tuple[Occurrence, ...]]:
    found: dict[str, tuple[Occurrence, ...]] = {}
    for one in occurrences:
        found[one.job] = (*found.get(one.job, ()), one)
    return found


async def _first_of_boot(ledger: Ledger, me: InstanceRecord, servers: Sequence[InstanceRecord]) -> bool:
    """Has no server of this boot got as far as deciding its @reboot jobs? Entering alone is not enough: it may have
    been killed right after."""
    started = await ledger.fires(FireQuery(origins=(Origin.STARTUP,), limit=1000))
    decided = {record.id >> 32 for record in started}
    same = [one for one in servers if one.boot_id == me.boot_id and one.host == me.host]
    return not any(one.number in decided for one in same)


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
    heir = await enter(ledger, clock)
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
    learn(engine.board, await successes_of(ledger, needed_by(jobs)))
    for records in heir.open.values():
        engine.teller.know(record.fire for record in records)
    engine.board.known.update((name, previous_of(record, heir.decided[name])) for name, record in heir.versions.items())
    now, turn = engine.axes.read(), Turn()
    _account_for_absence(heir, now, turn)
    engine.board.recovering.approved_to = heir.approved_to
    engine.board.pauses.update(heir.pauses)  # also of jobs that come later, or come back
    engine.board.failures.update(heir.failures)
    engine.board.occurrences.update(heir.occurrences)
    for joins in heir.joins.values():
        engine.board.joins.update(joins)
    engine.board.backfills = {one.order.number: one for one in heir.backfills}
    engine.board.last_backfill = heir.last_backfill
    take_in(engine.board, jobs, heir, now, turn)
    if only_these:
        _settle_the_gone(engine.board, heir, now, turn)
    else:
        _settle_the_lost(engine.board, heir, now, turn)
    follow_the_abandoned(engine.board, now, turn)
    startup(engine.board, now, heir.number, turn, first_of_boot=heir.first_of_boot)
    await engine.carry_out(turn)
    return engine, heir


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


def take_in(board: Board, jobs: Iterable[Job], heir: Inheritance, now: Now, turn: Turn) -> list[JobState]:
    """Put jobs on the board, each with what the ledger holds for it."""
    count_owed(board)
    states = [_inherit(board, job, heir, now, turn) for job in jobs if not job.disabled]
    for job in jobs:
        if job.disabled and job.name in heir.versions:
            _retire(board, heir.versions.pop(job.name), now, turn)
    board.link()
    for state in states:
        ends = heir.ends.pop(state.job.name, ())
        still_cooling(board, state, ((one.fire, one.finished_at) for one in ends if one.finished_at), now)
    for state in states:
        held = _quarantine(board, state, heir, now, turn)
        _adopt_all(board, heir.open.pop(state.job.name, []), heir, now, turn, again=not held)
    settle(board, states, now, turn)
    follow_the_abandoned(board, now, turn)
    return states


def _inherit(board: Board, job: Job, heir: Inheritance, now: Now, turn: Turn) -> JobState:
    heir.versions.pop(job.name, None)  # board.known has it
    return place(board, job, None, now, turn)


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
) -> None:
    for record in records:
        owner = heir.owners.get(record.owner)
        name = f"asched {record.owner}" if owner is None else describe(owner)
        if record.child is not None:
            kill_survivor(*record.child)  # before its slot is free
        adopt(board, record, name, now.wall if owner is None else owner.seen_at, now, turn, again=again)


def _settle_the_lost(board: Board, heir: Inheritance, now: Now, turn: Turn) -> None:
    """Jobs that may still be added: what waits, or may be run again, waits for them; what was executed is over."""
    for name, records in heir.open.items():
        again = _idempotent(heir.versions.get(name))
        lost = [one for one in records if isinstance(one.decision, Start) and one.retry_at is None and not again]
        _adopt_all(board, lost, heir, now, turn)
        heir.open[name] = [one for one in records if one not in lost]


def _idempotent(record: VersionRecord | None) -> bool:
    return record is not None and bool(_policy(record, "idempotent"))


def _policy(record: VersionRecord, name: str) -> object:
    return json.loads(record.definition).get("policies", {}).get(name)


async def _ends(ledger: Ledger, record: VersionRecord) -> Sequence[FireRecord]:
    return await ledger.fires(FireQuery(jobs=(record.job,), decisions=("start",), limit=ENDS_KNOWN))


def _settle_the_gone(board: Board, heir: Inheritance, now: Now, turn: Turn) -> None:
    """Jobs of the ledger that are no longer defined: they owe nothing more."""
    for records in heir.open.values():
        _adopt_all(board, records, heir, now, turn)
    heir.open.clear()
    for record in heir.versions.values():
        _retire(board, record, now, turn)
    heir.versions.clear()
    for name in list(board.occurrences):
        void(board, name, now, turn)


def _retire(board: Board, record: VersionRecord, now: Now, turn: Turn) -> None:
    previous = board.known[record.job]
    retire(record.job, previous, now, turn)
    board.known[record.job] = replace(previous, active=False)
    void(board, record.job, now, turn)


async def _backfilling(ledger: Ledger, order: Backfill) -> Backfilling:
    done = set() if order.again else await succeeded(ledger, order.job, order.cursor, order.until)
    return Backfilling(order, done)


async def succeeded(ledger: Ledger, job: str, since: datetime, until: datetime) -> set[datetime]:
    """The instants in [since, until) of which a run of that job succeeded, as far as the ledger still knows."""
    query = FireQuery((job,), outcomes=("succeeded",), since=since, until=until, limit=PAGE, oldest_first=True)
    found: set[datetime] = set()
    while page := await ledger.fires(query):
        found.update(one.scheduled_at for one in page)
        query = replace(query, offset=query.offset + PAGE)
    return found


def _last_sign(newest: Sequence[FireRecord]) -> datetime | None:
    return max((record.finished_at or record.decided_at for record in newest), default=None)


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


async def _joins(ledger: Ledger, record: VersionRecord, now: datetime) -> Joins:
    """For a job that comes after several: which of them had ended as is wished of them, and what was decided."""
    said = json.loads(record.definition)
    after = tuple(said.get("after", ()))
    if len(after) < 2 or record.retired_at is not None:
        return {}
    wished = {name: Ending(said.get("wished", {}).get(name, Ending.SUCCEEDED)) for name in after}
    joins: Joins = {}
    for one in await _recent(ledger, after, now, decisions=("start",)):
        if one.outcome is not None and as_wished(wished[one.job], one.outcome):
            met = joins.setdefault((record.job, one.scheduled_at, followed_as(one.fire)), {})
            assert met is not None
            met[one.job] = one.id
    for one in await _recent(ledger, (record.job,), now):
        joins[record.job, one.scheduled_at, one.fire.nonce] = None
    return joins


async def _recent(
    ledger: Ledger, jobs: tuple[str, ...], now: datetime, decisions: tuple[str, ...] = ()
) -> Sequence[FireRecord]:
    return await ledger.fires(FireQuery(jobs=jobs, decisions=decisions, since=now - JOIN_MEMORY, limit=10_000))
