"""The questions: the conditions of a fire are asked beside the loop's turns, one after the other, and exactly one
answer comes of each question, in bounded time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from asched.core.model import Fire, Job
from asched.core.rules.answers import Answered
from asched.engine.clock import Clock
from asched.engine.ports import Conditions

PATIENCE = timedelta(seconds=30)  # for all conditions of one fire


class Questions:
    """`deliver` takes the answers."""

    def __init__(self, clock: Clock, conditions: Conditions, deliver: Callable[[Answered], None]) -> None:
        self._clock = clock
        self._conditions = conditions
        self._deliver = deliver
        self.running: dict[int, asyncio.Task[Answered]] = {}
        self._asking: dict[int, str] = {}  # the condition that is being asked

    def ask(self, job: Job, fire: Fire) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(job, fire), name=f"asched conditions of {job.name}")
        self.running[fire.id] = task
        deadline = self._clock.monotonic() + PATIENCE.total_seconds()
        timer = self._clock.call_at(deadline, lambda: self._too_late(job, fire, task))
        task.add_done_callback(lambda _: timer.cancel())
        task.add_done_callback(lambda _: self._done(job, fire, task))

    def cancel(self) -> None:
        """Nobody wants to know any more. Whoever comes next asks again."""
        tasks = list(self.running.values())
        self.running.clear()
        for task in tasks:
            task.cancel()

    async def _answer(self, job: Job, fire: Fire) -> Answered:
        for term in job.conditions:
            self._asking[fire.id] = term.text
            try:
                holds, said = await self._conditions.ask(term.condition, job, fire)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # SystemExit too: it costs this fire only
                return Answered(job.name, fire.id, False, term.text, f"it raised {_said(error)}")
            if holds is not term.holds:
                return Answered(job.name, fire.id, False, term.text, said)
        return Answered(job.name, fire.id, holds=True)

    def _too_late(self, job: Job, fire: Fire, task: asyncio.Task[Answered]) -> None:
        said = f"it did not answer within {PATIENCE.total_seconds():g}s"
        self._end(fire, task, Answered(job.name, fire.id, False, self._asking.get(fire.id, ""), said))
        task.cancel()

    def _done(self, job: Job, fire: Fire, task: asyncio.Task[Answered]) -> None:
        if task.cancelled():
            said = "it was cancelled by other code in this process"
            self._end(fire, task, Answered(job.name, fire.id, False, self._asking.get(fire.id, ""), said))
        else:
            self._end(fire, task, task.result())

    def _end(self, fire: Fire, task: asyncio.Task[Answered], answer: Answered) -> None:
        if self.running.get(fire.id) is task:
            del self.running[fire.id]
            self._asking.pop(fire.id, None)
            self._deliver(answer)


def _said(error: BaseException) -> str:
    message = " ".join(str(error).split())[:500]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
