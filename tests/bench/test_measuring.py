"""The measurement as a whole: what it leaves behind, and what it finds at all; never how fast."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest

from asched.bench import measuring
from asched.bench.measuring import Burst, Scope, measure
from asched.bench.scheduling import awaited, scheduling
from asched.errors import LedgerUnavailable, LedgerUnusable, Refused

TINY = Scope(0.5, recording=3, bursts=(Burst(1, timedelta(milliseconds=100), 0.1), Burst(5, timedelta(seconds=1), 0.1)))


def test_everything_is_measured_and_nothing_is_left_behind(tmp_path: Path) -> None:
    found = measure(tmp_path, TINY)
    assert list(tmp_path.iterdir()) == []
    assert min(found.sync.spread.count, found.commit.spread.count) > 0
    assert found.sync.spread.p50 <= found.sync.spread.p99 <= found.sync.spread.longest
    assert (found.recorded.jobs, found.recorded.seconds > 0, found.recorded.cpu_seconds > 0) == (3, True, True)
    assert [(one.jobs, one.instants, one.late.count + one.missed) for one in found.lateness] == [(1, 1, 1), (5, 1, 5)]
    assert found.machine.cpus > 0
    shares = found.machine.shares
    assert shares is None or 0 <= shares.others <= 1


def test_a_nearly_full_disk_is_refused_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(1 << 30, (1 << 30) - (9 << 20), 9 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(Refused, match="only 9 MB are free"):
        measure(tmp_path, TINY)
    assert list(tmp_path.iterdir()) == []


def test_what_interrupts_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path, *_: object) -> None:
        assert (folder / "pages").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "commit_times", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, TINY)
    assert list(tmp_path.iterdir()) == []


async def nothing() -> None: ...


async def away(path: Path) -> None:
    async with scheduling(path, [nothing], "every 1h") as scheduler:
        event = {"type": "ledger.unavailable", "at": scheduler.clock.now(), "error": "the disk is full"}
        scheduler.bus.publish(event)


async def test_figures_of_a_ledger_that_was_away_are_none(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="the disk is full"):
        await away(tmp_path / "a.db")


async def replaced(path: Path) -> None:
    async with scheduling(path, [nothing], "every 1h") as scheduler:
        await awaited(scheduler, 0)
        os.unlink(path)
        scheduler.add(nothing, "every 1h", name="another")
        await awaited(scheduler, 3600)


def test_waiting_ends_with_what_ends_the_scheduler(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="moved, removed or replaced"):
        asyncio.run(replaced(tmp_path / "a.db"))


async def test_whoever_is_cancelled_at_the_start_leaves_no_thread_behind_that_writes(tmp_path: Path) -> None:
    """The ledger's file is made in a thread, which goes on when its start is cancelled."""
    starting = asyncio.create_task(away(tmp_path / "a.db"))
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait({starting})
    assert starting.cancelled()
    assert [name for name in os.listdir(tmp_path) if name != "a.db.lock"] == ["a.db"], "opened, and closed"
