"""What one writes oneself: subprocess.run with captured output, in a thread."""

from __future__ import annotations

import asyncio
import subprocess

TITLE = "subprocess.run in a thread"
PACKAGES = ()
SLOW = ("spawn",)
NOTES = {
    "output": "all of it kept in memory",
    "spawn": "asyncio.to_thread, a thread for each of those at once; no record",
}


def spawn(spawning) -> None:
    asyncio.run(_spawn(spawning))


async def _spawn(spawning) -> None:
    async def again_and_again() -> None:
        while True:
            await asyncio.to_thread(subprocess.run, spawning.command, stdin=subprocess.DEVNULL, capture_output=True)
            spawning.count += 1

    tasks = [asyncio.ensure_future(again_and_again()) for _ in spawning.names]
    await spawning.over()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def output(flood) -> None:
    flood.lap()
    subprocess.run(flood.command, stdin=subprocess.DEVNULL, capture_output=True)
    flood.lap()
