"""The control socket: each verb, each refusal, and clients that misbehave (FAULTS 33)."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import asched
from asched import Scheduler
from asched.errors import ConfigurationError, Problem, Refused, ServiceUnreachable, UnknownJob
from asched.service.client import call, follow, is_running
from asched.service.control import LONGEST_LINE, Control

DEADLINE = 10.0


class Desk:
    """A scheduler with three jobs, and its control."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "control.sock"
        self.scheduler = Scheduler(ledger=":memory:", drain="0s")
        self.scheduler.add(_quick, "every 1h", name="quick")
        self.scheduler.add(_slow, "every 1h", name="slow")
        self.scheduler.add(_greet, "every 1h", name="greet", args={"name": "world"})
        self.reloads: list[Exception] = []
        self.dumps = 0
        self.control = Control(self.scheduler, self.path, facts={"pid": 1}, reload=self._reload, dump=self._dump)

    async def _reload(self) -> dict[str, object]:
        if self.reloads:
            raise self.reloads.pop()
        return {"added": []}

    def _dump(self) -> None:
        self.dumps += 1

    async def ask(self, verb: object, **fields: object) -> dict[str, Any]:
        return await self.say(json.dumps({"verb": verb, **fields}).encode() + b"\n")

    async def say(self, data: bytes) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            writer.write(data)
            async with asyncio.timeout(DEADLINE):
                line = await reader.readline()
        finally:
            await _close(writer)
        answer: dict[str, Any] = json.loads(line)
        return answer


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _quick() -> None: ...


async def _slow() -> None:
    await asched.sleep("1h")


async def _greet(name: str) -> str:
    return name


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    async with made.scheduler:
        await made.control.open()
        yield made
        await made.control.close()
    assert not made.path.exists()


async def test_the_socket_is_its_owners(desk: Desk) -> None:
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600
    assert is_running(desk.path)


async def test_status(desk: Desk) -> None:
    status = await desk.ask("status")
    assert status["ok"]
    assert status["pid"] == 1
    assert status["health"]["healthy"]
    assert {job["name"] for job in status["jobs"]} == {"quick", "slow", "greet"}


async def test_run_and_cancel(desk: Desk) -> None:
    run = (await desk.ask("run", job="slow", by="me", reason="why not"))["run"]
    assert (await desk.ask("run", job="slow"))["kind"] == "refused", "at its limits"
    (found,) = [job["running"] for job in (await desk.ask("status"))["jobs"] if job["name"] == "slow"]
    assert found == [run]
    assert (await desk.ask("cancel", run=run, reason="enough"))["ok"]
    for _ in range(100):
        answer = await desk.ask("cancel", run=run)
        if not answer["ok"]:
            break
        await asyncio.sleep(0.02)
    assert answer["kind"] == "refused"
    (record,) = await desk.scheduler["slow"].runs()
    assert record.outcome is not None
    assert record.outcome.kind == "cancelled"


async def test_run_with_arguments_for_an_instant(desk: Desk) -> None:
    answer = await desk.ask("run", job="greet", args={"name": "you"}, at="2026-01-01T00:00:00+01:00")
    assert answer["ok"]
    (record,) = await desk.scheduler["greet"].runs()
    assert record.scheduled_at == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert record.fire.args == {"name": "you"}


async def test_pause_and_resume(desk: Desk) -> None:
    assert (await desk.ask("pause", job="quick", reason="hush", **{"for": "2h"}))["ok"]
    (paused,) = [job["paused"] for job in (await desk.ask("status"))["jobs"] if job["name"] == "quick"]
    assert paused["reason"] == "hush"
    assert paused["until"]
    assert (await desk.ask("resume", job="quick"))["ok"]
    assert (await desk.ask("resume", job="quick"))["kind"] == "refused"


async def test_skip_move_add_and_restore(desk: Desk) -> None:
    skipped = await desk.ask("skip", job="quick", by="me", reason="holiday")
    assert (skipped["ok"], skipped["kind"], skipped["to"], skipped["by"]) == (True, "skip", None, "me")
    moved = await desk.ask("move", job="quick", to="2098-01-01T00:00:00+01:00")
    assert (moved["scheduled_at"] > skipped["scheduled_at"], moved["to"]) == (True, "2097-12-31T23:00:00+00:00")
    added = await desk.ask("add", job="quick", at="2099-01-01T00:00:00Z")
    assert added["scheduled_at"] == "2099-01-01T00:00:00+00:00"
    assert [one.kind for one in desk.scheduler["quick"].occurrences] == ["skip", "move", "add"]
    assert (await desk.ask("restore", job="quick"))["scheduled_at"] == skipped["scheduled_at"]
    assert (await desk.ask("restore", job="quick", at=added["scheduled_at"]))["kind"] == "add"
    assert (await desk.ask("restore", job="quick", at=added["scheduled_at"]))["kind"] == "refused"
    assert (await desk.ask("add", job="quick"))["kind"] == "add"  # now
    assert (await desk.ask("add", job="quick", at="2099-01-01"))["kind"] == "usage"
    assert (await desk.ask("move", job="quick", to="2099-01-01"))["kind"] == "usage"


