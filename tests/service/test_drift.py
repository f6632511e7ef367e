"""`every` does not drift: each instant is its anchor plus a whole number of periods, and none is missing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest

from asched import Scheduler
from asched.core.record import FireQuery
from asched.core.triggers.specs import from_spec

PERIOD = timedelta(milliseconds=10)


async def drift(ledger: Path, seconds: float) -> None:
    ran = 0

    async def tick() -> None:
        nonlocal ran
        ran += 1

    async with Scheduler(ledger=ledger) as scheduler:
        scheduler.add(tick, "every 10ms", catch_up="all", catch_up_max=10_000, overlap="allow", max_instances=1000)
        await asyncio.sleep(seconds)
    assert ran > seconds * 50, "a positive control: it ran"
    again = Scheduler(ledger=ledger)
    await again.ledger.open()
    try:
        (version,) = await again.ledger.versions("tick")
        fires = await again.ledger.fires(FireQuery(jobs=("tick",), limit=1_000_000, oldest_first=True))
        gaps = await again.ledger.gaps(limit=1_000_000)
    finally:
        await again.ledger.close()
    assert version.trigger is not None
    first = from_spec(version.trigger).next_after(version.since)
    assert first is not None
    expected, at = set(), first
    while at <= version.watermark:
        expected.add(at)
        at += PERIOD
    recorded = [fire.scheduled_at for fire in fires]
    assert len(recorded) == len(set(recorded)), "none twice"
    assert set(recorded) <= expected, "none off the grid"
    missing = [at for at in expected - set(recorded) if not any(g.gap.after < at <= g.gap.until for g in gaps)]
    assert missing == [], "none without a fire or a gap"
    late = [(f.started_at - f.scheduled_at).total_seconds() for f in fires if f.started_at is not None]
    third = len(late) // 3
    assert median(late[-third:]) < median(late[:third]) + 0.02, "lateness does not grow"
    assert min(late) >= 0, "none too early"


async def test_it_does_not_drift(tmp_path: Path) -> None:
    await drift(tmp_path / "x.db", 3)


@pytest.mark.soak
async def test_it_does_not_drift_for_long(tmp_path: Path) -> None:
    await drift(tmp_path / "x.db", 20)
