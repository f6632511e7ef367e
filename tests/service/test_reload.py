"""Reloads come one after the other, and what was read last is what stays."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import structlog
from structlog.testing import capture_logs

from asched import Scheduler
from asched.core.limits import Limits
from asched.core.localtime.cron import Cron
from asched.core.recovery import Recovery
from asched.core.triggers.interval import AfterFinish, Every
from asched.errors import Refused
from asched.service import reloading
from asched.service.background import Background

pytestmark = pytest.mark.anyio


async def nothing() -> None: ...


def reloading_of(scheduler: Scheduler, load: reloading.Load) -> reloading.Reloading:
    return reloading.Reloading(scheduler, load, structlog.get_logger(), Background())


async def test_a_reload_waits_for_the_one_before_it() -> None:
    scheduler = Scheduler(ledger=":memory:")
    job = scheduler.add(nothing, name="old").definition
    scheduler.replace([job])
    names, may_go, loads = iter(["first", "second", "third"]), threading.Event(), []

    def load() -> reloading.Loaded:
        name = next(names)
        loads.append(name)
        if name == "first":
            may_go.wait(10)
        return reloading.Loaded([replace(job, name=name)], Limits())

    reloads = reloading_of(scheduler, load)
    async with scheduler:
        first = asyncio.ensure_future(reloads.reload())
        await asyncio.sleep(0.1)
        second, with_it = (asyncio.ensure_future(reloads.reload()) for _ in range(2))
        await asyncio.sleep(0.1)
        assert loads == ["first"], "the second reads only what is there after the first"
        may_go.set()
        assert (await first)["removed"] == ["old"]
        assert (await second)["removed"] == ["first"]
        assert await with_it == await second, "who asked meanwhile shares it"
        assert [handle.name for handle in scheduler.jobs] == ["second"]


async def test_a_load_that_does_not_come_back_is_given_up_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "LOADED_WITHIN", 0.2)
    scheduler = Scheduler(ledger=":memory:")
    job = scheduler.add(nothing, name="old").definition
    scheduler.replace([job])
    hold, calls = threading.Event(), count()

    def load() -> reloading.Loaded:
        if next(calls) == 0:
            hold.wait(10)
        return reloading.Loaded([replace(job, name="new")], Limits())

    async with scheduler:
        with capture_logs() as said:
            reloads = reloading_of(scheduler, load)
            first = asyncio.ensure_future(reloads.reload())
            await asyncio.sleep(0.1)
            second = asyncio.ensure_future(reloads.reload())
            with pytest.raises(Refused, match=r"not loaded within 0.2 s: .*test_reload.py:\d+ does not come back"):
                await first
            assert [handle.name for handle in scheduler.jobs] == ["old"]
            assert (await second)["added"] == ["new"], "the next one has its turn"
            hold.set()
        assert [one["event"] for one in said if one["event"].startswith("service.")] == [
            "service.reloading",
            "service.reload_failed",
            "service.reloading",
            "service.reloaded",
        ]
    assert [handle.name for handle in scheduler.jobs] == ["new"]


def test_the_fires_of_the_next_day_are_counted_that_a_reload_moves() -> None:
    noon, hour = datetime(2026, 1, 1, 12, tzinfo=UTC), timedelta(hours=1)
    before = {
        "same": Every(hour, noon),
        "moved": Cron("0 9 * * *"),
        "gone": Cron("0 */8 * * *"),
        "rested": AfterFinish(hour),
        "by hand": None,
    }
    after = {**before, "moved": Cron("0 10 * * *"), "rested": AfterFinish(2 * hour), "new": Cron("0 */6 * * *")}
    del after["gone"]
    assert reloading.shifted(before, after, noon) == {"new": 4, "gone": 3, "moved": 1}
    assert reloading.shifted(after, after, noon) == {"new": 0, "gone": 0, "moved": 0}


async def test_a_reload_changes_the_limits_that_all_jobs_share() -> None:
    scheduler = Scheduler(ledger=":memory:", max_running=3)
    job = scheduler.add(nothing, name="old").definition
    scheduler.replace([job])
    asks = Limits(running=1, recovery=Recovery(ask_above=5))
    async with scheduler:
        await reloading_of(scheduler, lambda: reloading.Loaded([job], asks)).reload()
        board = scheduler.engine.board
        assert board.permits.has_room(("service", ""))
        board.permits.take(1, [("service", "")])
        assert not board.permits.has_room(("service", ""))
        assert board.recovering.rules.ask_above == 5


async def test_what_was_arranged_and_will_not_come_any_more_is_said() -> None:
    scheduler = Scheduler(ledger=":memory:")
    job = scheduler.add(nothing, "daily at 08:00", name="a").definition
    scheduler.replace([job])
    async with scheduler:
        await scheduler["a"].skip(by="ada")
        (skipped,) = scheduler["a"].occurrences
        changed = replace(job, trigger=Cron("0 9 * * *", "UTC"))
        answer = await reloading_of(scheduler, lambda: reloading.Loaded([changed], Limits())).reload()
        at = skipped.scheduled_at.isoformat(sep=" ")
        why = "its schedule does not yield that instant any more"
        assert answer["dropped"] == [f"a: the skip of {at} by ada is dropped: {why}"]
        assert (await reloading_of(scheduler, lambda: reloading.Loaded([changed], Limits())).reload())["dropped"] == []
