"""asched's ledger with a long history, and the commands that ask about it.

Ten minutes are served by asched itself, on a clock of its own; the rest are copies of them, each further back.
"""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta

TITLE = "asched, SQLite FULL"
PACKAGES = ()
NOTES = {"history": "no peer keeps a history of runs that could be asked"}
SERVED = timedelta(minutes=10)
INSTANTS = ("scheduled_at", "due_at", "decided_at", "started_at", "finished_at")  # microseconds


def history(past) -> None:
    from benchmarks.workloads.history import JOBS

    ledger = past.folder / "asched.db"
    names = [f"job-{index}" for index in range(JOBS)]
    asyncio.run(_serve(ledger, names))
    oldest = _copy(ledger, past.rows)
    _configure(past.folder, names, past.rows // JOBS)
    past.found["file_mb"] = ledger.stat().st_size / 1e6
    asched = ("-m", "asched", "--config", "config.toml")
    past.asked("runs_ms", *asched, "runs", names[7])
    past.asked("why_ms", *asched, "why", names[7])
    past.asked("strip_ms", *asched, "history", names[7])
    then = oldest + past.pruned // JOBS * timedelta(minutes=1)
    past.prune(*((*asched, "db", "prune", "--before", at.isoformat()) for at in (oldest, then)))


async def _serve(ledger, names) -> None:
    from asched import Scheduler, every
    from asched.testing.clock import FakeClock

    async def nothing() -> None: ...

    now = datetime.now(UTC).replace(second=30, microsecond=0)
    clock = FakeClock(now - SERVED)
    scheduler = Scheduler(ledger=ledger, clock=clock)
    for name in names:
        scheduler.add(nothing, every("1m", anchor=now.replace(second=0) - 2 * SERVED), name=name)
    async with scheduler:
        await clock.advance(SERVED)


def _copy(ledger, rows):
    """So that there are `rows` fires, ids in the order of time. Returns the oldest instant."""
    with sqlite3.connect(ledger) as connection:
        (served,) = connection.execute("SELECT count(*) FROM fires").fetchone()
        copies = rows // served - 1
        back = copies * SERVED // timedelta(microseconds=1)
        connection.execute("UPDATE fires SET id = id + ?", (copies * served,))
        connection.execute(_copying(connection), {"served": served, "copies": copies})
        connection.execute("UPDATE versions SET since = since - ?", (back,))
        (oldest,) = connection.execute("SELECT min(scheduled_at) FROM fires").fetchone()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return datetime.fromtimestamp(oldest // 1_000_000, UTC)


def _copying(connection) -> str:
    columns = [row[1] for row in connection.execute("PRAGMA table_info(fires)")]
    span = SERVED // timedelta(microseconds=1)
    moved = {"id": "id - n * :served", **{column: f"{column} - n * {span}" for column in INSTANTS}}
    return f"""
        WITH RECURSIVE copies(n) AS (SELECT :copies UNION ALL SELECT n - 1 FROM copies WHERE n > 1)
        INSERT INTO fires ({", ".join(columns)})
        SELECT {", ".join(moved.get(column, column) for column in columns)} FROM copies CROSS JOIN fires
    """


def _configure(folder, names, kept) -> None:
    """Retention keeps as many runs of each job as there are: what is pruned is asked for."""
    service = f'[service]\nledger = "asched.db"\nstate_dir = "{folder}"\n'
    service += f"retention = {{ days = 36500, runs_per_job = {kept} }}\n"
    jobs = (f'\n[[job]]\nname = "{name}"\nschedule = "every 1m"\ncommand = ["true"]\n' for name in names)
    (folder / "config.toml").write_text(service + "".join(jobs))
