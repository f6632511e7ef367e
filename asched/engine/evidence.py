"""What the ledger holds about an instant of a job, gathered so that core/hindsight/inquiry.py can say why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from asched.core.change import Absence, Act
from asched.core.hindsight.answer import Answer
from asched.core.hindsight.inquiry import Evidence, facts_behind, instants_between, names_in, why
from asched.core.hindsight.verdict import Near
from asched.core.model import fire_id, run_name
from asched.core.record import FireQuery, FireRecord, GapRecord, VersionRecord
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
    at_instant = await ledger.fires(FireQuery(jobs=(job,), since=instant, until=instant + _TICK, limit=MANY))
    fires = [one for one in at_instant if run in (None, one.id)]
    gaps = [one for one in await ledger.gaps(job) if one.gap.after < instant <= one.gap.until]
    stored = await ledger.restore()
    evidence = Evidence(
        job,
        zone_of(versions) or zone,
        versions,
        fires,
        gaps,
        await _near(ledger, job, instant),
        await _runs(ledger, job, fires, gaps),
        _around(await ledger.absences(limit=_ALL), instant),
        await _acts(ledger, fires, gaps),
        next((one for one in stored.pauses if one.job == job), None),
        [one for one in stored.occurrences if one.job == job and one.scheduled_at == instant],
        max((one.seen_at for one in stored.instances), default=None),
    )
    return why(evidence, instant, now, wall)


async def instants_within(
    ledger: Ledger, job: str, since: datetime, until: datetime, limit: int = MANY
) -> Sequence[datetime]:
    """The instants in [since, until) that have a fire, or that its schedule yields there: at most `limit`, in order."""
    query = FireQuery(jobs=(job,), since=since, until=until, limit=limit, oldest_first=True)
    found = {record.scheduled_at for record in await ledger.fires(query)}
    found.update(instants_between(await ledger.versions(job), since - _TICK, until - _TICK, limit))
    return sorted(found)[:limit]


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
