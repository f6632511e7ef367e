"""The limit for anything in Python on asyncio: one heap of tuples, one timer, a task for each run, nothing else."""

from __future__ import annotations

import asyncio
import math
import time
from heapq import heapify, heappop, heappush

TITLE = "limit: heap and one timer"
PACKAGES = ()
_RACE = "no names, policies, record or error handling: the price of a heap and of create_task"
NOTES = {
    **dict.fromkeys(("burst", "spread", "tick", "drift", "stall"), _RACE),
    **dict.fromkeys(("idle", "start"), "asyncio with one timer"),
    "register": "a tuple in a heap; the instant is given, not computed",
}
CASES = {"register": "every"}


def burst(race) -> None:
    asyncio.run(_race(race))


tick = spread = drift = stall = idle = start = burst


async def _race(race) -> None:
    loop = asyncio.get_running_loop()
    first = math.ceil(time.time())
    heap = [(first + race.offset(index), index) for index in range(race.jobs)]
    heap += [(first + 3600.0 + index, index) for index in range(len(race.waiting))]
    heapify(heap)
    tasks = set()

    def fire() -> None:
        now = time.time()
        while heap[0][0] <= now:
            due, index = heappop(heap)
            task = loop.create_task(race.run(index))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            heappush(heap, (due + race.period, index))
        loop.call_later(heap[0][0] - time.time(), fire)

    fire()
    await race.over()


def register(race) -> None:
    from benchmarks.workloads.register import WAITING

    now = time.time()
    heap = [(now + 3600.0 + index, index, name, race.run) for index, name in enumerate(race.names)]
    heapify(heap)
    race.lap(WAITING)