async def test_reload_and_dump(desk: Desk) -> None:
    assert await desk.ask("reload") == {"ok": True, "added": []}
    desk.reloads.append(ConfigurationError([Problem("minute 61", "no.toml", 3)]))
    answer = await desk.ask("reload")
    assert (answer["ok"], answer["kind"]) == (False, "configuration")
    assert (answer["problems"][0]["path"], answer["problems"][0]["line"]) == ("no.toml", 3)
    assert (await desk.ask("dump"))["ok"]
    assert desk.dumps == 1


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"verb": "run", "job": "nobody"}, "unknown_job"),
        ({"verb": "pause", "job": "nobody"}, "unknown_job"),
        ({"verb": "resume", "job": "nobody"}, "unknown_job"),
        ({"verb": "cancel", "run": "9-9"}, "unknown_run"),
        ({"verb": "cancel", "run": "no run"}, "unknown_run"),
        ({"verb": "cancel"}, "usage"),
        ({"verb": "run"}, "usage"),
        ({"verb": "run", "job": 7}, "usage"),
        ({"verb": "run", "job": ["quick"]}, "usage"),
        ({"verb": "run", "job": "quick", "at": "yesterday"}, "usage"),
        ({"verb": "run", "job": "quick", "at": 5}, "usage"),
        ({"verb": "run", "job": "quick", "at": "2026-01-01T00:00:00"}, "usage"),
        ({"verb": "run", "job": "quick", "args": "text"}, "usage"),
        ({"verb": "run", "job": "quick", "args": [1]}, "usage"),
        ({"verb": "pause", "job": "quick", "for": "some time"}, "usage"),
        ({"verb": "explode"}, "usage"),
        ({"verb": None}, "usage"),
        ({}, "usage"),
    ],
)
async def test_refusals_say_of_which_kind(desk: Desk, fields: dict[str, object], kind: str) -> None:
    answer = await desk.say(json.dumps(fields).encode() + b"\n")
    assert (answer["ok"], answer["kind"]) == (False, kind)
    assert answer["message"]
    assert (await desk.ask("status"))["health"]["healthy"]


@pytest.mark.parametrize(
    "data", [b"\n", b"garbage\n", b"\xff\xfe\x00\n", b"[]\n", b"7\n", b"[" * 50_000 + b"\n", b'{"verb": NaN}\n']
)
async def test_garbage_is_refused(desk: Desk, data: bytes) -> None:
    assert not (await desk.say(data))["ok"]
    assert (await desk.ask("status"))["ok"]


async def test_a_line_without_end_is_refused(desk: Desk) -> None:
    assert (await desk.say(b"x" * (LONGEST_LINE * 2 + 10)))["kind"] == "usage"
    assert (await desk.ask("status"))["ok"]


async def test_many_requests_on_one_connection(desk: Desk) -> None:
    reader, writer = await asyncio.open_unix_connection(str(desk.path), limit=1 << 20)
    writer.write(b'{"verb": "status"}\n' * 50)
    async with asyncio.timeout(DEADLINE):
        for _ in range(50):
            assert json.loads(await reader.readline())["ok"]
    await _close(writer)


async def test_many_clients_and_some_that_say_nothing(desk: Desk) -> None:
    silent = [await asyncio.open_unix_connection(str(desk.path)) for _ in range(50)]
    async with asyncio.timeout(DEADLINE):
        answers = await asyncio.gather(*(desk.ask("status") for _ in range(50)))
    assert all(answer["ok"] for answer in answers)
    for _, writer in silent:
        await _close(writer)


async def test_follow(desk: Desk) -> None:
    found: list[dict[str, Any]] = []

    async def listen() -> None:
        async for event in follow(desk.path, job="quick"):
            found.append(event)
            if event["type"] == "run.succeeded":
                return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    await desk.ask("run", job="greet")
    await desk.ask("run", job="quick")
    async with asyncio.timeout(DEADLINE):
        await listening
    assert {event["job"] for event in found} == {"quick"}
    assert all("at" in event for event in found)


async def test_a_follower_that_leaves_is_forgotten(desk: Desk) -> None:
    """At once, not only with the next event of its job."""
    reader, writer = await asyncio.open_unix_connection(str(desk.path))
    writer.write(b'{"verb": "follow", "job": "never"}\n')
    async with asyncio.timeout(DEADLINE):
        assert json.loads(await reader.readline())["ok"]
    assert desk.scheduler.bus.heard
    await _close(writer)
    async with asyncio.timeout(DEADLINE):
        while desk.scheduler.bus.heard:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_follower_that_does_not_read_holds_up_nobody(desk: Desk) -> None:
    _, writer = await asyncio.open_unix_connection(str(desk.path))
    writer.write(b'{"verb": "follow"}\n')
    await asyncio.sleep(0.05)
    for _ in range(5000):
        desk.scheduler.bus.publish({"type": "noise", "text": "x" * 100})
    assert (await desk.ask("status"))["ok"]
    await _close(writer)


async def test_the_client_raises_what_was_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UnknownJob, match="nobody"):
        await call(desk.path, "run", job="nobody")
    with pytest.raises(Refused):
        await call(desk.path, "resume", job="quick")
    with pytest.raises(ServiceUnreachable):
        await call(tmp_path / "none.sock", "status")
    assert not is_running(tmp_path / "none.sock")


async def test_a_path_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    desk = Desk(folder)
    async with desk.scheduler:
        await desk.control.open()
        assert (await call(desk.path, "status"))["ok"]
        await desk.control.close()


async def test_closing_leaves_the_socket_of_the_next_one(tmp_path: Path) -> None:
    first, second = Desk(tmp_path), Desk(tmp_path)
    async with first.scheduler, second.scheduler:
        await first.control.open()
        await second.control.open()
        await first.control.close()
        assert is_running(second.path)
        await second.control.close()
