"""The audit: recomputes from each version's trigger what the ledger must hold, and names what it does not.

The law: the instants that a version's trigger yields in (since, watermark] are exactly its fires plus the instants
inside its gaps, each once; and every fire was skipped with a reason, has an outcome, or is open with a live owner.
Where the clock was set back a long way, versions overlap: an instant that another version decided is not decided again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta, tzinfo

from asched.core.change import Gap
from asched.core.dataclass import dataclass
from asched.core.model import Origin
from asched.core.record import FireQuery, FireRecord, VersionRecord
from asched.core.text.instants import shown
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.engine.ports import Ledger

PAGE = 1000
NAMED = 20  # so many imbalances of one version are named one by one


@dataclass(frozen=True, slots=True)
class Imbalance:
    """One thing that does not add up."""

    job: str
    version: int
    what: str
    at: datetime | None = None

    def __str__(self) -> str:
        return self.said()

    def said(self, zone: tzinfo = UTC) -> str:
        when = "" if self.at is None else f" at {shown(self.at, zone)}"
        return f"{self.job} (version {self.version}){when}: {self.what}"


@dataclass(slots=True)
class Audit:
    """What was looked at, and what was found."""

    versions: int = 0
    fires: int = 0
    gaps: int = 0
    open: int = 0
    imbalances: list[Imbalance] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        return not self.imbalances


async def audit(ledger: Ledger, now: datetime, live: Sequence[int] | None = None) -> Audit:
    """Check every version. `live` are the numbers of the instances that live, where that is known. One of them may be
    deciding meanwhile: each version is held to what it had decided when it was read first."""
    found = Audit()
    versions = await ledger.versions()
    decided = {(version.job, version.version): version.watermark for version in versions}
    gaps: dict[tuple[str, int], list[Gap]] = {}
    for record in await ledger.gaps(limit=1_000_000):
        key = record.job, record.version
        if key in decided and record.gap.after < decided[key]:  # else it was decided since
            gaps.setdefault(key, []).append(record.gap)
            found.gaps += 1
    overlapping = _overlapping(versions)
    for version in versions:
        elsewhere = await _elsewhere(ledger, version) if (version.job, version.version) in overlapping else set()
        await _audit_version(ledger, version, gaps.get((version.job, version.version), []), elsewhere, found)
    await _audit_open(ledger, live, found)
    return found


def _overlapping(versions: Sequence[VersionRecord]) -> set[tuple[str, int]]:
    """The versions that begin before an earlier one of their job ends."""
    decided: dict[str, datetime] = {}
    found = set()
    for version in sorted(versions, key=lambda one: (one.job, one.version)):
        before = decided.get(version.job)
        if before is not None and version.since < before:
            found.add((version.job, version.version))
        decided[version.job] = max(version.watermark, before or version.watermark)
    return found


async def _elsewhere(ledger: Ledger, version: VersionRecord) -> set[datetime]:
    """Instants of the job that its earlier versions have decided."""
    return {
        record.scheduled_at
        async for record in _scheduled(ledger, version, of_any_version=True)
        if record.fire.version < version.version
    }


async def _audit_version(
    ledger: Ledger, version: VersionRecord, gaps: list[Gap], elsewhere: set[datetime], found: Audit
) -> None:
    found.versions += 1
    trigger = _trigger(version, found)
    before = len(found.imbalances)
    ledgered = _Ledgered(trigger, version, sorted(gaps, key=lambda gap: gap.after), elsewhere, found)
    since: list[datetime] = []
    async for record in _scheduled(ledger, version):
        found.fires += 1
        if record.scheduled_at > version.watermark:
            since.append(record.scheduled_at)
        elif len(found.imbalances) - before < NAMED:
            ledgered.meet(record.scheduled_at)
    if len(found.imbalances) - before < NAMED:
        ledgered.end()
    if since:
        decided = await _decided_by_now(ledger, version)
        ledgered.outside([fire for fire in since if fire > decided][:NAMED])


async def _decided_by_now(ledger: Ledger, version: VersionRecord) -> datetime:
    """How far it is: a fire is committed with the watermark that covers it, so what was read before is within."""
    versions = await ledger.versions(version.job)
    return next((one.watermark for one in versions if one.version == version.version), version.watermark)


def _trigger(version: VersionRecord, found: Audit) -> Trigger | None:
    if version.trigger is None:
        return None
    try:
        return from_spec(version.trigger)
    except Exception as error:
        what = f"its trigger cannot be read back: {error}"
        found.imbalances.append(Imbalance(version.job, version.version, what))
        return None


class _Ledgered:
    """Walks the trigger's instants beside the recorded fires and gaps, in order."""

    def __init__(
        self,
        trigger: Trigger | None,
        version: VersionRecord,
        gaps: list[Gap],
        elsewhere: set[datetime],
        found: Audit,
    ) -> None:
        self._trigger = trigger
        self._version = version
        self._gaps = gaps
        self._elsewhere = elsewhere
        self._found = found
        self._at = version.since  # everything up to here is accounted for
        self._gapped = version.since  # the gaps seen so far end here

    def meet(self, fire: datetime) -> None:
        """The next recorded fire, in order."""
        self._unless_it_raises(lambda: self._meet(fire))

    def outside(self, fires: Sequence[datetime]) -> None:
        if self._trigger is not None:
            for fire in fires:
                self._wrong("a fire outside of what its version has decided", fire)

    def _meet(self, fire: datetime) -> None:
        if self._trigger is None:
            return
        if fire <= self._version.since:
            self.outside([fire])
            return
        if self._trigger.relative:
            self._at = fire
            return
        self._account_up_to(fire)
        expected = self._trigger.next_after(self._at)
        while expected is not None and expected < fire:
            self._missing(expected)
            self._at = expected
            expected = self._trigger.next_after(self._at)
        if expected != fire:
            self._wrong("a fire that its trigger does not yield, or a second one", fire)
        else:
            self._at = fire

    def _account_up_to(self, fire: datetime) -> None:
        """Go through the gaps that begin before the fire."""
        assert self._trigger is not None
        while self._gaps and self._gaps[0].after < fire:
            gap = self._gaps.pop(0)
            self._not_twice(gap)
            self._missing_until(gap.after)
            if gap.until >= fire:
                self._wrong("a fire inside a gap", fire)
            self._at = max(self._at, gap.until)

    def _not_twice(self, gap: Gap) -> None:
        assert self._trigger is not None
        first = self._trigger.next_after(max(gap.after, self._version.since))
        if first is not None and first <= min(self._gapped, gap.until):
            self._wrong("an instant in two gaps", first)
        self._gapped = max(self._gapped, gap.until)

    def _missing_until(self, until: datetime) -> None:
        assert self._trigger is not None
        expected = self._trigger.next_after(self._at)
        while expected is not None and expected <= until:
            self._missing(expected)
            self._at = expected
            expected = self._trigger.next_after(self._at)

    def _missing(self, instant: datetime) -> None:
        if instant not in self._elsewhere:
            self._wrong("no fire and no gap", instant)

    def end(self) -> None:
        """No more fires are recorded."""
        self._unless_it_raises(self._end)

    def _end(self) -> None:
        if self._trigger is None or self._trigger.relative:
            return
        self._account_up_to(self._version.watermark + timedelta(microseconds=1))
        self._missing_until(self._version.watermark)

    def _unless_it_raises(self, step: Callable[[], None]) -> None:
        """A trigger that raises is one thing that is wrong, and says nothing any more; other versions are looked at."""
        try:
            step()
        except Exception as error:
            self._wrong(f"its trigger raised {type(error).__name__}: {error}", self._at)
            self._trigger = None

    def _wrong(self, what: str, at: datetime) -> None:
        self._found.imbalances.append(Imbalance(self._version.job, self._version.version, what, at))


