"""The inheritance: what an instance finds in the ledger when it enters, until each job has come for its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from asched.core.backfill import Backfilling
from asched.core.change import Act, Backfill, Pause
from asched.core.dataclass import dataclass
from asched.core.model import Ending, Origin
from asched.core.occurrence import Occurrence, followed_as
from asched.core.record import FireQuery, FireRecord, InstanceRecord
from asched.core.rules.admission import ENDS_KNOWN
from asched.core.rules.board import Previous
from asched.core.rules.draining import DRAIN, LIFT
from asched.core.rules.following import as_wished
from asched.core.rules.owed import APPROVE, approved_up_to
from asched.core.rules.roster import decided_until, previous_of
from asched.core.written import Shape
from asched.engine.clock import Breath, Clock
from asched.engine.ports import Ledger
from asched.engine.quarantine import to_quarantine

JOIN_MEMORY = timedelta(days=2)  # how far back an upstream's end still counts for a join that was cut short
PAGE = 1000  # fires read at a time
JOBS = 500  # whose versions are read at a time: a thread must not keep the loop waiting for longer than that takes
Joins = dict[tuple[str, datetime, str], dict[str, int] | None]  # as on the board


@dataclass(slots=True)
class Inheritance:
    """What this instance found in the ledger, until each job has come for its own."""

    number: int
    first_of_boot: bool
    pauses: dict[str, Pause]
    failures: Mapping[str, int]
    quarantine: Mapping[str, str]  # why a job is to be held, once it comes
    occurrences: dict[str, tuple[Occurrence, ...]]
    open: dict[str, list[FireRecord]]
    owners: dict[int, InstanceRecord]
    backfills: list[Backfilling]
    last_backfill: int
    previous: InstanceRecord | None
    last_sign: datetime | None  # of life, in the fires that it decided
    last_drain: Act | None  # or that it was lifted
    approved_to: int  # the newest fire that somebody approved of making up for
    known: dict[str, Previous] = field(default_factory=dict)  # the newest version of each job, active or not
    disabled: set[str] = field(default_factory=set)  # jobs that came and must not run
    joins: Joins = field(default_factory=dict)
    ends: dict[str, Sequence[FireRecord]] = field(default_factory=dict)  # the last of jobs that cool down

    def may_run_again(self, job: str) -> bool:
        """Was it said to be idempotent?"""
        known = None if job in self.disabled else self.known.get(job)
        return known is not None and bool(_policies(json.loads(known.written.of(""))).get("idempotent"))


async def enter(ledger: Ledger, me: InstanceRecord, clock: Clock) -> Inheritance:
    """Register this instance and read what there is. The ledger is open."""
    number = await ledger.enter(me)
    stored = await ledger.restore()
    others = [one for one in stored.instances if one.number != number]
    servers = [one for one in others if one.took_over_at is not None]  # no visitor, and no start that was broken off
    heir = Inheritance(
        number=number,
        first_of_boot=await _first_of_boot(ledger, me, servers),
        pauses={pause.job: pause for pause in stored.pauses},
        failures=stored.failures,
        quarantine=await to_quarantine(ledger, servers, me, stored.open),
        occurrences=_by_job(stored.occurrences),
        open=_open_by_job(stored.open),
        owners={one.number: one for one in others},
        backfills=[await _backfilling(ledger, order) for order in stored.backfills],
        last_backfill=max([one.number for one in await ledger.backfills(limit=1)], default=0),
        previous=max(servers, key=lambda one: one.seen_at, default=None),
        last_sign=_last_sign(await ledger.fires(FireQuery(until=clock.now(), limit=1))),  # not one brought forward
        last_drain=next(iter(await ledger.acts(1, verbs=(DRAIN, LIFT))), None),
        approved_to=approved_up_to(await ledger.acts(None, verbs=(APPROVE,))),
    )
    await _read_versions(ledger, heir, clock.now())
    return heir


async def _read_versions(ledger: Ledger, heir: Inheritance, now: datetime) -> None:
    """Page by page: a million definitions, all at once, are more than a gigabyte."""
    breath, needs = Breath(), dict[Shape, _Needs]()
    last = ""
    while page := await ledger.versions_after(last, JOBS):
        for name, each in groupby(page, key=attrgetter("job")):
            versions = list(each)
            heir.known[name] = known = previous_of(versions[-1], decided_until(versions))
            if (needed := needs.get(known.written.shape)) is None:
                needed = needs[known.written.shape] = _needs_of(known)
            if needed.anything:
                await _read_what_it_needs(ledger, name, known, needed, heir, now)
            await breath.take()
        last = page[-1].job


def _open_by_job(records: Iterable[FireRecord]) -> dict[str, list[FireRecord]]:
    found: dict[str, list[FireRecord]] = {}
    for record in sorted(records, key=attrgetter("scheduled_at", "id")):
        found.setdefault(record.job, []).append(record)
    return found


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a job needs of the past: its last ends, and how several others ended, by how that is wished."""

    ends: bool
    joins: Mapping[str, str]

    @property
    def anything(self) -> bool:
        return self.ends or bool(self.joins)


def _needs_of(known: Previous) -> _Needs:
    """As it was defined; not by its name or arguments, in which jobs of one shape differ."""
    said = json.loads(known.written.of(""))
    after = tuple(said.get("after", ()))
    wished = {name: said.get("wished", {}).get(name, Ending.SUCCEEDED) for name in after}
    return _Needs(bool(_policies(said).get("cooldown")), wished if len(after) > 1 else {})


async def _read_what_it_needs(
    ledger: Ledger, name: str, known: Previous, needs: _Needs, heir: Inheritance, now: datetime
) -> None:
    if needs.ends:
        heir.ends[name] = await _ends(ledger, name)
    if needs.joins and known.active:
        wished = {upstream: Ending(ending) for upstream, ending in needs.joins.items()}
        heir.joins |= await _joins(ledger, name, wished, now)


def _policies(said: Mapping[str, Any]) -> Mapping[str, object]:
    found: Mapping[str, object] = said.get("policies", {})
    return found


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


async def _ends(ledger: Ledger, job: str) -> Sequence[FireRecord]:
    return await ledger.fires(FireQuery(jobs=(job,), decisions=("start",), limit=ENDS_KNOWN))


def _last_sign(newest: Sequence[FireRecord]) -> datetime | None:
    return max((record.finished_at or record.decided_at for record in newest), default=None)


async def _joins(ledger: Ledger, job: str, wished: Mapping[str, Ending], now: datetime) -> Joins:
    """For a job that comes after several: which of them had ended as is wished of them, and what was decided."""
    joins: Joins = {}
    for one in await _recent(ledger, tuple(wished), now, decisions=("start",)):
        if one.outcome is not None and as_wished(wished[one.job], one.outcome):
            met = joins.setdefault((job, one.scheduled_at, followed_as(one.fire)), {})
            assert met is not None
            met[one.job] = one.id
    for one in await _recent(ledger, (job,), now):
        joins[job, one.scheduled_at, one.fire.nonce] = None
    return joins


async def _recent(
    ledger: Ledger, jobs: tuple[str, ...], now: datetime, decisions: tuple[str, ...] = ()
) -> Sequence[FireRecord]:
    return await ledger.fires(FireQuery(jobs=jobs, decisions=decisions, since=now - JOIN_MEMORY, limit=10_000))
