"""asched with its ledger in memory, in a process of its own, as `asched.run` has it."""

from __future__ import annotations

TITLE = "asched, memory ledger, as served"
PACKAGES = ()
NOTES = dict.fromkeys(
    ("burst", "spread", "drift"),
    "in a process of its own, as `asched.run` has it: timers that are not rounded to milliseconds, full garbage "
    'collections only where nothing is due. Not "as served" it is a guest in an asyncio program, and leaves both alone',
)


def burst(race) -> None:
    from benchmarks.asserved import as_served
    from benchmarks.contestants import asched_memory

    as_served(lambda started: asched_memory.in_race(race, started))


spread = drift = burst
