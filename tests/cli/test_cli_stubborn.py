"""run, of jobs that do not let go: recorded, given up, and the command still ends (FAULTS 22 to 26)."""

from __future__ import annotations

import signal
import time

import pytest
from clifolder import Folder, Said

JOBS = """\
import asyncio
import time

from asched import job


@job(kill_after="100ms")
async def deaf() -> None:
    print("go")
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass


@job(timeout="100ms", kill_after="100ms")
async def deaf_and_late() -> None:
    await __import__("deafjob").deaf()


@job(timeout="100ms", kill_after="100ms")
async def leaves_a_thread() -> None:
    await asyncio.to_thread(time.sleep, 60)


@job(timeout="100ms", kill_after="100ms")
def never_returns() -> None:
    time.sleep(60)


async def _exit() -> None:
    raise SystemExit(3)


@job()
async def forgets_a_task_that_exits() -> str:
    task = asyncio.create_task(_exit())
    await asyncio.sleep(0.1)
    return "done all the same"


@job()
async def stops_the_loop() -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.1)
"""


@pytest.fixture
def stubborn(folder: Folder) -> Folder:
    folder.jobs = folder.jobs.rename(folder.jobs.with_name("deafjob.py"))
    folder.jobs.write_text(JOBS)
    return folder


def run(folder: Folder, job: str) -> Said:
    """Not within what the job wants, but within what asched allows it, with room for a busy machine."""
    before = time.monotonic()
    said = folder.run("run", job, timeout=20)
    assert time.monotonic() - before < 10
    return said


@pytest.mark.parametrize("job", ["deaf_and_late", "leaves_a_thread", "never_returns"])
def test_a_timeout_is_recorded_and_the_command_ends(stubborn: Folder, job: str) -> None:
    said = run(stubborn, job)
    assert said.code == 124
    assert "it ran into its timeout of 100ms" in said.err
    assert stubborn.asched("runs", "--json").json[0]["outcome"] == "timed_out"


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_deaf_job_does_not_keep_who_asked_from_leaving(stubborn: Folder, sign: signal.Signals, code: int) -> None:
    process = stubborn.start("run", "deaf")
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        process.send_signal(sign)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == code
    assert "would not stop, and may still be at work" in err
    assert stubborn.asched("audit").out.endswith("0 open\n")


@pytest.mark.parametrize("job", ["forgets_a_task_that_exits", "stops_the_loop"])
def test_what_a_job_does_to_the_loop_costs_neither_the_run_nor_its_record(stubborn: Folder, job: str) -> None:
    assert run(stubborn, job).code == 0
    assert stubborn.asched("runs", "--json").json[0]["outcome"] == "succeeded"
    assert stubborn.asched("audit").out.endswith("0 open\n")


def test_json_is_whole_though_a_thread_is_left(stubborn: Folder) -> None:
    said = stubborn.run("run", "leaves_a_thread", "--json", timeout=20)
    assert (said.code, said.json["outcome"]) == (124, "timed_out")
