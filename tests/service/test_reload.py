"""Reloads come one after the other, and what was read last is what stays."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from asched import Scheduler
from asched.core.model import Job
from asched.service.service import Service

pytestmark = pytest.mark.anyio


async def nothing() -> None: ...


async def test_a_reload_waits_for_the_one_before_it() -> None:
    scheduler = Scheduler(ledger=":memory:")
    job = scheduler.add(nothing, name="old").definition
    names, may_go, loads = iter(["first", "second"]), threading.Event(), []

    def load() -> Sequence[Job]:
        name = next(names)
        loads.append(name)
        if name == "first":
            may_go.wait(10)
        return [replace(job, name=name)]

    service = Service(lambda: scheduler, reload=load)
    async with scheduler:
        service.scheduler = scheduler
        first, second = (asyncio.ensure_future(service.reload()) for _ in range(2))
        await asyncio.sleep(0.1)
        assert loads == ["first"], "the second reads only what is there after the first"
        may_go.set()
        assert (await first)["removed"] == ["old"]
        assert (await second)["removed"] == ["first"]
        assert [handle.name for handle in scheduler.jobs] == ["second"]
