"""The exchange rate: one line a date, and patience with the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from fake_run import BERLIN, FakeRun
from service_double import Reply, ServiceDouble, free_port, reply_json

import asched
from jobs.exchange_rate import NoNetwork, NoRate, append_once, exchange_rate, pauses

pytestmark = pytest.mark.anyio

RATES = reply_json({"result": "success", "base_code": "USD", "rates": {"USD": 1, "INR": 84.25}})


@pytest.fixture
def run(run: FakeRun) -> FakeRun:
    run.scheduled_at = datetime(2026, 11, 21, 10, 30, tzinfo=BERLIN)
    return run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "new" / "rates.csv"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the job slept, in no time."""
    seconds: list[float] = []
    sleeping(monkeypatch, seconds.append)
    return seconds


def text(table: Path) -> str | None:
    return table.read_text() if table.exists() else None


def sleeping(monkeypatch: pytest.MonkeyPatch, then: Callable[[float], object]) -> None:
    async def sleep(seconds: float) -> None:
        then(seconds)

    monkeypatch.setattr(asched, "sleep", sleep)


async def test_a_line_with_the_date_of_the_scheduled_instant(run: FakeRun, service: ServiceDouble, table: Path) -> None:
    service.on("GET", "/USD", RATES)
    result = await exchange_rate(run, url=f"{service.url}/USD", file=str(table))
    assert result == {"date": "2026-11-21", "rate": 84.25, "appended": True}
    assert text(table) == "2026-11-21,84.25\n"


async def test_the_date_is_the_one_in_the_jobs_zone(run: FakeRun, service: ServiceDouble, table: Path) -> None:
    run.scheduled_at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC).astimezone(BERLIN)
    service.on("GET", "/USD", RATES)
    await exchange_rate(run, url=f"{service.url}/USD", file=str(table))
    assert text(table) == "2026-11-21,84.25\n"


async def test_a_second_run_for_a_date_adds_nothing_and_asks_nobody(
    run: FakeRun, service: ServiceDouble, table: Path
) -> None:
    service.on("GET", "/USD", RATES)
    ends = [await exchange_rate(run, url=f"{service.url}/USD", file=str(table)) for _ in range(2)]
    assert [end["appended"] for end in ends] == [True, False]
    assert len(service.requests) == 1
    assert text(table) == "2026-11-21,84.25\n"


async def test_it_waits_longer_and_longer_until_the_network_is_there(
    run: FakeRun, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, slept = free_port(), []
    with ExitStack() as stack:

        def on_the_third_sleep_the_service_comes_up(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                stack.enter_context(ServiceDouble(port)).on("GET", "/USD", RATES)

        sleeping(monkeypatch, on_the_third_sleep_the_service_comes_up)
        result = await exchange_rate(run, url=f"http://127.0.0.1:{port}/USD", file=str(table))
    assert result["appended"] is True
    assert slept == [5, 10, 20]
    waits = [fields for _, event, fields in run.log.lines if event == "exchange_rate.waiting"]
    assert [(wait["host"], wait["seconds"], wait["waited"]) for wait in waits] == [
        ("127.0.0.1", 5, 0),
        ("127.0.0.1", 10, 5),
        ("127.0.0.1", 20, 15),
    ]


@pytest.mark.parametrize("fault", ["reset", "hang", "cut"])
async def test_a_network_that_breaks_off_is_waited_for_as_well(
    run: FakeRun, service: ServiceDouble, table: Path, slept: list[float], fault: str
) -> None:
    service.on("GET", "/USD", Reply(200, RATES.body, fault=fault), RATES)
    await exchange_rate(run, url=f"{service.url}/USD", file=str(table), answer_timeout=0.1)
    assert slept == [5]
    assert text(table) == "2026-11-21,84.25\n"


async def test_patience_ends(run: FakeRun, table: Path, slept: list[float]) -> None:
    with pytest.raises(NoNetwork, match=r"no answer from 127\.0\.0\.1 after 12 s"):
        await exchange_rate(run, url=f"http://127.0.0.1:{free_port()}/USD", file=str(table), patience=12)
    assert slept == [5, 7]
    assert text(table) is None


async def test_a_misspelt_address_is_not_waited_for(run: FakeRun, table: Path, slept: list[float]) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        await exchange_rate(run, url="htp://rates.example/USD", file=str(table))
    assert slept == []


NONSENSE = [
    reply_json({"message": "no"}, 401),
    reply_json({}, 429),
    reply_json({}, 500),
    Reply(200, b"<html>log in</html>"),
    reply_json([]),
    reply_json({"rates": {"EUR": 0.9}}),
    reply_json({"rates": None}),
    reply_json({"rates": {"INR": "84"}}),
    reply_json({"rates": {"INR": -1}}),
    reply_json({"rates": {"INR": True}}),
    Reply(200, b'{"rates": {"INR": NaN}}'),
]


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda reply: f"{reply.status} {reply.body.decode()}")
async def test_an_answer_without_the_rate_fails_at_once_and_writes_nothing(
    run: FakeRun, service: ServiceDouble, table: Path, slept: list[float], answer: Reply
) -> None:
    service.on("GET", "/USD", answer)
    with pytest.raises(NoRate):
        await exchange_rate(run, url=f"{service.url}/USD", file=str(table))
    assert (slept, text(table)) == ([], None)


async def test_a_cancelled_wait_ends_the_job(run: FakeRun, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(seconds: float) -> None:
        raise asyncio.CancelledError

    sleeping(monkeypatch, cancelled)
    with pytest.raises(asyncio.CancelledError):
        await exchange_rate(run, url=f"http://127.0.0.1:{free_port()}/USD", file=str(table))


def test_lines_are_added_after_what_is_there_even_without_its_newline(tmp_path: Path) -> None:
    table = tmp_path / "rates.csv"
    table.write_text("date,INR\n2026-11-19,84.0")
    assert append_once(table, date(2026, 11, 20), 84.5)
    assert not append_once(table, date(2026, 11, 19), 99.0)
    assert text(table) == "date,INR\n2026-11-19,84.0\n2026-11-20,84.5\n"
    assert [path.name for path in tmp_path.iterdir()] == ["rates.csv"]


def test_writers_at_the_same_time_add_one_line_a_date(tmp_path: Path) -> None:
    table = tmp_path / "rates.csv"
    days = [date(2026, 11, day) for day in (1, 2, 3, 4) * 5]
    with ThreadPoolExecutor(8) as pool:
        appended = list(pool.map(lambda day: append_once(table, day, 84.0), days))
    assert sum(appended) == 4
    assert sorted((text(table) or "").splitlines()) == [f"2026-11-0{day},84.0" for day in (1, 2, 3, 4)]


async def test_pauses_double_up_to_the_longest_and_add_up_to_the_patience() -> None:
    assert list(pauses(5, 20, 70)) == [5, 10, 20, 20, 15]
    assert list(pauses(5, 20, 0)) == []
