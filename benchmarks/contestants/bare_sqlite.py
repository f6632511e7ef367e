"""The limit for anything on SQLite: one connection, WAL, 1,000 runs a transaction, nothing decided and nothing run."""

from __future__ import annotations

import sqlite3
import time

TITLE = "limit: SQLite, 1,000 rows a commit"
PACKAGES = ()
NOTES = {"durable": "an insert for each start and an update for each end, from one loop that does nothing else"}

SCHEMA = """
    CREATE TABLE run (id INTEGER PRIMARY KEY, job TEXT, due INTEGER, started INTEGER, finished INTEGER, outcome TEXT,
                      UNIQUE (job, due))
"""  # the unique key is what makes a second start of one fire impossible: no ledger can do without
START = "INSERT INTO run (id, job, due, started) VALUES (?, ?, ?, ?)"
END = "UPDATE run SET finished = ?, outcome = 'succeeded' WHERE id = ? AND outcome IS NULL"


def durable(race, at_once: int = 1000) -> None:
    connection = sqlite3.connect(race.folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {race.synchronous}")
    connection.execute(SCHEMA)
    race.begin()
    while race.going():
        now = int(time.time() * 1e6)
        ids = range(race.count, race.count + at_once)
        _commit(connection, START, [(id, race.names[id % race.jobs], now, now) for id in ids])
        _commit(connection, END, [(now, id) for id in ids])
        race.count += at_once
    connection.close()


def _commit(connection: sqlite3.Connection, statement: str, rows: list) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(statement, rows)
    connection.execute("COMMIT")
