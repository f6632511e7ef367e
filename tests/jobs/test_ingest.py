"""The ingest: raw answers kept, records stored once, details only for what is new."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_run import FakeRun
from service_double import Reply, ServiceDouble, free_port, reply_json

from jobs import ingest
from jobs.ingest import SourceFailed, detail_address, fetch_one, fetch_two

pytestmark = pytest.mark.anyio

FEED = [{"id": "a/1", "updated": "2026-11-21T05:00Z", "title": "A"}, {"id": 2, "updated": "x"}]


class Mashup:
    """Both steps, one after the other, as the scheduler calls them: with a run per fire."""

    def __init__(self, run: FakeRun, folder: Path, url: str) -> None:
        self.run = run
        self.run.secrets = {"INGEST_URL": f"{url}/records"}
        self.database = folder / "ingest.db"
        self.raw = folder / "raw"

    async def one(self, hour: int = 0, **knobs: Any) -> dict[str, Any]:
        self.run.scheduled_at = self.run.scheduled_at.replace(hour=7 + hour)
        result = await fetch_one(self.run, database=str(self.database), raw=str(self.raw), **knobs)
        self.run.results = {"fetch_one": json.loads(json.dumps(result))}
        return result

    async def two(self, **knobs: Any) -> dict[str, Any]:
        return await fetch_two(self.run, database=str(self.database), **knobs)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as db:
            return db.execute(query).fetchall()


@pytest.fixture
def mashup(run: FakeRun, tmp_path: Path, service: ServiceDouble) -> Mashup:
    service.on("GET", "/records", reply_json(FEED))
    return Mashup(run, tmp_path, service.url)


async def test_the_first_step_keeps_the_raw_answer_by_instant_and_stores_the_records(mashup: Mashup) -> None:
    result = await mashup.one()
    assert (result["new"], result["ids"]) == (2, ["2", "a/1"])
    [kept] = mashup.raw.iterdir()
    assert kept.name == "2026-11-21T060000Z.json"
    assert json.loads(kept.read_bytes()) == FEED
    assert mashup.rows("SELECT id, updated, first_seen FROM record ORDER BY id") == [
        ("2", "x", "2026-11-21T06:00:00+00:00"),
        ("a/1", "2026-11-21T05:00Z", "2026-11-21T06:00:00+00:00"),
    ]


async def test_a_retry_of_the_same_instant_reports_the_same_new_ids(mashup: Mashup) -> None:
    """Else a crash after the commit would hide them from the second step for ever."""
    assert await mashup.one() == await mashup.one()
    assert len(list(mashup.raw.iterdir())) == 1


async def test_the_next_hour_updates_what_is_known_and_reports_what_is_not(
    mashup: Mashup, service: ServiceDouble
) -> None:
    await mashup.one()
    later = [{"id": 2, "updated": "y"}, {"id": 3, "updated": "y"}]
    service.on("GET", "/records", reply_json({"records": later}))
    result = await mashup.one(hour=1)
    assert (result["new"], result["ids"]) == (1, ["3"])
    assert mashup.rows("SELECT id, updated FROM record ORDER BY id") == [
        ("2", "y"),
        ("3", "y"),
        ("a/1", "2026-11-21T05:00Z"),
    ]


async def test_the_second_step_fetches_the_details_of_each_new_record(mashup: Mashup, service: ServiceDouble) -> None:
    service.on("GET", "/records/2", reply_json({"n": 2}))
    service.on("GET", "/records/a%2F1", reply_json({"n": 1}))
    await mashup.one()
    assert await mashup.two() == {"fetched": 2, "ids": ["2", "a/1"]}
    assert mashup.rows("SELECT id, payload FROM detail ORDER BY id") == [("2", '{"n": 2}'), ("a/1", '{"n": 1}')]


async def test_when_nothing_is_new_the_second_step_says_so_and_asks_nobody(
    mashup: Mashup, service: ServiceDouble
) -> None:
    await mashup.one()
    assert (await mashup.one(hour=1))["new"] == 0
    before = len(service.requests)
    assert await mashup.two() == {"fetched": 0, "reason": "nothing new"}
    assert len(service.requests) == before
    assert mashup.run.log.events[-1] == "ingest.nothing_new"


@pytest.mark.parametrize("fault", [reply_json({}, 500), Reply(fault="reset"), Reply(200, b"<html>")])
async def test_a_failed_detail_fails_the_step_and_the_retry_fetches_only_what_is_missing(
    mashup: Mashup, service: ServiceDouble, fault: Reply
) -> None:
    service.on("GET", "/records/2", fault, reply_json({"n": 2}))
    service.on("GET", "/records/a%2F1", reply_json({"n": 1}))
    await mashup.one()
    with pytest.raises(SourceFailed, match=r"1 of 2 details are missing: 2 \("):
        await mashup.two()
    assert (await mashup.two())["ids"] == ["2"]
    assert service.paths()[1:] == ["/records/2", "/records/a%2F1", "/records/2"]


async def test_what_an_earlier_hour_left_is_fetched_with_the_next_news(mashup: Mashup, service: ServiceDouble) -> None:
    await mashup.one()
    service.on("GET", "/records", reply_json([*FEED, {"id": 3, "updated": "y"}]))
    await mashup.one(hour=1)
    for name in ("2", "3", "a%2F1"):
        service.on("GET", f"/records/{name}", reply_json({}))
    assert (await mashup.two())["ids"] == ["3", "2", "a/1"]


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_refusal_keeps_and_stores_nothing(mashup: Mashup, service: ServiceDouble, status: int) -> None:
    service.on("GET", "/records", reply_json({"message": "no"}, status))
    with pytest.raises(SourceFailed, match=str(status)):
        await mashup.one()
    assert not mashup.raw.exists()
    assert not mashup.database.exists()


@pytest.mark.parametrize("fault", ["reset", "hang", "cut"])
async def test_half_an_answer_keeps_and_stores_nothing(mashup: Mashup, service: ServiceDouble, fault: str) -> None:
    service.on("GET", "/records", reply_json(FEED, fault=fault))
    with pytest.raises(httpx.TransportError):
        await mashup.one(answer_timeout=0.1)
    assert not mashup.raw.exists()


async def test_no_network_is_a_failure(run: FakeRun, tmp_path: Path) -> None:
    with pytest.raises(httpx.ConnectError):
        await Mashup(run, tmp_path, f"http://127.0.0.1:{free_port()}").one()


@pytest.mark.parametrize("body", [b"<html>log in</html>", b'{"error": 1}', b"7", b'[{"id": 1'])
async def test_an_answer_that_is_no_feed_is_kept_and_named(mashup: Mashup, service: ServiceDouble, body: bytes) -> None:
    service.on("GET", "/records", Reply(200, body))
    with pytest.raises(SourceFailed, match=r"2026-11-21T060000Z\.json"):
        await mashup.one()
    assert next(mashup.raw.iterdir()).read_bytes() == body
    assert not mashup.database.exists()


async def test_unusable_records_are_counted_and_cost_the_others_nothing(mashup: Mashup, service: ServiceDouble) -> None:
    service.on("GET", "/records", reply_json([{"id": 1, "updated": "x"}, {"id": 2}, {"updated": "x"}, "x", None]))
    result = await mashup.one()
    assert (result["new"], result["skipped"]) == (1, 4)
    assert "ingest.records_skipped" in mashup.run.log.events


async def test_only_the_newest_raw_answers_stay_and_foreign_files_do(mashup: Mashup) -> None:
    mashup.raw.mkdir()
    (mashup.raw / "notes.json").write_text("mine")
    for hour in range(4):
        await mashup.one(hour=hour, keep_raw=2)
    assert sorted(path.name for path in mashup.raw.iterdir()) == [
        "2026-11-21T080000Z.json",
        "2026-11-21T090000Z.json",
        "notes.json",
    ]


def test_a_crash_while_writing_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "raw.json"
    ingest.write_atomically(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ingest.write_atomically(path, b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("raw.json", b"old")]


def test_details_may_live_elsewhere() -> None:
    address = detail_address("https://d.example/?key={id}", "https://s.example", "a b/ü")
    assert address == "https://d.example/?key=a%20b%2F%C3%BC"
    assert ingest.raw_name(FakeRun().scheduled_at - timedelta(hours=1)) == "2026-11-21T060000Z.json"
