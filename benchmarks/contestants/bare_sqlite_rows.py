"""The same with one row a commit: what a recorded run costs without group commit."""

from __future__ import annotations

from benchmarks.contestants import bare_sqlite

TITLE = "limit: SQLite, 1 row a commit"
PACKAGES = ()
NOTES = {"durable": "two commits a run, one for its start and one for its end"}


def durable(race) -> None:
    bare_sqlite.durable(race, at_once=1)
