"""A light child that ticks on a ledger until it is killed: python ticking_child.py LEDGER STARTED-FILE"""

from __future__ import annotations

import asyncio
import os
import sys

import asched
from asched import Run, Scheduler


async def main(ledger: str, file: str) -> None:
    started = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def once(run: Run) -> None:
        os.write(started, f"{run.job} {run.key} {run.id} {run.attempt}\n".encode())

    async def again(run: Run) -> None:
        os.write(started, f"{run.job} {run.key} {run.id} {run.attempt}\n".encode())
        await asched.sleep("30ms")

    scheduler = Scheduler(ledger=ledger)
    scheduler.add(once, "every 20ms", catch_up="all", catch_up_max=100, quarantine=False)
    scheduler.add(again, "every 20ms", idempotent=True, catch_up="latest", overlap="skip", quarantine=False)
    async with scheduler:
        print("started", flush=True)
        await scheduler.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
