"""Killed at any moment: the next start settles it, and nothing is started twice (FAULTS 1, ownership 5)."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from serving import PATIENCE, Serving, is_alive, wait_until

from asched.engine.audit import audit
from asched.ledger.sqlite import SqliteLedger

pytestmark = pytest.mark.service

CHILD = Path(__file__).with_name("ticking_child.py")
KILLS = 200
LOOK_EVERY = 10  # kills between two audits

Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    made: list[Serving] = []

    def start(jobs: str, config: str = "", **options: Any) -> Serving:
        made.append(Serving(tmp_path, jobs, config, **options))
        return made[-1].start()

    yield start
    for service in made:
        service.end()


def test_a_run_lost_with_its_service_is_abandoned_once(serve: Serve) -> None:
    service = serve(
        """
        @job("@reboot")
        async def lost() -> None:
            print("at work", flush=True)
            await asched.sleep("1h")
        """
    )
    dead = service.pid
    wait_until(lambda: service.query("SELECT 1 FROM fires WHERE outcome IS NULL"), "it runs")
    service.kill()
    service.start()
    (found,) = service.query("SELECT outcome, detail, attempt FROM fires WHERE job = 'lost'")
    assert found[0] == "abandoned"
    assert f"pid {dead}" in found[1], "the reason names the dead"
    assert found[2] == 1
    assert f"pid {dead}" in str(service.event("run.abandoned", job="lost"))
    assert service.stop() == 0
    service.audit()


def test_an_idempotent_one_is_run_again(serve: Serve) -> None:
    service = serve(
        """
        @job("@reboot", idempotent=True)
        async def lost(run: asched.Run) -> None:
            with open("attempts", "a") as file:
                file.write(f"{run.key} {run.attempt}\\n")
            await asched.sleep("1h" if run.attempt == 1 else "10ms")
        """
    )
    attempts = service.folder / "attempts"
    wait_until(attempts.exists, "it runs")
    wait_until(lambda: service.query("SELECT 1 FROM fires WHERE outcome IS NULL"), "it is recorded")
    service.kill()
    service.start()
    service.event("run.succeeded", job="lost")
    assert service.stop() == 0
    assert service.query("SELECT outcome, attempt FROM fires WHERE job = 'lost'") == [("succeeded", 2)]
    (key, first), (key_again, second) = (line.rsplit(" ", 1) for line in attempts.read_text().splitlines())
    assert key == key_again
    assert (first, second) == ("1", "2")
    service.audit()


def test_a_surviving_command_is_killed_before_its_slot_is_free(serve: Serve) -> None:
    """Were it not, the second run of a job with one slot would run beside the first."""
    config = """
        [[job]]
        name = "long"
        schedule = "every 300ms"
        catch_up = "latest"
        shell = true
        command = "echo $$ >> pids; exec sleep 3600"
        """
    service = serve("", config)
    pids = service.folder / "pids"
    first = int(wait_until(lambda: pids.exists() and pids.read_text(), "it runs"))
    wait_until(lambda: service.query("SELECT 1 FROM fires WHERE child_pid = ?", first), "its child is recorded")
    service.kill()
    time.sleep(0.2)
    assert is_alive(first), "a positive control: it outlives its service"
    service.start()
    wait_until(lambda: not is_alive(first), "the survivor is killed", 5)
    wait_until(lambda: len(pids.read_text().splitlines()) == 2, "the next one runs")
    second = int(pids.read_text().splitlines()[1])
    assert is_alive(second)
    assert service.query("SELECT outcome FROM fires WHERE child_pid = ?", first) == [("abandoned",)]
    wait_until(lambda: service.query("SELECT 1 FROM fires WHERE child_pid = ?", second), "its child is recorded, too")
    service.kill()
    service.start()
    wait_until(lambda: not is_alive(second), "that one, too", 5)


def test_missed_fires_are_settled_by_policy(serve: Serve) -> None:
    jobs = """
        @job("every 200ms", grace="50ms", catch_up="all", catch_up_max=1000, overlap="allow", max_instances=1000)
        async def everything() -> None: ...
        @job("every 200ms", grace="50ms", catch_up="latest")
        async def latest() -> None: ...
        @job("every 200ms", grace="50ms", catch_up="none")
        async def nothing() -> None: ...
        """
    service = serve(jobs)
    for name in ("everything", "latest", "nothing"):
        service.event("run.succeeded", job=name)
    service.kill()
    time.sleep(2)
    service.start()
    time.sleep(0.5)
    assert service.stop() == 0
    caught = dict(service.query("SELECT job, count(*) FROM fires WHERE caught_up AND decision = 'start' GROUP BY job"))
    assert caught["everything"] >= 8
    first = "SELECT min(decided_at) FROM fires WHERE job = 'latest' AND id >> 32 = 2"
    made_up = f"SELECT count(*) FROM fires WHERE job = 'latest' AND decided_at = ({first}) AND decision ="
    assert service.query(f"{made_up} 'start'")[0][0] == 1
    assert service.query(f"{made_up} 'skip' AND reason = 'coalesced'")[0][0] >= 5
    assert "nothing" not in caught
    assert service.query("SELECT 1 FROM absences WHERE cause = 'killed'")
    service.audit()


async def test_it_survives_being_killed_200_times(tmp_path: Path) -> None:
    ledger, file, chance = tmp_path / "x.db", tmp_path / "started", Random(20261121)
    kills_at_work = 0
    for number in range(1, KILLS + 1):
        kills_at_work += _run_and_kill(ledger, file, chance.uniform(0.01, 0.2), at_work=bool(number % 4))
        if number % LOOK_EVERY == 0:
            _nothing_started_twice(file)
            await _balanced(ledger)
    assert kills_at_work >= KILLS // 2, "a positive control: most were killed while they worked"
    assert len(file.read_text().splitlines()) > KILLS, "a positive control: jobs ran"


def _run_and_kill(ledger: Path, file: Path, seconds: float, *, at_work: bool) -> bool:
    """`at_work`: so many seconds after its start; else after it was spawned, that is, while it imports or starts."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(ledger), str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stderr is not None
            started = at_work and child.stdout.readline() == b"started\n"
            time.sleep(seconds if at_work else seconds + 0.25)
        finally:
            child.send_signal(signal.SIGKILL)
        said, complaints = child.communicate(timeout=PATIENCE)
    assert complaints == b"", complaints.decode()
    return started or b"started" in said


async def _balanced(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.open()
    try:
        found = await audit(ledger, datetime.now(UTC))
        assert found.imbalances == []
    finally:
        await ledger.close()


def _nothing_started_twice(file: Path) -> None:
    """Each line: job, key, run, attempt. A key is (job, scheduled_at, nonce). A kill can cut a line where a page of
    memory ends, and the next one stands right behind it."""
    whole = re.compile(r"(once|again) \S+ \S+ \d+")
    lines = [line.split() for line in file.read_text().splitlines() if whole.fullmatch(line)]
    attempts = Counter((key, attempt) for _, key, _, attempt in lines)
    assert [one for one, count in attempts.items() if count > 1] == []
    once = Counter(key for job, key, _, _ in lines if job == "once")
    assert [key for key, count in once.items() if count > 1] == [], "not idempotent, and run again"
    assert len({run for *_, run, _ in lines}) == len({key for _, key, _, _ in lines}), "a run has one key"