async def _scheduled(
    ledger: Ledger, version: VersionRecord, *, of_any_version: bool = False
) -> AsyncIterator[FireRecord]:
    """The fires that the schedule itself produced, in order."""
    since = version.since + timedelta(microseconds=1)
    while True:
        page = await ledger.fires(
            FireQuery(
                jobs=(version.job,),
                version=None if of_any_version else version.version,
                origins=(Origin.SCHEDULE,),
                since=since,
                limit=PAGE,
                oldest_first=True,
            )
        )
        for record in page:
            yield record
        if len(page) < PAGE:
            return
        since = page[-1].scheduled_at + timedelta(microseconds=1)


async def _audit_open(ledger: Ledger, live: Sequence[int] | None, found: Audit) -> None:
    """Without being told who lives: whoever decided last has settled all that was open before, so nothing open may
    belong to anybody before. (A start that was killed before its first decision has settled nothing.)"""
    decided_last = await _decided_last(ledger)
    offset = 0
    while page := await ledger.fires(FireQuery(open=True, limit=PAGE, offset=offset)):
        for record in page:
            found.open += 1
            if record.owner < decided_last if live is None else record.owner not in live:
                what = f"run {record.run} is open, and its owner (asched {record.owner}) is gone"
                found.imbalances.append(Imbalance(record.job, record.fire.version, what, record.scheduled_at))
        offset += PAGE


async def _decided_last(ledger: Ledger) -> int:
    """The number of the instance that decided the newest fire of a schedule; a manual run says nothing about others."""
    origins = (Origin.SCHEDULE, Origin.STARTUP, Origin.UPSTREAM)
    newest = await ledger.fires(FireQuery(origins=origins, limit=1))
    return max((record.owner for record in newest), default=0)
