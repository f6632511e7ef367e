"""asched's commands, through a whole scheduler with its ledger in memory: decided, started, captured, recorded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

TITLE = "asched, commands"
PACKAGES = ()
NOTES = {
    "spawn": "each with a process group, masked and bounded output, start and outcome recorded in memory",
    "output": "taken as text line by line, head and tail kept",
    "shell": "each recorded in memory, its output captured",
}


def spawn(spawning) -> None:
    asyncio.run(_spawn(spawning))


async def _spawn(spawning) -> None:
    from asched import Scheduler
    from asched.core.action import Command

    def listen(event) -> None:
        spawning.count += event["type"] == "run.succeeded"

    scheduler = Scheduler(ledger=":memory:")
    scheduler.bus.listen(listen)
    for name in spawning.names:
        scheduler.add(Command(spawning.command), "after 1ms", name=name)
    async with scheduler:
        await spawning.over()


def output(flood) -> None:
    asyncio.run(_output(flood))


async def _output(flood) -> None:
    from asched import Scheduler
    from asched.core.action import Command

    scheduler = Scheduler(ledger=":memory:")
    job = scheduler.add(Command(flood.command), name="flood")
    async with scheduler:
        flood.lap()
        run = await job.run()
        record = await run.wait()
        flood.lap()
        assert type(record.outcome).__name__ == "Succeeded", record.outcome


def shell(rush) -> None:
    asyncio.run(_shell(rush))


async def _shell(rush) -> None:
    from asched import Scheduler
    from asched.core.action import Command
    from benchmarks.workloads.shell import LOOKS

    scheduler = Scheduler(ledger=":memory:")
    async with scheduler:
        when = datetime.fromtimestamp(rush.due_at(), UTC)
        for index, command in enumerate(rush.commands):
            scheduler.at(when, Command((command,), shell=True), name=f"job-{index}")
        while not rush.over():  # noqa: ASYNC110
            await asyncio.sleep(LOOKS)
