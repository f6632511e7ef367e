"""asched as `asched serve` runs it, in a process of its own: full garbage collections only where nothing is due."""

from __future__ import annotations

TITLE = "asched, SQLite FULL, served"
PACKAGES = ()
NOTES = {"recovery": "the same with the collector of `asched serve`; the one above leaves it as an embedded one does"}


def recovery(absence) -> None:
    from asched.service.collector import Collector
    from benchmarks.contestants import asched_sqlite

    with Collector() as collector:
        asched_sqlite.recovery(absence, started=collector.settle)
