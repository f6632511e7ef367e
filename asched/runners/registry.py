"""All runners as one: each attempt goes to the runner of its action's kind, which is made when first needed."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, assert_never

from asched.core.action import Action, Command, Function, Request
from asched.core.expectation import NOTHING_MORE
from asched.core.masking import Mask
from asched.core.model import Attempt
from asched.core.outcome import Outcome
from asched.engine.clock import Clock
from asched.engine.ports import OutputSink, Runner
from asched.runners.clients import Clients


class Runners:
    """A Runner for every action. `threads` is how many plain functions may run at once; `mask` is applied to errors
    and results, beside each job's own secrets; `clock` is what `asched.sleep` waits on."""

    def __init__(self, *, threads: int = 64, mask: Mask = str, clock: Clock | None = None) -> None:
        self._clients = Clients()
        self._limit = threads
        self._mask = mask
        self._clock = clock
        self._made: dict[str, Runner] = {}

    def run(self, attempt: Attempt, output: OutputSink) -> Coroutine[Any, Any, Outcome]:
        job = attempt.job
        runner = self._runner_for(job.action)
        if job.expect is not NOTHING_MORE and job.expect.of_output:
            from asched.runners.expected import run_and_listen

            return run_and_listen(runner, attempt, output, self._mask)
        return runner.run(attempt, output)

    async def close(self) -> None:
        for runner in self._made.values():
            await runner.close()
        await self._clients.close()

    def threads(self) -> tuple[int, int]:
        """How many threads are at work for a run, and how many that were given up."""
        from asched.runners.thread import ThreadRunner

        runner = self._made.get("thread")
        return (runner.busy, runner.leaked) if isinstance(runner, ThreadRunner) else (0, 0)

    def _runner_for(self, action: Action) -> Runner:
        kind = action.mode if isinstance(action, Function) else action.kind
        runner = self._made.get(kind)
        if runner is None:
            runner = self._made[kind] = self._make(action)
        return runner

    def _make(self, action: Action) -> Runner:
        match action:
            case Function(mode="thread"):
                from asched.runners.thread import ThreadRunner

                return ThreadRunner(self._clients, limit=self._limit, mask=self._mask, clock=self._clock)
            case Function():
                from asched.runners.coroutine import CoroutineRunner

                return CoroutineRunner(self._clients, mask=self._mask, clock=self._clock)
            case Command():
                from asched.runners.command import CommandRunner

                return CommandRunner(mask=self._mask)
            case Request():
                from asched.runners.http import HttpRunner

                return HttpRunner(self._clients, mask=self._mask)
            case _:
                assert_never(action)
