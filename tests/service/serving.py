"""A service for tests: `asched serve` in a process group of its own, its log read line by line, gone at the end."""

from __future__ import annotations

import json
import os
import signal as signals
import socket as sockets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from textwrap import dedent
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 20.0  # seconds: much more than anything here takes


def wait_until(look: Callable[[], T], what: str, timeout: float = PATIENCE) -> T:
    """The first true answer of `look`, asked again and again."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what}"
        time.sleep(0.02)
    return found


def is_alive(pid: int) -> bool:
    """A zombie is not: in a container nobody may have reaped it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


class Serving:
    """with Serving(tmp_path, jobs="…") as service: …"""

    def __init__(
        self,
        folder: Path,
        jobs: str = "",
        config: str = "",
        *,
        env: Mapping[str, str] | None = None,
        level: str = "debug",
        drain: str = "5s",
    ) -> None:
        self.folder = folder
        self.jobs_file = folder / "jobs" / "served.py"
        self.config_file = folder / "config.toml"
        self.log_file = folder / "log.jsonl"
        self.ledger = folder / "state" / "asched.db"
        self.state_dir = folder / "st"
        self._env = {
            **os.environ,
            **(env or {}),
            "ASCHED_STATE_DIR": str(self.state_dir),
            "PYTHONUNBUFFERED": "1",
        }
        self._head = f'[service]\njobs = ["jobs"]\ndrain = "{drain}"\n'
        self._head += f'[service.log]\nformat = "json"\nlevel = "{level}"\n'
        self.launcher: list[str] = []  # what runs it, as unshare does
        self.process: subprocess.Popen[bytes] | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self.jobs_file.parent.mkdir(exist_ok=True)
        self.write(jobs, config)

    def write(self, jobs: str | None = None, config: str | None = None) -> None:
        if jobs is not None:
            self.jobs_file.write_text(f"import asched\nfrom asched import job\n{dedent(jobs)}")
        if config is not None:
            self.config_file.write_text(self._head + dedent(config))

    # Life.

    def start(self, *, wait: bool = True) -> Serving:
        seen = len(self.events("service.started"))
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.launcher, sys.executable, "-m", "asched", "serve", str(self.config_file)],
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(self.process)
        if wait:
            wait_until(lambda: len(self.events("service.started")) > seen or self.code is not None, "a start")
            assert self.code is None, self.log
        return self

    def __enter__(self) -> Serving:
        try:
            return self.start()
        except BaseException:
            self.end()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Whatever happened: nothing of it lives on, the children of killed services included."""
        for process in self._started:
            _kill_group(process.pid)
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
        for pid in _marked(self.state_dir):
            with suppress(ProcessLookupError):
                os.kill(pid, signals.SIGKILL)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def code(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def signal(self, number: signals.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Only the service itself: what it started is left to itself."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def wait(self, timeout: float = PATIENCE) -> int:
        assert self.process is not None
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still alive after {timeout:g} s\n{self.log[-4000:]}") from None

    def stop(self, number: signals.Signals = signals.SIGTERM, timeout: float = PATIENCE) -> int:
        self.signal(number)
        return self.wait(timeout)

    # What it says.

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def events(self, name: str = "", **fields: object) -> list[dict[str, Any]]:
        """The records of the log so far, those of that name and with these fields."""
        found = []
        for line in self.log.splitlines():
            with suppress(json.JSONDecodeError):
                record = json.loads(line)
                said = isinstance(record, dict) and (not name or record.get("event") == name)
                if said and all(record.get(key) == value for key, value in fields.items()):
                    found.append(record)
        return found

    def event(self, name: str, timeout: float = PATIENCE, **fields: object) -> dict[str, Any]:
        """The first such record, waited for."""
        what = f"{name} {fields}\n"
        try:
            return wait_until(lambda: self.events(name, **fields), what, timeout)[0]
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-4000:]}") from None

    # What it answers.

    def ask(self, verb: str, **fields: object) -> dict[str, Any]:
        with closing(sockets.socket(sockets.AF_UNIX)) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.socket))
            client.sendall(json.dumps({"verb": verb, **fields}).encode() + b"\n")
            with client.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    @property
    def socket(self) -> Path:
        return wait_until(lambda: next(iter(self.state_dir.glob("control*.sock")), None), "a control socket")

    def command(self, *args: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Another `asched`, with the same configuration, in the same state directory."""
        return subprocess.run(
            [sys.executable, "-m", "asched", *args, "-c", str(self.config_file)],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def audit(self) -> None:
        done = self.command("audit")
        assert done.returncode == 0, done.stdout + done.stderr

    def query(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
            return connection.execute(sql, args).fetchall()

    def rss(self) -> int:
        """Bytes of memory that the service holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signals.SIGKILL)


def _marked(state_dir: Path) -> list[int]:
    """Processes that inherited our state directory: those of this test and no others. Or that work in its folder."""
    marks, found = (f"ASCHED_STATE_DIR={state_dir}".encode(), os.fsencode(state_dir.parent)), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                inside = os.fsencode(os.readlink(entry / "cwd")) == marks[1]
                if inside or marks[0] in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found
