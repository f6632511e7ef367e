"""A folder with a configuration, jobs, and a ledger that a real scheduler filled; and `asched` run in this process."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asched import Scheduler
from asched.cli import main
from asched.service.config import load
from asched.service.printing import routed_prints
from asched.testing.clock import FakeClock

ROOT = Path(__file__).parents[2]

CONFIG = """\
[service]
timezone = "Europe/Berlin"
jobs = ["jobs"]

[[job]]
name = "greet"
description = "a command"
schedule = "daily at 08:00"
command = ["echo", "good morning"]
"""

JOBS = """\
import asyncio

import asched
from asched import Run, job


@job("every 10s", description="greets somebody")
async def tick(run: Run, name: str = "world") -> dict[str, str]:
    print(f"hello {name}")
    return {"greeted": name}


@job("every 20s")
def broken() -> None:
    print("before the fall")
    raise ValueError("no such luck")


@job("every 5s")
async def long(run: Run) -> None:
    await asched.sleep(12)


@job("0 9 * * mon-fri", tz="America/New_York", jitter="5m", retry=3, tags=["money"], args={"base": "EUR"})
async def rates(base: str) -> None: ...


@job(after=tick)
def report() -> None: ...


@job("after 60s")
def rested() -> None: ...


@job("daily at 02:30", secrets=["CLI_TEST_SECRET_THAT_IS_NOT_THERE"])
def locked() -> None: ...


@job(timeout="200ms")
async def late() -> None:
    await asyncio.sleep(30)


@job(retry={"attempts": 3, "delay": "1h"})
def hopeless() -> None:
    raise ValueError("again")


@job()
async def chatty(lines: int = 3, pause: float = 0.0) -> None:
    for line in range(lines):
        print("line", line)
        await asyncio.sleep(pause)
"""

_unique = itertools.count()


def wait_until(look: Callable[[], bool], timeout: float = 20) -> None:
    """Asked again and again, until it is true."""
    deadline = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < deadline, f"not within {timeout:g} s"
        time.sleep(0.02)


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Folder:
    """The current folder of the tests. `asched(...)` is the command line."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.ledger = path / "state" / "asched.db"
        self.config = path / "config.toml"
        self.jobs = path / "jobs" / f"clijobs{next(_unique)}.py"
        self._capsys = capsys
        self.jobs.parent.mkdir()
        self.config.write_text(CONFIG)
        self.jobs.write_text(JOBS)

    def asched(self, *arguments: str) -> Said:
        before, sys.argv = sys.argv, ["asched", *arguments]
        self._capsys.readouterr()
        try:
            with pytest.raises(SystemExit) as left:
                main()
        finally:
            sys.argv = before
        out, err = self._capsys.readouterr()
        code = left.value.code
        assert isinstance(code, int)
        assert "Traceback" not in err or code == 70 or arguments[0] == "logs", err
        return Said(code, out, err)

    def start(self, *arguments: str, **how: Any) -> subprocess.Popen[str]:
        """The same in a process."""
        env = {**os.environ, "PYTHONPATH": str(ROOT), **how.pop("env", {})}
        command = [sys.executable, "-m", "asched", *arguments]
        pipes: Mapping[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=self.path, env=env, **{**pipes, **how})

    def run(self, *arguments: str, timeout: float = 30, **how: Any) -> Said:
        process = self.start(*arguments, **how)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
            process.wait()
        return Said(process.returncode, out or "", err or "")

    def fill(self, names: Sequence[str] = ("tick", "broken", "long", "report"), seconds: int = 42) -> None:
        """Let these jobs have run for so long, until twenty minutes ago."""
        jobs = [job for job in load(self.config, env={}).jobs if job.name in names]
        asyncio.run(_run_for(self.ledger, jobs, seconds))


async def _run_for(ledger: Path, jobs: Sequence[Any], seconds: int) -> None:
    # Not nearer to now: stopping lets time pass up to the next deadline, which may be the scheduler's own housekeeping.
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    clock = FakeClock(end - timedelta(seconds=seconds))
    scheduler = Scheduler(ledger=ledger, clock=clock)
    scheduler.replace(jobs)
    with routed_prints():
        async with scheduler:
            await clock.advance(seconds)
