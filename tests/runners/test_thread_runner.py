"""Plain functions in threads: asked to stop, waited for, given up; and never in the way of the exit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from asched.core.action import Action, Function
from asched.core.outcome import Failed, Outcome, Succeeded
from asched.engine.ports import Runner
from asched.runners import thread
from asched.runners.context import Run, current_output, current_run
from asched.runners.thread import ThreadRunner
from asched.testing.runner_contract import RunnerContract, Sink, attempt_of


def function(call: Callable[..., Any], run_parameter: str | None = None) -> Function:
    return Function(call, "jobs:job", "thread", run_parameter)


async def run(call: Callable[..., Any], run_parameter: str | None = None, **more: Any) -> Outcome:
    runner = ThreadRunner()
    try:
        return await runner.run(attempt_of(function(call, run_parameter), **more), Sink())
    finally:
        await runner.close()


def raising(error: type[BaseException]) -> Callable[[], NoReturn]:
    def job() -> NoReturn:
        raise error

    return job


class TestContract(RunnerContract):
    @pytest.fixture
    def runner(self) -> Runner:
        return ThreadRunner()

    @pytest.fixture
    def succeeding(self) -> Action:
        return function(threading.get_ident)

    @pytest.fixture
    def failing(self) -> Action:
        return function(raising(ValueError))

    @pytest.fixture
    def lasting(self) -> Action:
        def polite(run: Run) -> None:
            output = current_output()
            assert output is not None
            output.write("stdout", "begun\n")
            while not run.cancelled:
                threading.Event().wait(0.01)

        return function(polite, "run")

    @pytest.fixture
    def strange(self) -> Sequence[Action]:
        errors = (SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, StopIteration, MemoryError)
        return [function(raising(error)) for error in errors]


class Stubborn:
    """Jobs that do not end before they are let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.free = threading.Event()

    def job(self) -> str:
        self.begun.release()
        self.free.wait(10)
        return "late"

    async def start(self, runner: ThreadRunner, *, kill_after: float = 0.0) -> asyncio.Task[Outcome]:
        attempt = attempt_of(function(self.job), kill_after=timedelta(seconds=kill_after))
        task = asyncio.ensure_future(runner.run(attempt, Sink()))
        await asyncio.to_thread(self.begun.acquire, timeout=5)
        return task


@pytest.fixture
def stubborn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubborn]:
    monkeypatch.setattr(thread, "_MARGIN", 0.05)
    stubborn = Stubborn()
    yield stubborn
    stubborn.free.set()


async def test_it_runs_beside_the_loop_and_knows_its_run() -> None:
    def job(run: Run) -> list[bool]:
        return [threading.current_thread() is threading.main_thread(), current_run() is run]

    assert await run(job, "run") == Succeeded("[false, true]")


async def test_a_coroutine_that_nobody_awaits_is_said() -> None:
    async def inner() -> None: ...

    outcome = await run(lambda: inner())
    assert isinstance(outcome, Failed)
    assert "make the job itself async def" in outcome.error.message


async def test_threads_are_used_again() -> None:
    runner = ThreadRunner()
    seen = {await runner.run(attempt_of(function(threading.get_ident)), Sink()) for _ in range(5)}
    await runner.close()
    assert len(seen) == 1


async def test_a_run_that_will_not_stop_keeps_its_slot_until_it_ends(stubborn: Stubborn) -> None:
    runner = ThreadRunner()
    task = await stubborn.start(runner, kill_after=5)
    task.cancel()
    await asyncio.wait({task}, timeout=0.05)
    assert (task.done(), runner.busy, runner.leaked) == (False, 1, 0)
    stubborn.free.set()
    await asyncio.wait({task}, timeout=5)
    assert (task.cancelled(), runner.busy, runner.leaked) == (True, 0, 0)
    await runner.close()


async def test_past_kill_after_it_is_given_up_and_counted(stubborn: Stubborn) -> None:
    runner = ThreadRunner()
    task = await stubborn.start(runner, kill_after=0)
    task.cancel()
    await asyncio.wait({task}, timeout=3)
    assert (task.cancelled(), runner.busy, runner.leaked) == (True, 0, 1)
    stubborn.free.set()
    for _ in range(500):
        await asyncio.sleep(0.005 if runner.leaked else 0)
    assert runner.leaked == 0
    await runner.close()


async def test_closing_lets_go_of_what_was_asked_to_stop(stubborn: Stubborn) -> None:
    runner = ThreadRunner()
    task = await stubborn.start(runner, kill_after=60)
    task.cancel()
    await asyncio.wait({task}, timeout=0.02)
    await runner.close()
    await asyncio.wait({task}, timeout=1)
    assert (task.cancelled(), runner.leaked) == (True, 1)


async def test_a_job_with_many_lost_threads_is_not_started_again(stubborn: Stubborn) -> None:
    runner = ThreadRunner(leak_limit=2)
    tasks = [await stubborn.start(runner) for _ in range(2)]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=3)
    outcome = await runner.run(attempt_of(function(threading.get_ident)), Sink())
    assert isinstance(outcome, Failed)
    assert outcome.error.type == "ThreadsLeaked"
    await runner.close()


async def test_lost_threads_do_not_stand_in_the_way_of_others(stubborn: Stubborn) -> None:
    runner = ThreadRunner(limit=1)
    task = await stubborn.start(runner)
    task.cancel()
    await asyncio.wait({task}, timeout=3)
    assert isinstance(await runner.run(attempt_of(function(threading.get_ident)), Sink()), Succeeded)
    await runner.close()


async def test_at_the_limit_runs_wait_in_order() -> None:
    runner, order, free = ThreadRunner(limit=1), list[int](), threading.Event()

    def job(n: int) -> None:
        free.wait(10)
        order.append(n)

    runs = [asyncio.ensure_future(runner.run(attempt_of(function(job), args={"n": n}), Sink())) for n in range(5)]
    await asyncio.sleep(0)
    runs[2].cancel()  # while it waits
    free.set()
    await asyncio.wait(runs)
    await runner.close()
    assert order == [0, 1, 3, 4]


async def test_no_thread_to_be_had_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    outcome = await run(threading.get_ident)
    assert isinstance(outcome, Failed)
    assert outcome.error.message == "no thread could be started: can't start new thread"


NEVER_RETURNS = """
import asyncio, threading
from asched.core.action import Function
from asched.runners.thread import ThreadRunner
from asched.testing.runner_contract import Sink, attempt_of

async def main():
    runner, begun = ThreadRunner(), threading.Event()
    def job():
        begun.set()
        threading.Event().wait({seconds})
    task = asyncio.ensure_future(runner.run(attempt_of(Function(job, "m:job", "thread")), Sink()))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.sleep(0)
    await runner.close()

asyncio.run(main())
print("out")
if {seconds}:
    threading.Event().wait(3 * {seconds})   # the thread ends after its loop was closed
"""


@pytest.mark.parametrize("seconds", ["None", "0.1"])
def test_it_never_holds_up_the_exit(seconds: str) -> None:
    """FAULTS 26; and a late end after the loop is closed does no harm."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", NEVER_RETURNS.format(seconds=seconds)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "out\n", "")
