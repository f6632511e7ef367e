"""What every Runner must do, as tests: subclass RunnerContract and say what succeeds, fails and lasts.

class TestMyRunner(RunnerContract):
    @pytest.fixture
    def runner(self) -> Runner: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from asched.core.action import Action
from asched.core.model import Attempt, Fire, Job, Origin, Policies
from asched.core.outcome import Failed, Outcome, Succeeded
from asched.engine.ports import Runner

KILL_AFTER = timedelta(seconds=1)
SEVEN = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


class Sink:
    """An OutputSink that keeps everything. `begun` is set, on the loop, by the first write or child."""

    def __init__(self) -> None:
        self.written: list[tuple[str, bytes]] = []
        self.children: list[int] = []
        self.begun = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def write(self, stream: str, data: bytes | str) -> None:
        self.written.append((stream, data.encode() if isinstance(data, str) else data))
        self._begin()

    def child(self, pid: int, started: int) -> None:
        self.children.append(pid)

    def text(self, stream: str = "stdout") -> str:
        return b"".join(data for name, data in self.written if name == stream).decode("utf-8", "replace")

    def watch(self) -> None:
        """Writes may come from threads: tell this loop of the first."""
        self._loop = asyncio.get_running_loop()

    def _begin(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.begun.set)


def attempt_of(
    action: Action,
    *,
    kill_after: timedelta = KILL_AFTER,
    timeout: timedelta | None = None,
    timezone: str = "UTC",
    args: Mapping[str, object] | None = None,
    secrets: Mapping[str, str] | None = None,
    after: tuple[str, ...] = (),
    upstream: Mapping[str, object] | None = None,
    origin: Origin = Origin.SCHEDULE,
    number: int = 1,
    nonce: str = "",
    caught_up: bool = False,
) -> Attempt:
    """An attempt of a job "job" at 2026-11-21 07:00 UTC, run 1-17."""
    policies = Policies(kill_after=kill_after, timeout=timeout)
    job = Job("job", action, policies=policies, after=after, args=args or {}, secrets=secrets or {}, timezone=timezone)
    fire = Fire(1 << 32 | 17, "job", 1, SEVEN, SEVEN, origin=origin, nonce=nonce, caught_up=caught_up)
    return Attempt(job, fire, number, job.args, upstream or {})


class RunnerContract:
    """Override the four fixtures. `lasting` writes something as soon as it has begun and then does not end by
    itself; where it cannot write, override `has_begun` too. `strange` are actions that misbehave in any way."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    def runner(self) -> Runner:
        raise NotImplementedError

    @pytest.fixture
    def succeeding(self) -> Action:
        raise NotImplementedError

    @pytest.fixture
    def failing(self) -> Action:
        raise NotImplementedError

    @pytest.fixture
    def lasting(self) -> Action:
        raise NotImplementedError

    @pytest.fixture
    def strange(self) -> Sequence[Action]:
        return ()

    @pytest.fixture
    async def open_runner(self, runner: Runner) -> AsyncIterator[Runner]:
        yield runner
        await runner.close()

    async def has_begun(self, sink: Sink) -> None:
        await sink.begun.wait()

    async def test_success_is_a_value(self, open_runner: Runner, succeeding: Action) -> None:
        outcome = await open_runner.run(attempt_of(succeeding), Sink())
        assert isinstance(outcome, Succeeded), outcome

    async def test_failure_is_a_value_with_a_bounded_note(self, open_runner: Runner, failing: Action) -> None:
        outcome = await open_runner.run(attempt_of(failing), Sink())
        assert isinstance(outcome, Failed), outcome
        assert outcome.error.type in outcome.error.types
        assert len(repr(outcome.error)) < 2 * 4096

    async def test_a_second_attempt_starts_afresh(self, open_runner: Runner, failing: Action) -> None:
        outcomes = [await open_runner.run(attempt_of(failing, number=n), Sink()) for n in (1, 2)]
        assert [type(outcome) for outcome in outcomes] == [Failed, Failed]

    async def test_many_run_at_once(self, open_runner: Runner, succeeding: Action) -> None:
        runs = [open_runner.run(attempt_of(succeeding), Sink()) for _ in range(20)]
        assert all(isinstance(outcome, Succeeded) for outcome in await asyncio.gather(*runs))

    async def test_cancelling_ends_it_within_kill_after(self, open_runner: Runner, lasting: Action) -> None:
        task = await self._begin(open_runner, lasting)
        task.cancel()
        await _ends(task, within=KILL_AFTER + timedelta(seconds=1))
        assert task.cancelled()

    async def test_cancelling_twice_ends_it_too(self, open_runner: Runner, lasting: Action) -> None:
        task = await self._begin(open_runner, lasting)
        task.cancel()
        asyncio.get_running_loop().call_soon(task.cancel)
        await _ends(task, within=KILL_AFTER + timedelta(seconds=1))
        assert task.cancelled()

    async def test_nothing_but_cancellation_escapes(self, open_runner: Runner, strange: Sequence[Action]) -> None:
        for action in strange:
            outcome = await open_runner.run(attempt_of(action), Sink())
            assert isinstance(outcome, (Succeeded, Failed)), action

    async def test_one_bad_job_harms_no_other(
        self, open_runner: Runner, strange: Sequence[Action], succeeding: Action
    ) -> None:
        runs = [open_runner.run(attempt_of(action), Sink()) for action in (*strange, succeeding)]
        assert isinstance((await asyncio.gather(*runs))[-1], Succeeded)

    async def test_closing_does_not_wait_for_jobs(self, runner: Runner, lasting: Action) -> None:
        task = await self._begin(runner, lasting)
        await asyncio.wait_for(runner.close(), timeout=0.5)
        task.cancel()
        await _ends(task, within=KILL_AFTER + timedelta(seconds=1))

    async def test_closing_what_was_never_used(self, runner: Runner) -> None:
        await runner.close()
        await runner.close()

    async def _begin(self, runner: Runner, action: Action) -> asyncio.Task[Outcome]:
        sink = Sink()
        sink.watch()
        task = asyncio.ensure_future(runner.run(attempt_of(action), sink))
        await asyncio.wait_for(self.has_begun(sink), timeout=5)
        assert not task.done(), task
        return task


async def _ends(task: asyncio.Task[Outcome], *, within: timedelta) -> None:
    done, _ = await asyncio.wait({task}, timeout=within.total_seconds())
    assert done, f"still running {within} after it was cancelled"
