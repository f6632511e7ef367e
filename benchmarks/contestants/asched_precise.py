"""asched with its ledger in memory, on a loop of `asched.new_event_loop`, as `asched serve` has it."""

from __future__ import annotations

import asyncio

TITLE = "asched, memory ledger, precise loop"
PACKAGES = ()
NOTES = dict.fromkeys(
    ("spread", "drift"), "its loop's timers are not rounded to milliseconds; the others have asyncio's own"
)


def spread(race) -> None:
    from asched import new_event_loop
    from benchmarks.contestants import asched_memory

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(asched_memory.in_race(race))


drift = spread
