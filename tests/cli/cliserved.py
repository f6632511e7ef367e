"""A folder that one real `asched serve` serves while a file's tests ask it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clifolder import ROOT, Folder, wait_until


class Served(Folder):
    """The served folder as the current one."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self.ledger, self.config = path, path / "state" / "asched.db", path / "config.toml"
        (self.jobs,) = (path / "jobs").glob("*.py")
        self._capsys = capsys


@contextmanager
def serving(path: Path, config: str, jobs: dict[str, str]) -> Iterator[Path]:
    """`jobs` are files, by name. Its end must be an orderly one."""
    (path / "jobs").mkdir()
    (path / "config.toml").write_text(config)
    for name, text in jobs.items():
        (path / "jobs" / name).write_text(text)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "ASCHED_STATE_DIR": str(path / "st")}
    command = [sys.executable, "-m", "asched", "serve", "--log-format", "json"]
    with (path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=path, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: "service.started" in (path / "log").read_text() or process.poll() is not None)
        assert process.poll() is None, (path / "log").read_text()
        yield path
        process.terminate()
        assert process.wait(20) == 0, (path / "log").read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def inside(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Served]:
    """The current folder is that one; what it has imported is forgotten afterwards."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("ASCHED_STATE_DIR", str(home / "st"))
    monkeypatch.delenv("ASCHED_CONFIG", raising=False)
    path, modules = sys.path[:], set(sys.modules)
    yield Served(home, capsys)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(home)):
            del sys.modules[name]
