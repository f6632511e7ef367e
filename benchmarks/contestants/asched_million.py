"""asched, a ledger in SQLite, and as many jobs as asked for, each hour: added from Python, then started."""

from __future__ import annotations

import asyncio

TITLE = "asched, SQLite FULL"
PACKAGES = ()
NOTES = {"million": "every definition compared with what is recorded; no peer keeps a ledger from which it could start"}


def million(back) -> None:
    asyncio.run(_million(back))


async def _million(back) -> None:
    from asched import Scheduler, every

    async def nothing() -> None: ...

    scheduler = Scheduler(ledger=back.folder / "asched.db")
    for index in range(back.jobs):
        scheduler.add(nothing, every("1h"), name=f"job-{index}")
    back.lap()
    async with scheduler:
        back.lap()
