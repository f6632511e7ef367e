"""As PID 1 of a container: orphans are reaped, signals heard, no init needed (FAULTS 21)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from serving import PATIENCE, Serving, wait_until

pytestmark = pytest.mark.service

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]

JOBS = """
import os, pathlib, subprocess, sys

def states() -> list[list[str]]:
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        found.append([name.split("(")[1], *rest.split()[:2], stat.parent.name])
    return found

@job("@startup")
def orphans() -> None:
    for _ in range(3):
        subprocess.run(["sh", "-c", "(sh -c 'sleep 0.3; exit 7' &) ; exit 0"], check=True)

@job("@startup")
def own_child() -> None:
    child = subprocess.Popen(["sh", "-c", "exit 5"])
    import time
    time.sleep(3)
    pathlib.Path("own").write_text(str(child.wait()))

@job("every 500ms")
def look() -> None:
    import json
    pathlib.Path("states.tmp").write_text(json.dumps({"pid": os.getpid(), "states": states()}))
    os.rename("states.tmp", "states")
"""


def _permitted() -> str:
    try:
        done = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""


@pytest.fixture(scope="module", autouse=True)
def _needs_unshare() -> None:
    if why := _permitted():
        pytest.skip(f"no PID namespace can be made here: {why}")


def test_it_is_its_own_init(tmp_path: Path) -> None:
    service = Serving(tmp_path, JOBS)
    service.launcher = UNSHARE
    with service:
        (init,) = wait_until(lambda: _children(service.pid), "the process that is PID 1 inside")
        states_file = tmp_path / "states"
        wait_until(states_file.exists, "it looks")
        service.event("run.succeeded", job="orphans")
        begun = time.monotonic()
        time.sleep(1)
        while zombies := _zombies(states_file):
            assert time.monotonic() - begun < 7, f"not reaped: {zombies}"
            time.sleep(0.2)
        service.event("run.succeeded", job="own_child")
        os.kill(init, signal.SIGTERM)
        assert service.wait() == 0
        assert service.events("service.stopped"), "it drained"
        assert "Traceback" not in service.log
    assert (tmp_path / "own").read_text() == "5", "a job's own child is its own to wait for"
    service.audit()


def _zombies(file: Path) -> list[list[str]]:
    """Dead for good, by the last look; `own_child` has one of its own for a while."""
    states: list[list[str]] = json.loads(file.read_text())["states"]
    return [one for one in states if one[1] == "Z"]


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def test_the_namespace_is_one(tmp_path: Path) -> None:
    """A positive control of the test above."""
    pid = subprocess.run(
        [*UNSHARE, sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    ).stdout
    assert pid.strip() == "1"
