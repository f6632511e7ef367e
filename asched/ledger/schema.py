"""The tables of the SQLite ledger, as numbered migrations that only go forward.

Instants are microseconds since 1970 UTC, durations microseconds, mappings JSON text. The CHECKs couple columns, so
that a row cannot say two things. `fires` has two indexes of all its rows, its id and what
is unique, and no more: it is the big one. The others are of few rows. What is asked of each of its rows is asked with
OR: for an IN of three or more, SQLite builds a table in memory each time, which costs more than the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

APPLICATION_ID = 0x61736368
"""The text "asch", at byte 68 of the file: what tells our file from another's."""

_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO meta (key, value) VALUES ('commits', 0)",
    """
    CREATE TABLE instances (
        number INTEGER PRIMARY KEY CHECK (number >= 1),
        host TEXT NOT NULL, boot_id TEXT NOT NULL, pid INTEGER NOT NULL, pid_started INTEGER NOT NULL,
        started_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, left_at INTEGER, token TEXT NOT NULL DEFAULT '',
        UNIQUE (host, boot_id, pid, pid_started, started_at, token)
    ) STRICT
    """,
    """
    CREATE TABLE versions (
        job TEXT NOT NULL, version INTEGER NOT NULL,
        since INTEGER NOT NULL, trigger TEXT, definition TEXT NOT NULL,
        activated_at INTEGER NOT NULL, retired_at INTEGER,
        PRIMARY KEY (job, version)
    ) STRICT, WITHOUT ROWID
    """,
    # Beside the versions, not in them: they move at every fire, and a page holds a hundred of these rows.
    """
    CREATE TABLE watermarks (
        job TEXT NOT NULL, version INTEGER NOT NULL, watermark INTEGER NOT NULL, moved_by INTEGER NOT NULL,
        PRIMARY KEY (job, version)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE pauses (
        job TEXT PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, until INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE fires (
        id INTEGER PRIMARY KEY,
        job TEXT NOT NULL, version INTEGER NOT NULL, scheduled_at INTEGER NOT NULL, nonce TEXT NOT NULL,
        due_at INTEGER NOT NULL, origin TEXT NOT NULL, caught_up INTEGER NOT NULL CHECK (caught_up IN (0, 1)),
        args TEXT, upstream TEXT,
        owner INTEGER NOT NULL, decided_at INTEGER NOT NULL,
        decision TEXT NOT NULL CHECK (decision = 'start' OR decision = 'queue' OR decision = 'skip'),
        reason TEXT, facts TEXT, queued_at INTEGER,
        attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt >= 1),
        started_at INTEGER, finished_at INTEGER, duration INTEGER, outcome TEXT, detail TEXT, result TEXT,
        retry_at INTEGER, child_pid INTEGER, child_started INTEGER,
        UNIQUE (job, scheduled_at, nonce),
        CHECK ((decision = 'skip') = (reason IS NOT NULL)),
        CHECK (facts IS NULL OR decision = 'skip'),
        CHECK (decision <> 'queue' OR queued_at IS NOT NULL),
        CHECK ((decision = 'start') = (started_at IS NOT NULL)),
        CHECK ((outcome IS NULL) = (finished_at IS NULL) AND (outcome IS NULL) = (duration IS NULL)),
        CHECK (outcome IS NULL OR decision = 'start'),
        CHECK (outcome IS NOT NULL OR (detail IS NULL AND result IS NULL)),
        CHECK (retry_at IS NULL OR (decision = 'start' AND outcome IS NULL)),
        CHECK ((child_pid IS NULL) = (child_started IS NULL)),
        CHECK (child_pid IS NULL OR decision = 'start')
    ) STRICT
    """,
    # By id: ids only grow, so the few open ones stand together, and an insert touches the last page only.
    "CREATE INDEX fires_open ON fires (id) WHERE outcome IS NULL AND decision <> 'skip'",
    """
    CREATE TABLE attempts (
        fire INTEGER NOT NULL, attempt INTEGER NOT NULL, started_at INTEGER NOT NULL,
        finished_at INTEGER NOT NULL, duration INTEGER NOT NULL, outcome TEXT NOT NULL, detail TEXT, result TEXT,
        PRIMARY KEY (fire, attempt)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE output (
        fire INTEGER NOT NULL, seq INTEGER NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL,
        stream TEXT NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (fire, seq)
    ) STRICT
    """,
    """
    CREATE TABLE gaps (
        job TEXT NOT NULL, version INTEGER NOT NULL, after INTEGER NOT NULL, until INTEGER NOT NULL,
        reason TEXT NOT NULL, at INTEGER NOT NULL, count INTEGER, facts TEXT,
        PRIMARY KEY (job, version, after, until, reason),
        CHECK (after <= until)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE absences (
        since INTEGER NOT NULL, until INTEGER NOT NULL, cause TEXT NOT NULL, facts TEXT,
        PRIMARY KEY (since, until, cause)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE acts (
        at INTEGER NOT NULL, verb TEXT NOT NULL, by TEXT NOT NULL, job TEXT NOT NULL, run TEXT NOT NULL,
        reason TEXT NOT NULL,
        UNIQUE (at, verb, by, job, run, reason)
    ) STRICT
    """,
)

_SECOND = (
    "ALTER TABLE fires ADD COLUMN waited_for TEXT",
    "ALTER TABLE pauses ADD COLUMN on_resume TEXT",
    "ALTER TABLE instances ADD COLUMN took_over_at INTEGER",
    "UPDATE instances SET took_over_at = started_at WHERE token NOT LIKE 'visitor-%'",
    """
    CREATE TABLE streaks (
        job TEXT PRIMARY KEY, failures INTEGER NOT NULL CHECK (failures >= 0)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE occurrences (
        job TEXT NOT NULL, scheduled_at INTEGER NOT NULL, added INTEGER NOT NULL CHECK (added IN (0, 1)),
        moved_to INTEGER, ran INTEGER NOT NULL CHECK (ran IN (0, 1)),
        at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (job, scheduled_at, added),
        CHECK (moved_to IS NULL OR added = 0),
        CHECK (ran = 0 OR moved_to IS NOT NULL)
    ) STRICT, WITHOUT ROWID
    """,
    # Of failures only: for what is looked for most, and so that a prune finds those that are kept longer.
    """
    CREATE INDEX fires_failed ON fires (job, scheduled_at)
    WHERE outcome = 'failed' OR outcome = 'timed_out' OR outcome = 'abandoned'
    """,
    """
    CREATE TABLE backfills (
        number INTEGER PRIMARY KEY CHECK (number >= 1), job TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER NOT NULL, cursor INTEGER NOT NULL,
        at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
        at_once INTEGER NOT NULL CHECK (at_once >= 1), again INTEGER NOT NULL CHECK (again IN (0, 1)),
        state TEXT NOT NULL CHECK (state IN ('open', 'done', 'cancelled')), ended_at INTEGER
    ) STRICT
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND)
"""MIGRATIONS[n] leads from schema n to n + 1. A published one is never edited."""


def schema_of(connection: Connection) -> int:
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def migrate(connection: Connection) -> None:
    """Bring the schema up to date. Inside the caller's transaction, so that it is made whole or not at all."""
    for number, migration in enumerate(MIGRATIONS[schema_of(connection) :], start=schema_of(connection) + 1):
        for statement in migration:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
