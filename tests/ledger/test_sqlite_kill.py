"""Killed at any moment, the ledger opens by itself, holds what it confirmed, and the law holds (FAULTS 1, 2)."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from committing_child import JOBS

from asched.core.record import FireQuery
from asched.ledger.sqlite import SqliteLedger
from asched.testing.ledger_samples import minute

HERE = Path(__file__).parent
ROUNDS = 20


def start(path: Path, number: int, batches: int = 1_000_000, under: Sequence[str] = ()) -> subprocess.Popen[str]:
    run = [*under, sys.executable, str(HERE / "committing_child.py"), str(path), str(number), str(batches)]
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    environment = {**os.environ, "PYTHONPATH": paths}
    pipe = subprocess.PIPE
    return subprocess.Popen(run, stdout=pipe, stderr=pipe, text=True, env=environment, start_new_session=True)


def run_and_kill(path: Path, number: int, *, after_open: float | None = None, after_start: float = 0) -> list[int]:
    """The batches that the child had confirmed when it was killed."""
    with start(path, number) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        if after_open is not None:
            assert child.stdout.readline() == "open\n", child.stderr.read()
        time.sleep(after_open or after_start)
        child.send_signal(signal.SIGKILL)
        said, complained = child.communicate()
    assert complained == ""
    return confirmed_by(said)


def confirmed_by(said: str) -> list[int]:
    return [int(line) for line in said.splitlines() if line.isdigit()]


def killed_at(path: Path, call: str, count: int, log: Path) -> tuple[bool, list[int]]:
    """Killed at the `count`th such system call, if it comes to that; and what was confirmed before."""
    strace = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}"]
    strace += ["-e", f"inject={call}:signal=SIGKILL:when={count}"]
    with start(path, count, batches=10, under=strace) as child:
        said, complained = child.communicate()
    assert "Traceback" not in complained, complained
    return child.returncode == -signal.SIGKILL, confirmed_by(said)


async def check(path: Path, confirmed: int) -> int:
    """Returns the last batch that is in the ledger."""
    ledger = SqliteLedger(path)
    await ledger.open()
    try:
        assert ledger.remarks == ()
        watermarks = {v.job: v.watermark for v in await ledger.versions()}
        assert len(set(watermarks.values())) <= 1, "a transaction is whole or not at all"
        assert len(watermarks) in (0, len(JOBS))
        last = round((max(watermarks.values(), default=minute(0)) - minute(0)).total_seconds() / 60)
        assert last >= confirmed, "what was confirmed is there"
        fires = await ledger.fires(FireQuery(limit=1_000_000))
        expected = Counter((job, minute(number)) for job in JOBS for number in range(1, last + 1))
        assert Counter((r.job, r.scheduled_at) for r in fires) == expected
        still_open = {r.id for r in fires if r.open}
        assert {r.id for r in (await ledger.restore()).open} == still_open
        assert len(still_open) <= len(JOBS)
        newest = await ledger.output(fires[0].id) if fires else ()
        assert len(newest) == min(1, len(fires))
    finally:
        await ledger.close()
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return last


@pytest.mark.anyio
@pytest.mark.service
async def test_it_survives_being_killed_at_random_moments(tmp_path: Path) -> None:
    path, random, confirmed = tmp_path / "asched.db", Random(20261101), 0
    for number in range(ROUNDS):
        batches = run_and_kill(path, number, after_open=random.uniform(0.001, 0.08))
        confirmed = max([confirmed, *batches])
        last = await check(path, confirmed)
        assert last <= confirmed + 1, "one transaction at most was under way"
        confirmed = last
    assert confirmed > ROUNDS, "the positive control: it did commit"


@pytest.mark.anyio
@pytest.mark.service
async def test_it_survives_being_killed_while_it_is_made(tmp_path: Path) -> None:
    """The child needs some 0.2 s to import; from then on every few milliseconds another moment of its making."""
    random, seen = Random(7), Counter[str]()
    for number in range(ROUNDS):
        path = tmp_path / str(number) / "asched.db"
        run_and_kill(path, number, after_start=random.uniform(0.15, 0.45))
        seen["making" if any(path.parent.glob(".*.making*")) else "made" if path.exists() else "not begun"] += 1
        await check(path, 0)
        assert not list(path.parent.glob(".*.making*"))
    assert seen["made"] > 0, seen


MOMENTS = [
    pytest.param("fsync,fdatasync", 1),
    pytest.param("link,linkat,rename,unlink,mkdir", 1),
    pytest.param("pwrite64", 23),
    pytest.param("pwrite64", 1, marks=pytest.mark.soak),
    pytest.param("ftruncate,fallocate,fcntl", 1, marks=pytest.mark.soak),
]


@pytest.mark.anyio
@pytest.mark.service
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(("call", "step"), MOMENTS)
async def test_it_survives_being_killed_at_each_call(tmp_path: Path, call: str, step: int) -> None:
    """From the first schema to the closing of the file: killed at the 1st, then the 2nd, until it is never killed."""
    kills = 0
    for count in range(1, 10_000, step):
        path = tmp_path / str(count) / "asched.db"
        killed, confirmed = killed_at(path, call, count, tmp_path / "strace.log")
        await check(path, max(confirmed, default=0))
        kills += killed
        if not killed:
            break
    assert kills >= 5, "the positive control: it was killed"


@pytest.mark.anyio
@pytest.mark.service
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(
    ("call", "error", "when"),
    [("fsync,fdatasync", "EIO", "4+7"), ("pwrite64", "EIO", "50+211"), ("pwrite64", "ENOSPC", "50+211")],
)
async def test_it_survives_errors_of_the_disk(tmp_path: Path, call: str, error: str, when: str) -> None:
    """FAULTS 4 and 5: what was asked is asked again until it is confirmed, and is there once."""
    path = tmp_path / "asched.db"
    await check(path, 0)
    strace = ["strace", "-f", "-qq", "-o", str(tmp_path / "strace.log"), "-e", f"trace={call}"]
    strace += ["-e", f"inject={call}:error={error}:when={when}"]
    with start(path, 1, batches=40, under=strace) as child:
        try:
            said, complained = child.communicate(timeout=30)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)  # strace and what it traces
            raise
    assert child.returncode == 0, complained
    assert confirmed_by(said) == list(range(1, 41))
    assert int(complained.split()[1]) > 2, "the positive control: it did fail"
    assert await check(path, 40) == 40
