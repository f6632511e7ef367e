"""Coroutines: whatever one does costs its own run only."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NoReturn

import pytest

from asched.core.action import Action, Function
from asched.core.outcome import Failed, Outcome, Succeeded
from asched.engine.ports import Runner
from asched.runners.context import Run, current_output, current_run
from asched.runners.coroutine import CoroutineRunner
from asched.testing.runner_contract import RunnerContract, Sink, attempt_of


def coroutine(call: Callable[..., Any], run_parameter: str | None = None) -> Function:
    return Function(call, f"jobs:{getattr(call, '__name__', call)}", "coroutine", run_parameter)


async def run(call: Callable[..., Any], run_parameter: str | None = None, **more: Any) -> Outcome:
    runner = CoroutineRunner()
    try:
        return await runner.run(attempt_of(coroutine(call, run_parameter), **more), Sink())
    finally:
        await runner.close()


def raising(error: BaseException | type[BaseException]) -> Callable[[], Any]:
    async def job() -> NoReturn:
        raise error

    return job


async def last() -> None:
    output = current_output()
    assert output is not None
    output.write("stdout", "begun\n")
    await asyncio.Event().wait()


class BadText(Exception):
    def __str__(self) -> str:
        raise SystemExit("from __str__")

    __repr__ = __str__


class TestContract(RunnerContract):
    @pytest.fixture
    def runner(self) -> Runner:
        return CoroutineRunner()

    @pytest.fixture
    def succeeding(self) -> Action:
        async def job() -> int:
            return 42

        return coroutine(job)

    @pytest.fixture
    def failing(self) -> Action:
        return coroutine(raising(ValueError("no rates today")))

    @pytest.fixture
    def lasting(self) -> Action:
        return coroutine(last)

    @pytest.fixture
    def strange(self) -> Sequence[Action]:
        errors = (SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, MemoryError, RecursionError)
        return [coroutine(raising(error)) for error in (*errors, StopIteration, StopAsyncIteration, BadText)]


async def test_arguments_and_the_run_are_given_by_name() -> None:
    async def job(base: str, run: Run) -> list[object]:
        return [base, run.id, current_run() is run]

    assert await run(job, "run", args={"base": "EUR"}) == Succeeded('["EUR", "1-17", true]')


async def test_nothing_returned_is_no_result() -> None:
    async def job() -> None: ...

    assert await run(job) == Succeeded(None)


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()], ids=repr)
async def test_what_would_end_the_process_ends_the_run(error: BaseException) -> None:
    outcome = await run(raising(error))
    assert isinstance(outcome, Failed)
    assert outcome.error.type == type(error).__name__


async def test_a_job_that_cancels_itself_has_failed() -> None:
    outcome = await run(raising(asyncio.CancelledError()))
    assert isinstance(outcome, Failed)
    assert outcome.error.message.startswith("cancelled itself")


async def test_a_job_may_use_timeouts_of_its_own() -> None:
    async def job() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    outcome = await run(job)
    assert isinstance(outcome, Failed)
    assert outcome.error.type == "TimeoutError"


async def test_a_job_that_ignores_being_stopped_ends_as_it_likes() -> None:
    begun = asyncio.Event()

    async def job(run: Run) -> list[bool]:
        before = run.cancelled
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return [before, run.cancelled]
        return []

    task = asyncio.ensure_future(run(job, "run"))
    await begun.wait()
    task.cancel()
    assert await task == Succeeded("[false, true]")


async def test_no_task_is_made_for_it() -> None:
    async def job() -> str:
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    task = asyncio.create_task(run(job), name="the engine's")
    assert await task == Succeeded('"the engine\'s"')


async def test_the_run_does_not_leak_out_of_its_task() -> None:
    async def job() -> None: ...

    await asyncio.create_task(run(job))
    assert current_output() is None


async def test_a_forgotten_await_is_said() -> None:
    async def inner() -> None: ...

    async def job() -> object:
        return inner()

    outcome = await run(job)
    assert isinstance(outcome, Failed)
    assert "returned a coroutine that nobody awaits: await it before you return" in outcome.error.message


async def test_a_generator_is_said() -> None:
    async def job() -> AsyncIterator[int]:
        yield 1

    outcome = await run(job)
    assert isinstance(outcome, Failed)
    assert "async generator" in outcome.error.message


async def test_wrong_arguments_are_a_failure() -> None:
    async def job(base: str) -> None: ...

    outcome = await run(job, args={"bass": "EUR"})
    assert isinstance(outcome, Failed)
    assert outcome.error.type == "TypeError"


async def test_being_torn_down_is_not_swallowed() -> None:
    """A coroutine that is closed must end: swallowing its GeneratorExit is a RuntimeError."""
    begun = asyncio.Event()

    async def job() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def outer() -> None:
        await CoroutineRunner().run(attempt_of(coroutine(job)), Sink())
        raise AssertionError("went on after it was closed")

    running = outer()
    task = asyncio.ensure_future(running)
    await begun.wait()
    running.close()
    task.cancel()
    with pytest.raises((asyncio.CancelledError, RuntimeError)):
        await task


async def test_secrets_are_masked_in_errors_and_results() -> None:
    canary = 'k4n"arie'

    async def fails(run: Run) -> None:
        raise RuntimeError(f"cannot log in with {run.secret('TOKEN')}")

    async def returns(run: Run) -> dict[str, object]:
        return {"token": run.secret("TOKEN"), "said": f"<{run.secret('TOKEN')}>"}

    failed = await run(fails, "run", secrets={"TOKEN": canary})
    assert isinstance(failed, Failed)
    assert "cannot log in with ***" in failed.error.message
    assert canary not in repr(failed)
    assert await run(returns, "run", secrets={"TOKEN": canary}) == Succeeded('{"token": "***", "said": "<***>"}')


async def quiet() -> int:
    return 42


@pytest.mark.parametrize("job", [quiet, raising(ValueError)], ids=["succeeds", "fails"])
async def test_a_run_that_is_over_leaves_nothing_to_the_collector(job: Callable[..., Any]) -> None:
    gc.disable()
    try:
        task = asyncio.ensure_future(run(job))
        await asyncio.wait({task})
        gone = weakref.ref(task)
        del task
        assert gone() is None
    finally:
        gc.enable()
