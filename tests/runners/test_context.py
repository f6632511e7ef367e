"""The Run: what a job may know and use while it runs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog

from asched.core.action import Action, Function
from asched.core.model import Attempt, Origin
from asched.runners.clients import Clients
from asched.runners.context import Run, current_run, enter_run, sleep
from asched.runners.registry import Runners
from asched.testing.runner_contract import Sink, attempt_of


async def nothing() -> None: ...


COROUTINE = Function(nothing, "jobs:nothing", "coroutine")
THREAD = Function(print, "jobs:print", "thread")


def run_of(action: Action = COROUTINE, sink: Sink | None = None, clients: Clients | None = None, **more: Any) -> Run:
    return Run(attempt_of(action, **more), sink or Sink(), clients or Clients(), lambda: False)


def test_what_it_says_of_itself() -> None:
    run = run_of(number=2, caught_up=True, args={"base": "EUR"})
    assert (run.id, run.job, run.attempt, run.origin, run.caught_up) == ("1-17", "job", 2, "schedule", True)
    assert run.args == {"base": "EUR"}
    assert repr(run) == "<Run 1-17 of job, attempt 2>"


def test_its_times_are_in_the_jobs_zone() -> None:
    run = run_of(timezone="Europe/Berlin")
    assert run.scheduled_at.isoformat() == "2026-11-21T08:00:00+01:00"
    assert (f"{run.scheduled_at:%F %Z}", run.due_at) == ("2026-11-21 CET", run.scheduled_at)


@pytest.mark.parametrize(("nonce", "key"), [("", "job/2026-11-21T07:00:00Z"), ("m1", "job/2026-11-21T07:00:00Z/m1")])
def test_its_key_is_the_fires(nonce: str, key: str) -> None:
    assert {run_of(nonce=nonce, number=n, timezone=zone).key for n in (1, 2) for zone in ("UTC", "Asia/Tokyo")} == {key}


def test_its_arguments_are_read_only() -> None:
    with pytest.raises(TypeError):
        run_of(args={"a": 1}).args["a"] = 2  # type: ignore[index]


def test_a_secret_is_had_by_name() -> None:
    assert run_of(secrets={"TOKEN": "x"}).secret("TOKEN") == "x"
    with pytest.raises(LookupError, match=r'job "job" asked for no secret "TOKEN": add secrets=\["TOKEN"\] to it'):
        run_of().secret("TOKEN")


@dataclass
class Definition:
    name: str


def rates() -> None: ...


rates.__asched__ = Definition("daily-rates")  # type: ignore[attr-defined]


@pytest.mark.parametrize("job", ["daily-rates", rates], ids=["name", "function"])
def test_an_upstreams_result_is_had_by_name_or_function(job: str | Callable[..., Any]) -> None:
    assert run_of(upstream={"daily-rates": {"USD": 1.1}}).upstream(job)["USD"] == 1.1


def test_what_is_not_upstream_is_said() -> None:
    with pytest.raises(LookupError, match=r'"daily-rates" is not upstream of job "job", which comes after other: name'):
        run_of(after=("other",), upstream={"other": 1}).upstream(rates)
    with pytest.raises(LookupError, match='"print" is not upstream of job'):
        run_of().upstream(print)


def test_a_run_that_comes_after_nothing_says_so_and_does_not_deny_what_its_job_comes_after() -> None:
    by_hand = run_of(after=("daily-rates",), origin=Origin.MANUAL)
    with pytest.raises(
        LookupError, match=r"started by hand, so there is no result of daily-rates: `asched run daily-r"
    ):
        by_hand.upstream(rates)
    with pytest.raises(LookupError, match=r"came after no other run, so there is no result of daily-rates$"):
        run_of(after=("daily-rates", "other")).upstream(rates)
    with pytest.raises(LookupError, match='"print" is not upstream of job "job", which comes after daily-rates: name'):
        by_hand.upstream(print)


def test_outside_a_job_there_is_no_current_run() -> None:
    with pytest.raises(RuntimeError, match="called outside a job"):
        current_run()


def test_inside_there_is() -> None:
    run = run_of()

    def inside() -> bool:
        enter_run(run)
        return current_run() is run

    assert copy_context().run(inside)


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    with structlog.testing.capture_logs() as logged:
        yield logged
    structlog.reset_defaults()


def test_its_log_goes_to_structlog_and_into_the_runs_output(logged: list[dict[str, Any]]) -> None:
    sink = Sink()
    log = run_of(sink=sink).log
    log.info("rates.fetched", base="EUR", took=0.5)
    log.bind(host="db 1").debug("%s done", "all")
    assert logged == [
        {"event": "rates.fetched", "log_level": "info", "job": "job", "run": "1-17", "base": "EUR", "took": 0.5},
        {"event": "all done", "log_level": "debug", "job": "job", "run": "1-17", "host": "db 1"},
    ]
    assert sink.text("log") == 'info rates.fetched base=EUR took=0.5\ndebug all done host="db 1"\n'


def test_a_logged_line_is_one_line(logged: list[dict[str, Any]]) -> None:
    """FAULTS 35: what is logged may come from anywhere."""
    sink = Sink()
    run_of(sink=sink).log.warning("a\nb\x1b[31m", value="c\r\nd")
    assert sink.text("log") == "warning a\\nb\\x1b[31m value=c\\r\\nd\n"


def test_a_logged_exception_is_named(logged: list[dict[str, Any]]) -> None:
    sink = Sink()
    try:
        raise ValueError("no rates\ntoday")
    except ValueError:
        run_of(sink=sink).log.exception("rates.failed")
    assert sink.text("log") == "error rates.failed ValueError: no rates\\ntoday\n"
    assert logged[0]["exc_info"]


async def test_http_fits_how_the_job_runs() -> None:
    clients = Clients()
    assert isinstance(run_of(COROUTINE, clients=clients).http, httpx.AsyncClient)
    assert isinstance(run_of(THREAD, clients=clients).http, httpx.Client)
    await clients.close()


@pytest.mark.parametrize(("timeout", "seconds"), [(None, 30), (timedelta(minutes=5), 300)])
async def test_http_waits_as_long_as_the_job_may(timeout: timedelta | None, seconds: float) -> None:
    assert run_of(timeout=timeout).http.timeout == httpx.Timeout(seconds)


async def test_http_is_made_once_a_run_and_closing_it_closes_no_others() -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    clients = Clients()
    first, second = run_of(clients=clients), run_of(clients=clients)
    assert first.http is first.http
    async with first.http:
        assert (await first.http.get(url)).text == "ok"
    assert (await second.http.get(url)).text == "ok"
    assert "a" in first.http.cookies
    assert (await asyncio.to_thread(run_of(THREAD, clients=clients).http.get, url)).text == "ok"
    await clients.close()
    server.close()


async def test_http_takes_the_environments_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    from asched.runners.transports import _proxy_for

    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert _proxy_for(httpx.URL("https://example.org/")) == ""
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert _proxy_for(httpx.URL("https://example.org/")) == "http://proxy.example:3128"
    assert _proxy_for(httpx.URL("https://db.inside.example:8443/")) == ""
    assert _proxy_for(httpx.URL("http://example.org/")) == ""


class FakeClock:
    """Time passes as soon as one waits for it."""

    def __init__(self) -> None:
        self.passed: list[float] = []

    def monotonic(self) -> float:
        return 0.0

    def call_at(self, deadline: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        self.passed.append(deadline)
        return asyncio.get_running_loop().call_later(0, callback)


async def test_a_jobs_waits_are_on_the_schedulers_clock() -> None:
    async def job() -> None:
        await sleep("2h")
        await sleep(0.5)

    clock: Any = FakeClock()
    runners = Runners(clock=clock)
    await runners.run(attempt_of(Function(job, "m:job", "coroutine")), Sink())
    assert clock.passed == [7200.0, 0.5]
    await runners.close()


async def test_outside_of_jobs_one_may_sleep_too() -> None:
    await sleep(0)


def test_what_is_not_used_is_not_loaded() -> None:
    script = """
import asyncio, sys
from asched.core.action import Command, Function
from asched.runners.context import Run
from asched.runners.registry import Runners
from asched.testing.runner_contract import Sink, attempt_of

async def job(run): return run.key

async def main():
    runners = Runners()
    for action in (Function(job, "m:job", "coroutine", "run"), Function(len, "m:len", "thread"), Command(("true",))):
        await runners.run(attempt_of(action), Sink())
    await runners.close()

asyncio.run(main())
print(sorted({"httpx", "structlog", "rich", "anyio"} & set(sys.modules) - before))
"""
    script = "import sys, pytest; before = set(sys.modules)\n" + script
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


@pytest.mark.parametrize("attempt", [attempt_of(COROUTINE)], ids=["coroutine"])
async def test_the_registry_makes_a_runner_when_it_is_needed(attempt: Attempt) -> None:
    runners = Runners()
    assert runners._made == {}
    await runners.run(attempt, Sink())
    assert list(runners._made) == ["coroutine"]
    assert runners.threads() == (0, 0)
    await runners.close()
