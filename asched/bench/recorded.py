"""How many runs a second can be recorded, start and end, so that they survive a power cut?"""

from __future__ import annotations

from pathlib import Path

from asched.bench.figures import Recorded
from asched.bench.scheduling import awaited, scheduling
from asched.engine.bus import Event
from asched.host.processors import own_seconds

JOBS = 200
AGAIN = "after 1ms"  # after the end of its last run, once that is recorded
WARM_UP = 0.2  # of the time


async def measure_recorded(folder: Path, seconds: float, jobs: int = JOBS) -> Recorded:
    """Jobs that do nothing, each again and again. Raises LedgerError."""
    ended = 0

    async def nothing() -> None: ...

    def hear(_: Event) -> None:  # events are told of what is durable
        nonlocal ended
        ended += 1

    async with scheduling(folder / "recorded.db", [nothing] * jobs, AGAIN) as scheduler:
        scheduler.bus.listen(hear, only=("run.succeeded",))
        await awaited(scheduler, seconds * WARM_UP)
        begun, cpu, before = scheduler.clock.monotonic(), own_seconds(), ended
        await awaited(scheduler, seconds * (1 - WARM_UP))
        return Recorded(jobs, ended - before, scheduler.clock.monotonic() - begun, own_seconds() - cpu)
