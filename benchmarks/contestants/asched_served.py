"""asched with its ledger in a SQLite file, in a process of its own, as `asched serve` has it."""

from __future__ import annotations

from benchmarks.contestants.asched_sqlite import NOTES as _AS_A_GUEST

TITLE = "asched, SQLite FULL, as served"
PACKAGES = ()
_SERVED = "in a process of its own, as `asched serve` has it"
NOTES = {workload: f"{_SERVED}; {_AS_A_GUEST[workload]}" for workload in ("burst", "spread", "stall", "recovery")}


def burst(race) -> None:
    from benchmarks.asserved import as_served
    from benchmarks.contestants import asched_sqlite

    as_served(lambda started: asched_sqlite.in_race(race, started))


spread = burst


def stall(crowd) -> None:
    from benchmarks.asserved import as_served
    from benchmarks.contestants import asched_sqlite

    as_served(lambda started: asched_sqlite.in_crowd(crowd, started))


def recovery(absence) -> None:
    from benchmarks.asserved import as_served
    from benchmarks.contestants import asched_sqlite

    asched_sqlite.served_before(absence)
    as_served(lambda started: asched_sqlite.come_back(absence, started))
