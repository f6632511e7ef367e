"""The database: looked at every five minutes, copied every night.

Whose job     the administrator of the survey, who had a `SELECT 1` and a dump in somebody's crontab.
Needs         a SQLite database; by default the service's own ledger, so a fresh checkout is backed up too.
Try it        asched run database_check --arg database=app.db
              asched run database_backup --arg database=app.db --arg keep=14

Guarantees    `database_check` only reads. It fails when the file is missing, cannot answer or is damaged.
              `database_backup` copies one consistent state while others go on writing, checks the copy, and only
              then gives it its name: a file that looks like a backup is one. The newest `keep` stay, and only
              files that this job named are ever removed.

Both are plain functions, so they run in a thread. A thread cannot be killed: they look at `run.cancelled` while
SQLite works, so that a time-out or the end of the service stops them.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from asched import Run, job

STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's virtual machine: a few hundred looks at run.cancelled a second
PAGES_AT_ONCE = 1_000


class Damaged(RuntimeError):
    """SQLite found the file inconsistent."""


class Stopped(RuntimeError):
    """The run was cancelled while SQLite was at work."""


@job(
    "every 5m",
    timeout="1m",
    catch_up="none",  # the health of half an hour ago cannot be asked for now
    description="SELECT 1 and a quick integrity check",
)
def database_check(run: Run, database: str = "state/asched.db", busy_timeout: float = 10.0) -> dict[str, object]:
    """Ask and check the database. `busy_timeout` is how long to wait for a lock, in seconds."""
    path = existing(database)
    with reading(run, path, busy_timeout) as db:
        started = time.perf_counter()
        db.execute("SELECT 1").fetchone()
        answered = time.perf_counter()
        findings = check(db, "quick_check")
        checked = time.perf_counter()
    latency = {"select_ms": milliseconds(answered - started), "check_ms": milliseconds(checked - answered)}
    if findings:
        run.log.error("database.damaged", database=str(path), findings=findings)
        raise Damaged(f"{path}: {'; '.join(findings)}. Restore the newest backup, keep this file for later.")
    run.log.info("database.checked", database=str(path), **latency)
    return {"ok": True, "database": str(path), **latency}


@job(
    "daily at 02:30",
    timeout="30m",
    retry={"attempts": 3, "delay": "5m"},
    description="A checked copy of the database; the newest ones are kept",
)
def database_backup(
    run: Run,
    database: str = "state/asched.db",
    folder: str = "state/backups",
    keep: int = 7,
    busy_timeout: float = 30.0,
) -> dict[str, object]:
    """Copy the database to `folder` and keep the newest `keep` copies. `busy_timeout` is in seconds."""
    if keep < 1:
        raise ValueError(f"keep is {keep}: expected at least 1, or the new backup would be removed as well")
    source, target_folder = existing(database), Path(folder)
    target_folder.mkdir(parents=True, exist_ok=True)
    target = target_folder / backup_name(source.stem, run.scheduled_at)
    draft = target_folder / f".{source.stem}.tmp"  # one name, so that crashes leave one file at most
    try:
        copy(run, source, draft, busy_timeout)
        make_durable(draft)
        draft.replace(target)
    finally:
        remove_database(draft)
    make_durable(target_folder)
    removed = rotate(target_folder, source.stem, keep)
    size = target.stat().st_size
    run.log.info("database.backed_up", backup=str(target), bytes=size, removed=removed)
    return {"backup": str(target), "bytes": size, "removed": removed}


# Names: pure.


def backup_name(stem: str, scheduled_at: datetime) -> str:
    """In UTC, so that names sort by time through the night in which a clock goes back."""
    return f"{stem}-{scheduled_at.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"


def outdated(names: list[str], stem: str, keep: int) -> list[str]:
    """Which of the names to remove: this database's backups beyond the newest `keep`, never anything else."""
    ours = re.compile(re.escape(stem) + r"-\d{8}T\d{6}Z\.db")
    return sorted(name for name in names if ours.fullmatch(name))[:-keep]


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


# SQLite.


def existing(database: str) -> Path:
    path = Path(database)
    if not path.is_file():
        raise FileNotFoundError(f"no database at {path.absolute()}: set args.database of this job in config.toml")
    return path


@contextmanager
def reading(run: Run, path: Path, busy_timeout: float) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, nor create what is not there, and that gives up when the run is cancelled."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    opened = sqlite3.connect(address, uri=True, timeout=busy_timeout, isolation_level=None)
    with closing(opened) as db, stopping_with(run, db):
        yield db


@contextmanager
def stopping_with(run: Run, db: sqlite3.Connection) -> Iterator[None]:
    db.set_progress_handler(lambda: run.cancelled, STEPS_BETWEEN_LOOKS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if run.cancelled:
            raise Stopped("cancelled while SQLite was at work") from error
        raise


def check(db: sqlite3.Connection, pragma: str) -> list[str]:
    """What is wrong, in SQLite's words; a file too damaged to be checked is a finding as well."""
    try:
        rows = db.execute(f"PRAGMA {pragma}(20)").fetchall()
    except sqlite3.OperationalError:
        raise  # locked or interrupted: that says nothing about the file
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [str(row[0]) for row in rows if row[0] != "ok"]


def copy(run: Run, source: Path, target: Path, busy_timeout: float) -> None:
    """Copy one state of `source`, checked; `target` becomes a single file without a journal beside it."""
    remove_database(target)

    def look(_status: int, _remaining: int, _total: int) -> None:
        if run.cancelled:
            raise Stopped("cancelled while copying")

    with reading(run, source, busy_timeout) as db, closing(sqlite3.connect(target, isolation_level=None)) as made:
        # A read transaction of our own pins the state: otherwise each write by others starts the copy again.
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        db.backup(made, pages=PAGES_AT_ONCE, progress=look)
        made.execute("PRAGMA journal_mode = DELETE")
        with stopping_with(run, made):
            findings = check(made, "integrity_check")
    if findings:
        raise Damaged(f"the copy of {source} is damaged, so the original is too: {'; '.join(findings)}")


# Files.


def make_durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rotate(folder: Path, stem: str, keep: int) -> list[str]:
    removed = outdated([entry.name for entry in folder.iterdir()], stem, keep)
    for name in removed:
        (folder / name).unlink(missing_ok=True)
    return removed


def remove_database(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
