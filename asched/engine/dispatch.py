"""The dispatch: attempts as tasks, each stopped by its timeout, an operator or our shutdown, and never waited for
longer than its kill_after.

Whatever happens in a task, exactly one Ended message comes of each attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from asched.core.dataclass import dataclass
from asched.core.model import Attempt, Fire, Job, run_name
from asched.core.nothing import NOTHING
from asched.core.outcome import ErrorNote, Failed, Outcome
from asched.core.rules.board import Cause
from asched.core.rules.runs import Ended, stopped_as
from asched.engine.capture import Capture
from asched.engine.clock import Clock, Timer
from asched.engine.ports import Runner

GIVE_UP_MARGIN = timedelta(seconds=1)  # beyond kill_after, for a runner to see its children gone

Results = Callable[[Mapping[str, int]], Awaitable[Mapping[str, object]]]


@dataclass(slots=True, eq=False)
class Execution:
    """One attempt being executed."""

    job: Job
    fire: Fire
    attempt: int
    capture: Capture
    started_at: datetime | None = None  # None: it was stopped before its first step
    started_mono: float = 0.0
    task: asyncio.Task[Outcome] | None = None
    cause: Cause | None = None
    reason: str = ""
    limit: timedelta | None = None  # the one that it ran into
    timers: tuple[Timer, ...] = ()


class Dispatch:
    """`deliver` takes the Ended messages; `results` fetches what upstream runs returned."""

    def __init__(self, clock: Clock, runner: Runner, deliver: Callable[[Ended], None], results: Results) -> None:
        self._clock = clock
        self._runner = runner
        self._deliver = deliver
        self._results = results
        self.running: dict[int, Execution] = {}
        self.on_busy: Callable[[], None] = lambda: None  # called when the first attempt begins
        self.given_up: set[asyncio.Task[Outcome]] = set()  # would not stop; may still be at work

    def start(self, job: Job, fire: Fire, attempt: int, capture: Capture) -> None:
        execution = Execution(job, fire, attempt, capture)
        if not self.running:
            self.on_busy()
        self.running[fire.id] = execution
        done, name = partial(self._done, execution), f"asched run {run_name(fire.id)} {job.name}"
        task = execution.task = asyncio.get_running_loop().create_task(self._execute(execution, done), name=name)
        task.add_done_callback(done)
        timeout = job.policies.timeout
        if timeout is not None:
            self._after(execution, timeout, lambda: self.stop(fire.id, Cause.TIMEOUT, "timeout", timeout))

    async def _execute(self, execution: Execution, done: Callable[[asyncio.Task[Outcome]], None]) -> Outcome:
        fire, job = execution.fire, execution.job
        execution.started_at, execution.started_mono = self._clock.now(), self._clock.monotonic()
        upstream = await self._results(fire.upstream) if fire.upstream else NOTHING
        args = {**job.args, **fire.args} if fire.args else job.args
        attempt = Attempt(job, fire, execution.attempt, args, upstream)
        try:
            outcome = await self._runner.run(attempt, execution.capture)
        except (SystemExit, KeyboardInterrupt) as error:  # these would end the loop, and everybody in it
            return _runner_fault(error)
        task = execution.task
        if execution.cause is None and task is not None and not task.cancelling():
            # Nobody asked it to stop, and from here on nobody can: its end needs no step of the loop of its own.
            self._over(execution, outcome)
            task.remove_done_callback(done)
        return outcome

    def stop(
        self, fire: int, cause: Cause, reason: str, limit: timedelta | None = None, *, at_once: bool = False
    ) -> None:
        """Ask it to stop; `at_once` a second time, which runners take as: kill now. `limit`: what it ran into."""
        execution = self.running.get(fire)
        if execution is None or execution.task is None:
            return
        if execution.cause is None:
            execution.cause, execution.reason, execution.limit = cause, reason, limit
            patience = execution.job.policies.kill_after + GIVE_UP_MARGIN
            self._after(execution, patience, lambda: self._give_up(execution))
            execution.task.cancel()
        if at_once:  # after the first has reached it: two in one step of the loop would count as one
            asyncio.get_running_loop().call_soon(execution.task.cancel)

    def stop_all(self, cause: Cause, reason: str, *, at_once: bool = False) -> None:
        for fire in list(self.running):
            self.stop(fire, cause, reason, at_once=at_once)

    async def gone(self, seconds: float) -> None:
        """Wait until nothing is executed any more, that long at most."""
        tasks = {execution.task for execution in self.running.values() if execution.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def _after(self, execution: Execution, delay: timedelta, callback: Callable[[], None]) -> None:
        deadline = self._clock.monotonic() + delay.total_seconds()
        execution.timers += (self._clock.call_at(deadline, callback),)

    def _give_up(self, execution: Execution) -> None:
        """It would not stop: its slot is freed, and the record says that it may still be at work."""
        if self._over(execution, self._stopped(execution, left_running=True)):
            assert execution.task is not None
            self.given_up.add(execution.task)

    def _done(self, execution: Execution, task: asyncio.Task[Outcome]) -> None:
        self.given_up.discard(task)
        self._over(execution, self._outcome_of(execution, task))  # looked at in any case, or asyncio complains

    def _over(self, execution: Execution, outcome: Outcome) -> bool:
        """False: it was given up before, and told."""
        if self.running.get(execution.fire.id) is not execution:
            return False
        del self.running[execution.fire.id]
        for timer in execution.timers:
            timer.cancel()
        execution.timers = ()  # each knows the execution
        self._end(execution, outcome)
        return True

    def _end(self, execution: Execution, outcome: Outcome) -> None:
        now, started_at, took = self._clock.now(), execution.started_at, timedelta(0)
        if started_at is None:
            started_at = now
        else:
            took = timedelta(seconds=self._clock.monotonic() - execution.started_mono)
        finished_at = now if now > started_at else started_at
        self._deliver(Ended(execution.fire.id, execution.attempt, outcome, started_at, finished_at, took))

    def _outcome_of(self, execution: Execution, task: asyncio.Task[Outcome]) -> Outcome:
        """Our own reason for stopping it counts before whatever it made of being stopped."""
        error = None if task.cancelled() else task.exception()
        if execution.cause is not None:
            return self._stopped(execution)
        if task.cancelled():
            return _cancelled_by_others()
        return _runner_fault(error) if error is not None else task.result()

    def _stopped(self, execution: Execution, *, left_running: bool = False) -> Outcome:
        assert execution.cause is not None
        return stopped_as(execution.cause, execution.reason, execution.limit, left_running=left_running)


def _cancelled_by_others() -> Failed:
    return Failed(ErrorNote("CancelledError", "its task was cancelled by other code in this process"))


def _runner_fault(error: BaseException) -> Failed:
    """A runner turns all that a job does into a value; if it lets something through, that is still only this run."""
    return Failed(ErrorNote(type(error).__name__, f"the runner raised: {error!r}"[:2000]))
