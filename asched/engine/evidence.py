"""What the ledger holds about an instant of a job, gathered so that core/hindsight/inquiry.py can say why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from asched.core.change import Absence, Act
from asched.core.foresight.asdefined import depends_as_defined
from asched.core.hindsight.answer import Answer
from asched.core.hindsight.inquiry import Evidence, facts_behind, names_in, why
from asched.core.hindsight.losses import Losses
from asched.core.hindsight.verdict import Near, Needed
from asched.core.hindsight.versions import instants_between
from asched.core.model import fire_id, run_name
from asched.core.need import Need
from asched.core.occurrence import MOVED, comes_at
from asched.core.outcome import Succeeded
from asched.core.record import FireQuery, FireRecord, GapRecord, VersionRecord
from asched.engine.drains import drain_of, serves
from asched.engine.instance import describe, is_lost
from asched.engine.ports import Ledger

MANY = 1000  # fires of one instant, or of one span, that are looked at

_TICK = timedelta(microseconds=1)
_ALL = 100_000  # absences, acts: few, for there is one of each only when something happened


async def inquire(
    ledger: Ledger,
    job: str,
    instant: datetime,
    now: datetime,
    *,
    wall: datetime | None = None,
    run: int | None = None,
    zone: str = "UTC",
) -> Answer:
    """Why the job did, or did not, run at `instant`. `wall`: see `core.inquiry.why`. `run`: only that fire of it.

    `zone` is the job's, where no version of it is in the ledger.
    """
    versions = await ledger.versions(job)
    fires = [one for one in await _fires_at(ledger, job, instant) if run in (None, one.id)]
    gaps = [one for one in await ledger.gaps(job) if one.gap.after < instant <= one.gap.until]
    stored = await ledger.restore()
    runs = await _runs(ledger, job, fires, gaps)
    arranged = [one for one in stored.occurrences if one.job == job and instant in (one.scheduled_at, comes_at(one))]
    evidence = Evidence(
        job,
        zone_of(versions) or zone,
        versions,
        fires,
        gaps,
        await _near(ledger, job, instant),
        runs,
        _around(await ledger.absences(limit=_ALL), instant),
        await _acts(ledger, fires, gaps),
        next((one for one in stored.pauses if one.job == job), None),
        arranged,
        max((one.seen_at for one in stored.instances), default=None),
        await losses_of(ledger, [*fires, *runs.values()], now),
        await _needed(ledger, versions, min((one.scheduled_at for one in arranged), default=instant), now),
        any(serves(one, now) for one in stored.instances),
        await drain_of(ledger, stored.instances, now),
    )
    return why(evidence, instant, now, wall)


async def _fires_at(ledger: Ledger, job: str, instant: datetime) -> Sequence[FireRecord]:
    """Of that instant, or moved to it."""
    own = await ledger.fires(FireQuery(jobs=(job,), since=instant, until=instant + _TICK, limit=MANY))
    return [*own, *(one for one in await _moved(ledger, job) if one.fire.due_at == instant)]


async def _moved(ledger: Ledger, job: str) -> Sequence[FireRecord]:
    return await ledger.fires(FireQuery(jobs=(job,), nonce=MOVED, limit=MANY))


async def losses_of(ledger: Ledger, records: Iterable[FireRecord], now: datetime) -> Losses:
    """Of the open ones among these."""
    owners = {one.owner for one in records if one.open}
    if not owners:
        return Losses()
    known = {one.number: one for one in await ledger.instances(limit=_ALL)}
    gone = {number: known.get(number) for number in owners if number not in known or is_lost(known[number], now)}
    names = {number: f"asched {number}" if one is None else describe(one) for number, one in gone.items()}
    versions = await ledger.versions(active=True) if names else ()
    return Losses(names, frozenset(one.job for one in versions if _is_idempotent(one)))


def _is_idempotent(version: VersionRecord) -> bool:
    return bool(json.loads(version.definition).get("policies", {}).get("idempotent"))


async def _needed(
    ledger: Ledger, versions: Sequence[VersionRecord], instant: datetime, now: datetime
) -> Sequence[Needed]:
    """Of what is still ahead: what its job needs for it, and whether that is there."""
    active = next((one for one in versions if one.retired_at is None), None)
    if active is None or instant <= now:
        return ()
    job = depends_as_defined(json.loads(active.definition))
    return [await _met(ledger, need, instant, job.timezone) for need in job.needs]


async def _met(ledger: Ledger, need: Need, instant: datetime, timezone: str) -> Needed:
    since, until = need.window(instant, timezone)
    good = FireQuery(jobs=(need.job,), outcomes=(Succeeded.kind,), limit=1)
    met = await ledger.fires(replace(good, since=since, until=until))
    last = met or await ledger.fires(good)
    return Needed(need, met[0] if met else None, last[0] if last else None)


async def instants_within(
    ledger: Ledger, job: str, since: datetime, until: datetime, limit: int = MANY
) -> Sequence[datetime]:
    """The instants in [since, until) that have a fire, or get one from elsewhere, or that its schedule yields there: at
    most `limit`, in order."""
    query = FireQuery(jobs=(job,), since=since, until=until, limit=limit, oldest_first=True)
    found = {record.scheduled_at for record in await ledger.fires(query)}
    found.update(at for at in await beside(ledger, job) if since <= at < until)
    found.update(instants_between(await ledger.versions(job), since - _TICK, until - _TICK, limit))
    return sorted(found)[:limit]


async def beside(ledger: Ledger, job: str) -> set[datetime]:
    """The instants to which fires of it were moved, or are to come beside its schedule."""
    arranged = [comes_at(one) for one in (await ledger.restore()).occurrences if one.job == job]
    return {*(one.fire.due_at for one in await _moved(ledger, job)), *(at for at in arranged if at is not None)}


def zone_of(versions: Sequence[VersionRecord]) -> str | None:
    """The zone of the newest version; None when there is none."""
    newest = max(versions, key=lambda one: one.version, default=None)
    return None if newest is None else json.loads(newest.definition).get("timezone")


async def _near(ledger: Ledger, job: str, instant: datetime) -> Near:
    before = await ledger.fires(FireQuery(jobs=(job,), until=instant, limit=1))
    after = await ledger.fires(FireQuery(jobs=(job,), since=instant + _TICK, limit=1, oldest_first=True))
    return Near(*(found[0].scheduled_at if found else None for found in (before, after)))


async def _runs(
    ledger: Ledger, job: str, fires: Sequence[FireRecord], gaps: Sequence[GapRecord]
) -> Mapping[str, FireRecord]:
    """Those that the decisions name, by run or by instant, and those that they came after."""
    found: dict[str, FireRecord] = {}
    for name in _names(fires, gaps):
        known = await _named(ledger, job, name)
        if known is not None:
            found[name] = known
    return found


def _names(fires: Sequence[FireRecord], gaps: Sequence[GapRecord]) -> Iterable[str]:
    facts = [facts_behind(one) for one in fires]
    said = [name for each in [*facts, *(one.gap.facts for one in gaps)] for name in names_in(each)]
    return dict.fromkeys([*said, *(run_name(id) for one in fires for id in one.fire.upstream.values())])


async def _named(ledger: Ledger, job: str, name: str) -> FireRecord | None:
    if (id := fire_id(name)) is not None:
        return await ledger.fire(id)
    try:
        at = datetime.fromisoformat(name)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    found = await ledger.fires(FireQuery(jobs=(job,), since=at, until=at + _TICK, nonce="", limit=1))
    return found[0] if found else None


def _around(absences: Sequence[Absence], instant: datetime) -> Sequence[Absence]:
    return [one for one in absences if one.since <= instant <= one.until]


async def _acts(ledger: Ledger, fires: Sequence[FireRecord], gaps: Sequence[GapRecord]) -> Sequence[Act]:
    """Only where something may have come of one."""
    return await ledger.acts(limit=_ALL) if fires or gaps else ()
