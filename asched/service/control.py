"""The control socket: JSON Lines over a unix socket, for the command line. One request, one answer; `follow` streams.

{"verb": "run", "job": "backup"}       ->  {"ok": true, "run": "3-17"}
{"verb": "run", "job": "bakcup"}       ->  {"ok": false, "kind": "unknown_job", "message": "…"}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from asched.core.change import Backfill
from asched.core.english.reasons import explain_wait
from asched.core.localtime.zones import zone
from asched.core.outcome import Queue
from asched.errors import AschedError, ConfigurationError, Problem, Refused, ScheduleError, UnknownJob, UnknownRun
from asched.handles import RunHandle
from asched.scheduler import Scheduler
from asched.service.arranging import arrange
from asched.service.encoding import encoded
from asched.service.socketfile import bind
from asched.service.status import recovery_of, status_of

LONGEST_LINE = 1 << 16  # bytes of a request

Request = Mapping[str, Any]
Answer = dict[str, object]

_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (UnknownJob, "unknown_job"),
    (UnknownRun, "unknown_run"),
    (ConfigurationError, "configuration"),
    (ScheduleError, "usage"),
    (Refused, "refused"),
    (KeyError, "usage"),
    (TypeError, "usage"),
    (ValueError, "usage"),
    (AschedError, "failed"),
)


class Control:
    """Answers on the socket at `path`. `facts` go into every status; `reload` and `dump` are the service's own."""

    def __init__(
        self,
        scheduler: Scheduler,
        path: Path,
        *,
        facts: Mapping[str, object],
        reload: Callable[[], Awaitable[Answer]],
        dump: Callable[[], None],
    ) -> None:
        self._scheduler = scheduler
        self._path = path
        self._facts = facts
        self._reload = reload
        self._dump = dump
        self._server: asyncio.Server | None = None
        self._inode = 0
        self._clients: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, sock=bind(self._path), limit=LONGEST_LINE)
        self._inode = self._path.stat().st_ino

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for client in list(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:  # the next service may listen there already
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.LimitOverrunError, ValueError, asyncio.CancelledError):
            pass  # a client that goes away, or sends a line without end, harms only itself
        finally:
            self._clients.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await _line(reader, writer):
            request, answer = await self._answer(line)
            if request.get("verb") == "follow" and answer["ok"]:
                await self._follow_until_left(request, answer, reader, writer)
                return
            else:
                await _send(writer, answer)

    async def _answer(self, line: bytes) -> tuple[Request, Answer]:
        request: Request = {}
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("a request is a JSON object")
            return request, {"ok": True, **await self._do(request)}
        except Exception as error:
            return request if isinstance(request, dict) else {}, _refusal(error)

    async def _do(self, request: Request) -> Answer:
        scheduler = self._scheduler
        by, reason = str(request.get("by", "cli")), str(request.get("reason", ""))
        match request.get("verb"):
            case "status":
                return {**self._facts, **status_of(scheduler)}
            case "run":
                handle = await scheduler[_text(request, "job")].run(
                    args=_arguments(request),
                    scheduled_at=_instant(request),
                    by=by,
                    reason=reason,
                )
                return await _begun(handle)
            case "retry":
                return await _begun(await scheduler.retry(_text(request, "run"), reason, by=by))
            case "cancel" if "job" in request:
                cancelled = await scheduler[_text(request, "job")].cancel_runs(reason or "cancelled", by=by)
                return {"runs": [handle.id for handle in cancelled]}
            case "cancel":
                await scheduler.cancel(_text(request, "run"), reason or "cancelled", by=by)
            case "pause" | "resume" if "job" in request:
                return await self._one_job(request, by, reason)
            case "pause":
                paused = await scheduler.pause(self._jobs(request), reason, by=by, **_pausing(request))
                return {"jobs": list(paused)}
            case "resume":
                return {"jobs": list(await scheduler.resume(self._jobs(request), reason, by=by))}
            case "skip" | "move" | "add" | "restore" as verb:
                job = scheduler[_text(request, "job")]
                return await arrange(job, verb, _instant(request), _instant(request, "to"), by, reason)
            case "prune":
                dry_run = request.get("dry_run") is True
                before = _instant(request, "before")
                return {"fires": await scheduler.prune(before, dry_run=dry_run, by=by, reason=reason)}
            case "drain":
                await scheduler.begin_drain(reason, by=by)
            case "end drain":
                await scheduler.end_drain(reason, by=by)
            case "backfill":
                return {"number": (await self._backfill(request, by, reason)).number}
            case "cancel backfill":
                await scheduler.cancel_backfill(int(request["number"]), reason, by=by)
            case "recovery":
                return recovery_of(scheduler.recovery())
            case "approve":
                return {"fires": await scheduler.approve_recovery(by=by, reason=reason)}
            case "abort":
                return {"fires": await scheduler.abort_recovery(_names(request), by=by, reason=reason)}
            case "reload":
                return await self._reload()
            case "dump":
                self._dump()
            case "follow":
                pass
            case other:
                raise ValueError(f"unknown verb {other!r}")
        return {}

    async def _one_job(self, request: Request, by: str, reason: str) -> Answer:
        handle = self._scheduler[_text(request, "job")]
        if request["verb"] == "pause":
            await handle.pause(reason, by=by, **_pausing(request))
        else:
            await handle.resume(reason, by=by)
        return {"jobs": [handle.name]}

    def _jobs(self, request: Request) -> Sequence[str] | None:
        """Those that are named, or have the tag; None: all."""
        if request.get("tag") is not None:
            return self._scheduler.tagged(_text(request, "tag"))
        return None if request.get("all") else list(request["jobs"])

    async def _backfill(self, request: Request, by: str, reason: str) -> Backfill:
        since, until = _instant(request, "since"), _instant(request, "until")
        if since is None or until is None:
            raise ValueError('"since" or "until" is missing')
        at_once, again = int(request.get("at_once", 1)), bool(request.get("again"))
        handle = self._scheduler[_text(request, "job")]
        return await handle.backfill(since, until, at_once=at_once, again=again, by=by, reason=reason)

    async def _follow_until_left(
        self, request: Request, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A follower that has gone is noticed at once, not only with the next event of its job."""
        following = asyncio.create_task(self._follow(request, answer, writer))
        left = asyncio.create_task(_gone(reader))
        try:
            await asyncio.wait({following, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (following, left):
                task.cancel()
            await asyncio.gather(following, left, return_exceptions=True)

    async def _follow(self, request: Request, answer: Answer, writer: asyncio.StreamWriter) -> None:
        with self._scheduler.bus.subscribe() as events:  # before the answer: what happens after it is heard
            await _send(writer, answer)
            while (event := await events.next()) is not None:
                if all(request.get(key) in (None, event.get(key)) for key in ("job", "run")):
                    await _send(writer, event)


async def _line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The next request; b"" when there is none, or one without end, which is told so."""
    try:
        return await reader.readline()
    except ValueError:
        await _send(writer, _refusal(ValueError(f"a request is a line of at most {LONGEST_LINE} bytes")))
        return b""


async def _gone(reader: asyncio.StreamReader) -> None:
    while await reader.read(LONGEST_LINE):
        pass  # a follower has nothing more to say


def _arguments(request: Request) -> Mapping[str, object] | None:
    value = request.get("args")
    if value is not None and not isinstance(value, dict):
        raise ValueError('"args" is not an object')
    return value


async def _begun(handle: RunHandle) -> Answer:
    """Its name, and, where it has to wait, for what."""
    decision = (await handle.record()).decision
    home = zone(handle.scheduler.definition(handle.job).timezone)
    return {
        "run": handle.id,
        "job": handle.job,
        "waits_for": explain_wait(decision.facts, home) if isinstance(decision, Queue) else None,
    }


def _pausing(request: Request) -> dict[str, Any]:
    """The keywords of a pause."""
    return {"for_": request.get("for"), "until": _instant(request, "until"), "on_resume": request.get("on_resume")}


def _instant(request: Request, key: str = "at") -> datetime | None:
    value = request.get(key)
    if value is None:
        return None
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f'"{key}" has no offset from UTC: write it as in 2026-11-21T07:00:00Z')
    return found


def _names(request: Request) -> list[str]:
    value = request.get("jobs", [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('"jobs" is not a list of names')
    return value


def _text(request: Request, key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str):
        raise ValueError(f'"{key}" is missing, or not a text')
    return value


def _refusal(error: Exception) -> Answer:
    kind = next((name for type_, name in _KINDS if isinstance(error, type_)), "failed")
    message = str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)
    answer: Answer = {"ok": False, "kind": kind, "message": message or type(error).__name__}
    if isinstance(error, ConfigurationError):
        answer["problems"] = [_problem(problem) for problem in error.problems]
    return answer


def _problem(problem: Problem) -> dict[str, object]:
    """As it stands, but for its file, which whoever asks may see from another folder."""
    is_file = os.path.exists(problem.path)
    return {**asdict(problem), "path": os.path.abspath(problem.path) if is_file else problem.path}


async def _send(writer: asyncio.StreamWriter, message: Mapping[str, object]) -> None:
    writer.write(json.dumps(message, default=encoded, ensure_ascii=False).encode() + b"\n")
    await writer.drain()
