"""The other end of the control socket: what the command line uses to speak to a running service."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from asched.declaration.problems import Finding, shown_path
from asched.errors import AschedError, ConfigurationError, Problem, Refused, ServiceUnreachable, UnknownJob, UnknownRun
from asched.service.socketfile import connect

_LONGEST = 1 << 24  # bytes of an answer: a status of many jobs
PATIENCE = 10.0  # seconds to wait for an answer
_LONGER = {"reload": 75.0}  # it may wait for another one, and each imports every file of jobs

_ERRORS: dict[str, type[AschedError]] = {
    "unknown_job": UnknownJob,
    "unknown_run": UnknownRun,
    "configuration": ConfigurationError,
    "refused": Refused,
    "usage": Refused,
}


def is_running(path: Path) -> bool:
    """Does somebody answer at that socket?"""
    try:
        connect(path).close()
    except OSError:
        return False
    return True


async def call(path: Path, verb: str, **fields: object) -> dict[str, Any]:
    """Ask, and return the answer. Raises ServiceUnreachable, or what the service refused it with."""
    async with _connected(path) as (reader, writer):
        return await _ask(reader, writer, {"verb": verb, **fields})


async def follow(path: Path, **filters: object) -> AsyncIterator[dict[str, Any]]:
    """Events as they happen, until the service ends. `job` and `run` restrict them."""
    async with _connected(path) as (reader, writer):
        await _ask(reader, writer, {"verb": "follow", **filters})
        while line := await reader.readline():
            yield json.loads(line)


@asynccontextmanager
async def _connected(path: Path) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        reader, writer = await asyncio.open_unix_connection(sock=connect(path), limit=_LONGEST)
    except OSError as error:
        raise ServiceUnreachable(f"no service answers at {path} ({error.strerror or error})") from None
    try:
        yield reader, writer
    finally:
        writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, object]
) -> dict[str, Any]:
    patience = _LONGER.get(str(request["verb"]), PATIENCE)
    try:
        writer.write(json.dumps(request, default=str).encode() + b"\n")
        await writer.drain()
        async with asyncio.timeout(patience):
            line = await reader.readline()
    except TimeoutError:
        raise ServiceUnreachable(f"the service did not answer within {patience:g}s") from None
    except OSError as error:
        raise ServiceUnreachable(f"the service went away: {error}") from None
    if not line:
        raise ServiceUnreachable("the service went away")
    answer: dict[str, Any] = json.loads(line)
    if not answer.get("ok"):
        raise _refusal(answer)
    return answer


def _refusal(answer: dict[str, Any]) -> AschedError:
    """What the service refused it with, as it was there."""
    kind = _ERRORS.get(answer.get("kind", ""), AschedError)
    if kind is ConfigurationError and answer.get("problems"):
        return ConfigurationError([_problem(told) for told in answer["problems"]])
    return kind(answer.get("message", "refused"))


def _problem(told: dict[str, Any]) -> Problem:
    """As it is seen from here; what another asched says beyond what we know is left out."""
    known = {field.name for field in fields(Finding)}
    problem = Finding(**{key: value for key, value in told.items() if key in known})
    return replace(problem, path=shown_path(Path(problem.path))) if os.path.isabs(problem.path) else problem
