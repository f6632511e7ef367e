"""When a job is due that counts from the end of its last run: seconds after that end, once it is known."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from clifolder import Folder

from asched import Scheduler

JOBS = """\
import asyncio
from asched import job

@job("after 60s")
async def rested() -> None:
    await asyncio.Event().wait()

@job("after 60s")
async def brief() -> None: ...
"""


@pytest.fixture
def folder(folder: Folder) -> Folder:
    folder.jobs.write_text(JOBS)
    return folder


def rows(text: str) -> dict[str, str]:
    return {line.split()[0]: line for line in text.splitlines() if line}


async def _ran(folder: Folder) -> datetime:
    from asched.service.config import load

    scheduler = Scheduler(ledger=folder.ledger, drain="0s")
    scheduler.replace(load(folder.config, env={}).jobs)
    async with scheduler:
        await (await scheduler["brief"].run()).wait()
        ended = datetime.now(UTC)
        await scheduler["rested"].run()
        scheduler.engine.die()
        for task in [scheduler._life.task, *(one.task for one in scheduler.engine.dispatch.running.values())]:
            task.cancel()
    return ended


def test_it_is_shown_with_its_instant_or_that_it_counts_from_an_end(folder: Folder) -> None:
    assert rows(folder.asched("list").out)["brief"].split()[-2:] == ["-", "-"], "nobody ever began to count"
    ended = asyncio.run(_ran(folder))
    listed = {one["name"]: one["next_at"] for one in folder.asched("list", "--json").json}
    assert abs(datetime.fromisoformat(listed["brief"]) - ended - timedelta(seconds=60)) < timedelta(seconds=5)
    assert listed["rested"] is None
    assert "  1m after it ends  " in rows(folder.asched("list").out)["rested"]
    assert "next\n  1m after it ends\n" in folder.asched("show", "rested").out
    said = folder.asched("next")
    assert "brief" in said.out
    assert "rested runs; it is due again 1m after it ends" in said.err
    assert "rested" not in {one["job"] for one in folder.asched("next", "--json").json}
