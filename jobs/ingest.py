"""The ingest: an hourly feed, and a second step that follows only when the first brought something.

Whose job     somebody with a data mash-up on a laptop that sleeps, after cron (misses), launchd (two kinds of
              timer, two kinds of wake-up), `sched` (blocks) and `schedule`.
Needs         INGEST_URL: a JSON array of records, or {"records": [...]}, each with "id" and "updated". The
              details of one record are at <INGEST_URL>/<id> unless `details` says otherwise.
Try it        INGEST_URL=https://data.example/records asched run fetch_one

Guarantees    `fetch_one` keeps each raw answer in a file named by its scheduled instant, written whole or not at
              all, before anybody tries to understand it; then the records go into SQLite in one transaction.
              Its result belongs to the instant: a retry after a crash reports the same new ids again.
              `fetch_two` takes those ids, and what earlier hours left without details, and commits each as it
              comes: its retry goes on where it stopped. When nothing is new it says so and asks nobody.
On a laptop   Hours slept through become one run on wake-up: the feed tells what there is now, not what there was.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx
from anyio import to_thread

from asched import Run, job

TABLES = (
    """CREATE TABLE IF NOT EXISTS record (
           id         TEXT PRIMARY KEY,
           updated    TEXT NOT NULL,
           payload    TEXT NOT NULL,
           first_seen TEXT NOT NULL,
           last_seen  TEXT NOT NULL
       )""",
    """CREATE TABLE IF NOT EXISTS detail (
           id          TEXT PRIMARY KEY,
           payload     TEXT NOT NULL,
           fetched_for TEXT NOT NULL
       )""",
)

# `first_seen` is never touched again: it is what makes "new" a property of the instant, not of the attempt.
UPSERT = """
INSERT INTO record (id, updated, payload, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET updated = excluded.updated, payload = excluded.payload,
                               last_seen = excluded.last_seen"""

WITHOUT_DETAILS = """
SELECT record.id FROM record LEFT JOIN detail USING (id)
WHERE detail.id IS NULL ORDER BY record.first_seen, record.id"""


class SourceFailed(RuntimeError):
    """The source answered something else than what we came for."""


@dataclass(frozen=True, slots=True)
class Record:
    id: str
    updated: str
    payload: str


@job(
    "@hourly",
    secrets=("INGEST_URL",),
    catch_up="latest",
    timeout="5m",
    retry={"attempts": 3, "delay": "30s"},
    description="Fetch the feed, keep the raw answer, store its records",
)
async def fetch_one(
    run: Run,
    database: str = "state/ingest.db",
    raw: str = "state/ingest/raw",
    keep_raw: int = 720,
    answer_timeout: float = 30.0,
) -> dict[str, object]:
    """Store what the feed holds. `keep_raw` is how many raw answers stay (720: a month of hours)."""
    response = await run.http.get(run.secret("INGEST_URL"), timeout=answer_timeout)
    expect_200(response)
    instant = run.scheduled_at.astimezone(UTC)
    kept = Path(raw) / raw_name(instant)
    await to_thread.run_sync(keep, kept, response.content, keep_raw)
    records, unusable = wrangle(response.content, kept)
    if unusable:
        run.log.warning("ingest.records_skipped", count=unusable, raw=str(kept))
    ids = await to_thread.run_sync(store, Path(database), records, instant.isoformat())
    run.log.info("ingest.stored", records=len(records), new=len(ids))
    return {"new": len(ids), "ids": ids, "records": len(records), "skipped": unusable, "raw": str(kept)}


@job(
    after=fetch_one,
    secrets=("INGEST_URL",),
    timeout="20m",
    retry={"attempts": 3, "delay": "1m"},
    description="Fetch the details of what fetch_one found new",
)
async def fetch_two(
    run: Run,
    database: str = "state/ingest.db",
    details: str = "{url}/{id}",
    answer_timeout: float = 30.0,
) -> dict[str, object]:
    """Fetch the details of each new record. `details` is their address, made of {url} and {id}."""
    new = cast("list[str]", run.upstream(fetch_one)["ids"])
    if not new:
        run.log.info("ingest.nothing_new")
        return {"fetched": 0, "reason": "nothing new"}
    path = Path(database)
    failed: dict[str, str] = {}
    wanted = await to_thread.run_sync(without_details, path, new)
    for record_id in wanted:
        address = detail_address(details, run.secret("INGEST_URL"), record_id)
        try:
            payload = await fetch_detail(run, address, answer_timeout)
        except (httpx.TransportError, SourceFailed) as error:
            # One record's trouble is not the others': go on, and fail at the end with all that is missing.
            failed[record_id] = f"{type(error).__name__}: {error}"
            continue
        write = partial(store_detail, path, record_id, payload, run.scheduled_at.astimezone(UTC).isoformat())
        await to_thread.run_sync(write)
    run.log.info("ingest.details_fetched", fetched=len(wanted) - len(failed), failed=len(failed))
    if failed:
        raise SourceFailed(f"{len(failed)} of {len(wanted)} details are missing: {first_few(failed)}")
    return {"fetched": len(wanted), "ids": wanted}


async def fetch_detail(run: Run, address: str, timeout: float) -> str:
    response = await run.http.get(address, timeout=timeout)
    expect_200(response)
    return json.dumps(parse_json(response.content, str(response.url.path)))


# What an answer means: pure.


def expect_200(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise SourceFailed(f"the source answered {response.status_code}: {response.text.strip()[:200]}")


def parse_json(content: bytes, where: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        # On the road this is a hotel's log-in page, answered with status 200.
        raise SourceFailed(f"the answer is not JSON ({error}); it begins {content[:40]!r}; see {where}") from error


def wrangle(content: bytes, where: Path) -> tuple[list[Record], int]:
    """(records, how many entries were unusable). The last of several entries with one id wins."""
    answer = parse_json(content, str(where))
    entries = answer.get("records") if isinstance(answer, dict) else answer
    if not isinstance(entries, list):
        raise SourceFailed(f'expected a JSON array, or an object with an array "records"; see {where}')
    usable = [entry for entry in entries if is_record(entry)]
    records = {str(entry["id"]): to_record(entry) for entry in usable}
    return list(records.values()), len(entries) - len(usable)


def is_record(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(name), str | int) and entry[name] != "" for name in ("id", "updated")
    )


def to_record(entry: dict[str, Any]) -> Record:
    return Record(str(entry["id"]), str(entry["updated"]), json.dumps(entry, sort_keys=True))


def raw_name(instant: datetime) -> str:
    """Sorts by time, and has no colon for the file systems that mind."""
    return f"{instant:%Y-%m-%dT%H%M%SZ}.json"


def detail_address(details: str, url: str, record_id: str) -> str:
    return details.replace("{url}", url.rstrip("/")).replace("{id}", quote(record_id, safe=""))


def first_few(failed: dict[str, str]) -> str:
    told = "; ".join(f"{record_id} ({why})" for record_id, why in list(failed.items())[:5])
    return told if len(failed) <= 5 else f"{told}; ..."


# Files and the database: called in a thread.


def keep(path: Path, content: bytes, newest: int) -> None:
    write_atomically(path, content)
    for old in sorted(path.parent.glob("????-??-??T??????Z.json"))[: -max(newest, 1)]:
        old.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """The file is there whole, and stays after a power cut, or it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(".draft.tmp")  # one name, so that crashes leave one file at most
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A rename is durable only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with db:
            for table in TABLES:
                db.execute(table)
            yield db


def store(path: Path, records: Iterable[Record], instant: str) -> list[str]:
    """Insert or update all records; return the ids first seen at this instant."""
    with transaction(path) as db:
        db.executemany(UPSERT, [(r.id, r.updated, r.payload, instant, instant) for r in records])
        new = db.execute("SELECT id FROM record WHERE first_seen = ? ORDER BY id", (instant,))
        return [record_id for (record_id,) in new]


def store_detail(path: Path, record_id: str, payload: str, instant: str) -> None:
    with transaction(path) as db:
        db.execute("INSERT OR REPLACE INTO detail VALUES (?, ?, ?)", (record_id, payload, instant))


def without_details(path: Path, new: Sequence[str]) -> list[str]:
    """The new ids whose details are not here yet, then those that earlier runs had to leave."""
    with transaction(path) as db:
        there = {record_id for (record_id,) in db.execute("SELECT id FROM detail")}
        left = [record_id for (record_id,) in db.execute(WITHOUT_DETAILS)]
    return [record_id for record_id in dict.fromkeys([*new, *left]) if record_id not in there]
