"""HTTP requests against endpoints that hang, drip, never end, and send us elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from asched.core.action import Action, Request
from asched.core.expectation import Expectation
from asched.core.outcome import ErrorNote, Failed, Outcome, Succeeded
from asched.engine.ports import Runner
from asched.runners import http, redirects
from asched.runners.expected import run_and_listen
from asched.runners.http import HttpRunner
from asched.runners.redirects import RefusedRedirect, check_hop
from asched.testing.runner_contract import RunnerContract, Sink, attempt_of

Write = Callable[[bytes], Awaitable[None]]


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


class Server:
    """Speaks just enough HTTP to be unpleasant. `requests` are the heads it was sent."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.port = 0
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    async def hang_up(self) -> None:
        for writer in self._open.values():
            writer.transport.abort()
        if self._open:
            await asyncio.wait(list(self._open))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        task: Any = asyncio.current_task()
        self._open[task] = writer
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests.append(head)
                self.asked.set()
                length = next((int(v) for k, v in _headers(head) if k == "content-length"), 0)
                self.requests[-1] += (await reader.readexactly(length)).decode()
                await self.respond(head.split()[1].lstrip("/").partition("?")[0], write, reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            del self._open[task]
            writer.close()

    async def respond(self, path: str, write: Write, reader: asyncio.StreamReader) -> None:
        match path.split("/"):
            case ["hang"]:
                await reader.read()
                raise ConnectionError
            case ["drip"]:
                await write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not reader.at_eof():
                    await write(b".")
                    await asyncio.sleep(0.01)
            case ["endless"]:
                await write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                while True:
                    await write(b"x" * 65536)
            case ["bomb"]:
                await write(answer(gzip.compress(b"0" * 10_000_000), "Content-Encoding: gzip"))
            case ["json"]:
                await write(answer(b'{"EUR": 1.5}', "Content-Type: application/json"))
            case ["broken-json"]:
                await write(answer(b"[" * 20_000, "Content-Type: application/json"))
            case ["latin"]:
                await write(answer("café".encode("latin-1"), "Content-Type: text/plain; charset=ISO-8859-1"))
            case ["codec"]:
                await write(answer(b"eJwrzy/KBgAGCQIl", "Content-Type: text/plain; charset=zlib_codec"))
            case ["image"]:
                await write(answer(b"\x89PNG", "Content-Type: image/png"))
            case ["cookie"]:
                await write(answer(b"ok", "Set-Cookie: session=1; Path=/"))
            case ["to", target]:
                location = bytes.fromhex(target).decode()
                await write(answer(b"", f"Location: {location}", status="302 Found"))
            case ["round"]:
                await write(answer(b"", "Location: /round", status="302 Found"))
            case ["status", number]:
                await write(answer(b"sorry,\n  no", "Content-Type: text/plain", status=f"{number} Whatever"))
            case ["garbage"]:
                await write(b"\0\0\0 not http\r\n\r\n")
            case ["cut"]:
                await write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
                raise ConnectionError
            case _:
                await write(answer(b"hello"))

    def redirecting_to(self, location: str) -> str:
        return self.url(f"to/{location.encode().hex()}")


def _headers(head: str) -> list[tuple[str, str]]:
    lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
    return [(name.lower(), value.strip()) for name, _, value in lines]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    await server.hang_up()


@pytest.fixture
async def runner() -> AsyncIterator[HttpRunner]:
    runner = HttpRunner()
    yield runner
    await runner.close()


Do = Callable[..., Awaitable[Outcome]]


@pytest.fixture
def do(runner: HttpRunner, server: Server) -> Do:
    async def do(path: str, sink: Sink | None = None, *, method: str = "GET", **more: Any) -> Outcome:
        url = path if ":" in path else server.url(path)
        return await asyncio.wait_for(runner.run(attempt_of(Request(method, url, **more)), sink or Sink()), 5)

    return do


def error_of(outcome: Outcome) -> ErrorNote:
    assert isinstance(outcome, Failed), outcome
    return outcome.error


def result_of(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.result is not None
    result: dict[str, Any] = json.loads(outcome.result)
    assert result.pop("elapsed_s") >= 0
    return result


class TestContract(RunnerContract):
    @pytest.fixture
    def runner(self) -> Runner:
        return HttpRunner()

    @pytest.fixture(autouse=True)
    def _serve(self, server: Server) -> None:
        self.server = server

    @pytest.fixture
    def succeeding(self, server: Server) -> Action:
        return Request("GET", server.url(""))

    @pytest.fixture
    def failing(self, server: Server) -> Action:
        return Request("GET", server.url("status/500"))

    @pytest.fixture
    def lasting(self, server: Server) -> Action:
        return Request("GET", server.url("hang"))

    async def has_begun(self, sink: Sink) -> None:
        await self.server.asked.wait()

    @pytest.fixture
    def strange(self, server: Server) -> Sequence[Action]:
        urls = [
            server.url("garbage"),
            server.url("cut"),
            server.redirecting_to("http://[::bad"),
            "http://127.0.0.1:1/",
            "http://no-such-host.invalid/",
            "file:///etc/passwd",
            "not a url",
            "http://\0/",
            "",
        ]
        return [*(Request("GET", url) for url in urls), Request("GE T", server.url(""), headers={"a b": "\n"})]


async def test_an_answer_is_output_and_result(do: Do) -> None:
    sink = Sink()
    assert result_of(await do("json", sink)) == {"status": 200, "length": 12, "json": {"EUR": 1.5}}
    assert sink.text() == '{"EUR": 1.5}'


async def test_what_is_sent(do: Do, server: Server) -> None:
    await do("x", method="POST", json={"a": 1}, headers={"X-A": "b"}, secret_headers={"X-Key": "k"}, params={"q": "ä"})
    head, _, body = server.requests[0].partition("\r\n\r\n")
    assert head.startswith("POST /x?q=%C3%A4 HTTP/1.1")
    assert dict(_headers(head)).items() >= {"x-a": "b", "x-key": "k", "accept-encoding": "identity"}.items()
    assert (json.loads(body), dict(_headers(head))["user-agent"]) == ({"a": 1}, "asched")


async def test_what_hangs_is_stopped_and_the_connection_closed(server: Server) -> None:
    """FAULTS 31. The engine's timeout cancels the task."""
    runner = HttpRunner()
    task = asyncio.ensure_future(runner.run(attempt_of(Request("GET", server.url("hang"))), Sink()))
    await server.asked.wait()
    task.cancel()
    await asyncio.wait({task})
    await asyncio.wait_for(server.hung_up.wait(), 2)
    assert task.cancelled()
    await runner.close()


@pytest.mark.parametrize("path", ["hang", "drip"])
async def test_without_a_timeout_there_is_one_for_the_whole(do: Do, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LONGEST", 0.1)
    error = error_of(await do(path))
    assert "TimeoutError" in error.types
    assert error.message.endswith("took longer than 0.1 s")


async def test_the_jobs_own_timeout_is_the_engines(
    runner: HttpRunner, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LONGEST", 0.01)
    attempt = attempt_of(Request("GET", server.url("drip"), max_body=5), timeout=timedelta(minutes=5))
    assert isinstance(await runner.run(attempt, Sink()), Succeeded)


async def test_what_never_ends_is_read_to_its_cap(do: Do, server: Server) -> None:
    sink = Sink()
    result = result_of(await do("endless", sink, max_body=100_000))
    assert result == {"status": 200, "length": 100_000, "truncated": True}
    assert len(sink.text()) == 100_000
    assert "reading stopped after 100000 bytes" in sink.text("note")
    await asyncio.wait_for(server.hung_up.wait(), 2)


async def test_a_bomb_is_not_unpacked(do: Do) -> None:
    sink = Sink()
    result = result_of(await do("bomb", sink))
    assert (result["encoding"], result["length"] < 20_000) == ("gzip", True)
    assert (sink.text(), "gzip-encoded although identity was asked for" in sink.text("note")) == ("", True)


@pytest.mark.parametrize(
    ("path", "text"), [("latin", "café"), ("codec", "eJwrzy/KBgAGCQIl"), ("image", ""), ("", "hello")]
)
async def test_a_body_is_shown_where_it_is_text(do: Do, path: str, text: str) -> None:
    sink = Sink()
    await do(path, sink)
    assert sink.text() == text


async def test_json_that_is_none_is_not_kept(do: Do) -> None:
    assert result_of(await do("broken-json")) == {"status": 200, "length": 20_000}


@pytest.mark.parametrize(
    ("path", "more", "message"),
    [
        ("status/500", {}, "answered 500 Internal Server Error, expected 2xx: sorry, no"),
        ("status/599", {}, "answered 599, expected 2xx: sorry, no"),
        ("", {"expect_status": (201, 202)}, "answered 200 OK, expected 201 or 202: hello"),
        ("", {"expect_body": "healthy"}, '"healthy" is not in the answer'),
        ("endless", {"expect_body": "y", "max_body": 9}, '"y" is not in the first 9 bytes of the answer'),
        (
            "to/2f",
            {},
            "answered 302 Found, expected 2xx; redirects are not followed (follow_redirects = true follows them)",
        ),
    ],
)
async def test_an_answer_that_was_not_expected(do: Do, path: str, more: dict[str, Any], message: str) -> None:
    assert error_of(await do(path, **more)).message == message


async def test_an_expected_answer(do: Do) -> None:
    assert result_of(await do("status/404", expect_status=(404,), expect_body="sorry"))["status"] == 404


async def test_the_body_is_the_output_in_which_a_job_expects_something(runner: HttpRunner, server: Server) -> None:
    attempt = attempt_of(Request("GET", server.url("")))
    outcomes = [
        await run_and_listen(runner, replace(attempt, job=replace(attempt.job, expect=expect)), Sink(), str)
        for expect in (Expectation(output="hello", some_output=True), Expectation(not_output="hello"))
    ]
    assert result_of(outcomes[0])["status"] == 200
    assert error_of(outcomes[1]).message == 'expected no output that matches "hello", got "hello"'


async def test_the_status_is_kept_with_the_error(do: Do) -> None:
    assert error_of(await do("status/503")).status == 503


async def test_network_errors_may_be_retried_by_pythons_names(do: Do) -> None:
    error = error_of(await do("http://127.0.0.1:1/path?token=1"))
    assert {"ConnectError", "httpx.ConnectError", "ConnectionError", "builtins.ConnectionError"} <= set(error.types)
    assert error.message.startswith("GET http://127.0.0.1:1/path: ")


async def test_redirects_are_followed_where_asked(do: Do, server: Server) -> None:
    sink = Sink()
    await do(server.redirecting_to("/final"), sink, follow_redirects=True)
    assert sink.text() == "hello"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file:///etc/passwd", "redirect to file: refused"),
        ("ftp://127.0.0.1/x", "redirect to ftp: refused"),
        ("http://169.254.169.254/latest/meta-data", "refused: a link-local address"),
        ("http://[fe80::1]/", "refused: a link-local address"),
        ("/round", "more than 5 redirects"),
    ],
)
async def test_redirects_that_are_refused(do: Do, server: Server, location: str, message: str) -> None:
    """FAULTS 32."""
    error = error_of(await do(server.redirecting_to(location), follow_redirects=True))
    assert message in error.message
    assert error.type == "RefusedRedirect"


@pytest.mark.parametrize(
    ("here", "there", "refused"),
    [
        ("http://93.184.216.34/", "http://10.0.0.1/", True),
        ("http://93.184.216.34/", "http://127.0.0.1/", True),
        ("http://93.184.216.34/", "http://[::ffff:127.0.0.1]/", True),
        ("http://93.184.216.34/", "http://8.8.8.8/", False),
        ("http://10.0.0.1/", "http://10.0.0.2/", False),
        ("http://10.0.0.1/", "http://8.8.8.8/", False),
        ("https://8.8.8.8/", "http://8.8.8.8/", True),
    ],
)
async def test_no_way_leads_from_outside_to_inside(here: str, there: str, refused: bool) -> None:
    if refused:
        with pytest.raises(RefusedRedirect):
            await check_hop(httpx.URL(here), httpx.URL(there))
    else:
        await check_hop(httpx.URL(here), httpx.URL(there))


async def test_secret_headers_stay_with_their_host(do: Do, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(url: httpx.URL) -> list[redirects.Address]:
        return [ipaddress.ip_address("127.0.0.1")]

    monkeypatch.setattr(redirects, "_addresses", nowhere)
    other = f"http://localhost:{server.port}/"
    await do(server.redirecting_to(other), follow_redirects=True, secret_headers={"X-Key": "k4narie"})
    assert ["k4narie" in head for head in server.requests] == [True, False]


async def test_cookies_stay_with_their_run(do: Do, server: Server) -> None:
    await do("cookie")
    await do("")
    assert "session" not in server.requests[1]


async def test_connections_are_shared(runner: HttpRunner, server: Server, do: Do) -> None:
    for _ in range(3):
        await do("")
    assert not server.hung_up.is_set()


async def test_secrets_are_masked_in_all_that_is_kept(runner: HttpRunner, server: Server) -> None:
    """FAULTS 34: the endpoint echoes the token, in its error and in its answer."""
    request = Request("GET", server.url(""), secret_headers={"Authorization": "Bearer hello"}, expect_status=(500,))
    error = error_of(await runner.run(attempt_of(request), Sink()))
    assert error.message == "answered 200 OK, expected 500: ***"
