"""Many jobs due at the same instant: how late do they start, by the ledger's own account?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asched.bench.figures import Lateness, lateness_of
from asched.bench.scheduling import awaited, scheduling
from asched.core.record import FireQuery, FireRecord
from asched.ledger.sqlite import SqliteLedger
from asched.schedules import every

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_SETTLED = timedelta(milliseconds=300)  # between the start of the scheduler and the first instant that counts
_BEFORE = timedelta(milliseconds=10)  # so long before an instant we stop, not to be in its way


async def measure_lateness(folder: Path, jobs: int, period: timedelta, seconds: float) -> Lateness:
    """For as many whole periods as fit into so many seconds: at least one. Raises LedgerError."""
    path = folder / f"burst-{jobs}.db"
    schedule = every(period, anchor=_EPOCH)

    async def nothing() -> None: ...

    async with scheduling(path, [nothing] * jobs, schedule) as scheduler:
        since = _next(scheduler.clock.now() + _SETTLED, period)
        until = since + max(1, int(seconds / period.total_seconds())) * period
        await awaited(scheduler, (until - _BEFORE - scheduler.clock.now()).total_seconds())
    return lateness_of(await _fires(path, since, until), jobs, period, since, until)


def _next(at: datetime, period: timedelta) -> datetime:
    """The first instant of the schedule that is not before `at`."""
    return _EPOCH + -((_EPOCH - at) // period) * period


async def _fires(path: Path, since: datetime, until: datetime) -> Sequence[FireRecord]:
    ledger = SqliteLedger(path, readonly=True)
    await ledger.open()
    try:
        return await ledger.fires(FireQuery(decisions=("start",), since=since, until=until, limit=1_000_000))
    finally:
        await ledger.close()
