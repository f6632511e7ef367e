"""The limit for processes on asyncio: its own subprocesses, their ends noticed by pidfd, nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
import time

TITLE = "limit: asyncio and pidfd"
PACKAGES = ()
AT_ONCE = 4 * (os.cpu_count() or 1)
NOTES = {
    "spawn": "asyncio's subprocess with its pidfd watcher; no record, no process group, no bounds on what is kept",
    "output": "pipe read in 1 MiB pieces, the last one kept",
    "shell": f"{AT_ONCE} at once; no record",
}
PIECE = 1 << 20


def spawn(spawning) -> None:
    _run(_spawn(spawning))


async def _spawn(spawning) -> None:
    async def again_and_again() -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                *spawning.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            await process.communicate()
            spawning.count += 1

    tasks = [asyncio.ensure_future(again_and_again()) for _ in spawning.names]
    await spawning.over()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def output(flood) -> None:
    _run(_output(flood))


async def _output(flood) -> None:
    flood.lap()
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(*flood.command, stdout=write)
    os.close(write)
    await asyncio.to_thread(_tail, read)
    await process.wait()
    flood.lap()


def _tail(read: int) -> bytes:
    last = b""
    with open(read, "rb", buffering=0) as pipe:
        while piece := pipe.read(PIECE):
            last = piece
    return last


def shell(rush) -> None:
    _run(_shell(rush))


async def _shell(rush) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def run(command: str) -> None:
        async with places:
            process = await asyncio.create_subprocess_exec("/bin/sh", "-c", command)
            await process.wait()

    await asyncio.sleep(rush.due_at() - time.time())
    await asyncio.gather(*map(run, rush.commands))


def _run(main) -> None:
    with asyncio.Runner() as runner:
        if sys.version_info < (3, 12):  # later ones choose pidfd themselves
            watcher = asyncio.PidfdChildWatcher()
            watcher.attach_loop(runner.get_loop())
            asyncio.set_child_watcher(watcher)
        runner.run(main)
