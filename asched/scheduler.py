"""The Scheduler: what people embed, and the only place where the engine meets its adapters."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, Unpack

from asched.backfills import cancelled
from asched.core.action import Action
from asched.core.change import Act, Backfill
from asched.core.foresight.recoverystatus import RecoveryStatus, status_of_recovery
from asched.core.grammar.instants import as_instant, not_far
from asched.core.grammar.phrases import parse_schedule
from asched.core.limits import Limits
from asched.core.localtime.calendars import Calendar
from asched.core.model import Job, fire_id
from asched.core.record import FireQuery, FireRecord
from asched.core.recovery import Recovery
from asched.core.rules.admission import make_room
from asched.core.rules.adopt import settle_down
from asched.core.rules.board import Board, Now, Turn
from asched.core.rules.draining import drain, lift, settle_before
from asched.core.rules.roster import current, place, remove
from asched.core.text.durations import as_duration
from asched.core.triggers.at import At
from asched.core.version import definition_of
from asched.declaration.checks import check_definitions, check_graph
from asched.declaration.definition import (
    Declaration,
    Schedule,
    declared_problems,
    default_name,
    define,
    job,
)
from asched.declaration.options import JobOptions
from asched.declaration.recoveryoptions import RecoveryOptions, recovery_of
from asched.declaration.sources import declarations_of
from asched.engine.bus import Bus, Event
from asched.engine.clock import Clock, SystemClock
from asched.engine.clockwatch import watch_clock
from asched.engine.engine import Engine
from asched.engine.ports import Ledger, Runner
from asched.engine.start import Inheritance, begin, learn, needed_by, successes_of, take_in
from asched.engine.watching import Watching
from asched.errors import ConfigurationError, NotRunning, Refused, UnknownJob, UnknownRun
from asched.handles import JobHandle, RunHandle
from asched.host.localzone import local_zone_key
from asched.host.ownledger import own_ledger
from asched.ledger.opening import ledger_for
from asched.operating import Pausing, cancel_run, pause_jobs, read_on_resume, resume_jobs, tagged
from asched.recovery import abort_recovery, approve_recovery
from asched.retention import Retention, prune_all
from asched.stopping import hurry, wind_down

if TYPE_CHECKING:
    from asched.runners.conditions import MachineConditions

P = ParamSpec("P")
R = TypeVar("R")


_TWICE = 'two jobs are called "{}": give one another name'
CANCELLED = (
    "its engine was cancelled before it was stopped, by other code or the end of its loop: nothing fires any more"
)


class Scheduler:
    """Runs jobs inside the running event loop.

        async with Scheduler("myapp.jobs", ledger="state/asched.db") as scheduler:
            ...

    `sources` are modules, or their names (`__name__` for this one), whose @job functions become jobs. `ledger` is a
    path, ":memory:" (nothing survives), or a Ledger; by default a file in the state directory, named after the first
    source (else the program) and the hash of its path. `timezone` is an IANA key, the default for every schedule.
    `defaults` are options for every job, `calendars` what their `except` may name. On exit it stops firing, waits up
    to `drain` for what runs, interrupts the rest, and records it. `retention`: closed fires older than that, or beyond
    the newest `runs_per_job` of their job, are pruned; with `failures_kept`, what failed, timed out or was abandoned
    only after that long, if that is longer. `max_running`: so many runs at once, over all jobs; `pools`: places by
    name, which the jobs' `pool` takes; `recovery`: how what an absence left owed is made up for, over all jobs. Touches
    neither signals nor logging.

    Raises ConfigurationError, with every problem found, when it starts with jobs that cannot be loaded.
    """

    def __init__(
        self,
        *sources: str | ModuleType,
        ledger: str | Path | Ledger | None = None,
        timezone: str = "UTC",
        defaults: JobOptions | None = None,
        calendars: Mapping[str, Calendar] | None = None,
        drain: str | float | timedelta = "30s",
        retention: str | float | timedelta = "30d",
        runs_per_job: int = 1000,
        max_running: int | None = None,
        pools: Mapping[str, int] | None = None,
        failures_kept: str | float | timedelta | None = None,
        recovery: RecoveryOptions | Recovery | None = None,
        clock: Clock | None = None,
        runner: Runner | None = None,
        mask: Callable[[str], str] = str,
    ) -> None:
        self.timezone = timezone
        self.clock: Clock = clock or SystemClock()
        self.bus = Bus()
        self.ledger: Ledger = ledger_for(own_ledger(sources) if ledger is None else ledger)
        self._sources = sources
        self._defaults: Mapping[str, object] = defaults or {}
        self._calendars = {name: replace(calendar, name=name) for name, calendar in (calendars or {}).items()}
        self.drain = as_duration(drain)
        self._limits = Limits(max_running, pools or {}, recovery_of(recovery))
        self._retention = Retention(
            as_duration(retention), runs_per_job, None if failures_kept is None else as_duration(failures_kept)
        )
        self._runner = runner
        self._mask = mask
        self._conditions: MachineConditions | None = None
        self._secrets: Callable[[str], str | None] = os.environ.get
        self._jobs: dict[str, Job] = {}
        self._added: set[str] = set()  # of these: by add, at and @scheduler.job
        self._only_these = False
        self._heir: Inheritance | None = None
        self._engine: Engine | None = None
        self._task: asyncio.Task[None] | None = None
        self._watching: Watching | None = None
        self._helpers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._stopped = False

    # Jobs.

    def job(
        self, schedule: Schedule | None = None, /, *, name: str | None = None, **options: Unpack[JobOptions]
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Like asched.job, for this scheduler only: @scheduler.job("every 10s")."""
        declare = job(schedule, name=name, **options)

        def declare_and_add(function: Callable[P, R]) -> Callable[P, R]:
            declared = declare(function)
            self._adopt_definitions([self._define(declared.__asched__)])  # type: ignore[attr-defined]
            return declared

        return declare_and_add

    def add(
        self,
        function: Callable[..., Any] | Action,
        schedule: Schedule | None = None,
        /,
        *,
        name: str | None = None,
        **options: Unpack[JobOptions],
    ) -> JobHandle:
        """A job more, before or after the start. Raises ConfigurationError for what is wrong with it."""
        declared = Declaration(name or default_name(function), schedule, dict(options), function)
        added = self._define(declared)
        self._adopt_definitions([added])
        return JobHandle(self, added.name)

    def at(
        self,
        when: str | datetime,
        function: Callable[..., Any] | Action,
        /,
        *,
        name: str | None = None,
        **options: Unpack[JobOptions],
    ) -> JobHandle:
        """Once, at that instant: a datetime, or an ISO text in the scheduler's zone. `handle.cancel()` revokes it."""
        trigger = At(not_far(when)) if isinstance(when, datetime) else parse_schedule(when, tz=self.timezone)
        base = default_name(function)
        unique = name or next(f"{base}-{n}" for n in count(len(self._jobs) + 1) if f"{base}-{n}" not in self._jobs)
        return self.add(function, trigger, name=unique, **options)

    def _define(self, declared: Declaration) -> Job:
        defined = define(
            declared,
            defaults=self._defaults,
            timezone=self.timezone,
            secrets=self._secrets,
            local_zone=local_zone_key,
            calendars=self._calendars,
        )
        if isinstance(defined, Job):
            return defined
        raise ConfigurationError(declared_problems(declared, defined))

    def _adopt_definitions(self, jobs: Sequence[Job]) -> None:
        """Take jobs in. After the start, the engine is told; what is asked of it next comes behind that."""
        for one in jobs:
            if one.name in self._jobs:
                raise ConfigurationError(_TWICE.format(one.name))
        if self._engine is not None and any(one.after or one.needs or one.policies.pool for one in jobs):
            check_graph([*self._jobs.values(), *jobs], self._limits)
        check_definitions(jobs)
        self._jobs.update((one.name, one) for one in jobs)  # in place: copying all would be quadratic
        self._added.update(one.name for one in jobs)
        if self._engine is not None:
            self._tell(lambda board, now, turn: self._take_in(jobs, board, now, turn))
            if needed := needed_by(jobs):
                self._help("asched successes", self._learn(needed))

    async def _learn(self, needed: Iterable[str]) -> None:
        """What these did before somebody needed them."""
        successes = await self._running.recorded(lambda: successes_of(self.ledger, needed))
        self._tell(lambda board, now, turn: learn(board, successes))

    def _take_in(self, jobs: Sequence[Job], board: Board, now: Now, turn: Turn) -> None:
        assert self._heir is not None
        take_in(board, jobs, self._heir, now, turn)
        self._watch()

    def _watch(self) -> None:
        """There are other jobs on the board than before: they may watch something."""
        if self._watching is not None:
            self._watching.notice()

    def replace(self, jobs: Iterable[Job]) -> None:
        """Before the start: exactly these jobs. What the ledger knows beyond them is gone for good."""
        self._jobs = {one.name: one for one in jobs}
        self._added.clear()
        self._only_these = True

    async def reload(self, jobs: Sequence[Job], limits: Limits | None = None) -> None:
        """From now on these jobs instead of those of the sources, of `replace` and of the last reload, and these
        limits, if any are given; what was added by `add`, `at` and `@scheduler.job` stays beside them. Running runs
        keep the definition they started with, and the places they have.

        Raises ConfigurationError, and leaves everything as it is, when they cannot be taken as they are; also when one
        of them is called as a job that was added.
        """
        limits = limits or self._limits
        successes = await self._running.recorded(
            lambda: successes_of(self.ledger, needed_by([*jobs, *self._jobs.values()]))
        )
        for one in jobs:
            if one.name in self._added:
                raise ConfigurationError(_TWICE.format(one.name))
        added = [self._jobs[name] for name in self._jobs if name in self._added]
        check_graph([*jobs, *added], limits)
        check_definitions(jobs)
        wanted = {one.name: one for one in (*jobs, *added)}
        await self._running.ask(lambda board, now, turn: self._swap(wanted, limits, successes, board, now, turn))
        self._limits = limits
        mine = {name: job for name, job in self._jobs.items() if name in self._added}  # also of what came meanwhile
        self._jobs = {one.name: one for one in jobs} | mine

    def _swap(
        self,
        wanted: Mapping[str, Job],
        limits: Limits,
        successes: Sequence[FireRecord],
        board: Board,
        now: Now,
        turn: Turn,
    ) -> None:
        learn(board, successes)
        for name in [name for name in board.jobs if name not in wanted or wanted[name].disabled]:
            remove(board, name, now, turn)
        for name, definition in wanted.items():
            if not definition.disabled:
                state = board.jobs.get(name)
                if state is not None and state.definition != definition_of(definition):
                    settle_before(board, state, now, turn)
                place(board, definition, None if state is None else current(state), now, turn)
        board.link()
        make_room(board, limits, now, turn)
        settle_down(board, now, turn)
        self._watch()

    def discard(self, name: str) -> None:
        """Take a job away: it owes nothing more, what waited is skipped, what runs runs to its end.

        Raises Refused while others come after it: they would wait for ever.
        """
        self._known(name)
        followers = sorted(one.name for one in self._jobs.values() if one.name != name and _depends(one, name))
        if followers:
            said = ", ".join(f'"{one}"' for one in followers)
            raise Refused(f'job "{name}" cannot be discarded: {said} would wait for it for ever; discard them first')
        del self._jobs[name]
        self._added.discard(name)
        if self._engine is not None:
            self._tell(lambda board, now, turn: _remove(board, name, now, turn))

    @property
    def jobs(self) -> tuple[JobHandle, ...]:
        return tuple(JobHandle(self, name) for name in self._jobs)

    def __getitem__(self, job: str | Callable[..., Any]) -> JobHandle:
        """The job of that name, or of that decorated function. Raises UnknownJob."""
        name = job if isinstance(job, str) else getattr(getattr(job, "__asched__", None), "name", default_name(job))
        self._known(name)
        return JobHandle(self, name)

    def definition(self, name: str) -> Job:
        return self._known(name)

    def _known(self, name: str) -> Job:
        found = self._jobs.get(name)
        if found is None:
            raise UnknownJob(f'no job is called "{name}"')
        return found

    # Life.

    async def __aenter__(self) -> Scheduler:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @contextlib.asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """For ASGI applications: FastAPI(lifespan=scheduler.lifespan)."""
        async with self:
            yield

    async def start(self) -> None:
        """Settle what came before, then run until `stop`. Returns once the first decisions are recorded."""
        if self._engine is not None:
            raise Refused("this scheduler has been started already; make another one")
        for declared in declarations_of(self._sources):
            defined = self._define(declared)
            if self._jobs.setdefault(defined.name, defined).action != defined.action:
                raise ConfigurationError(_TWICE.format(defined.name))
        check_graph(self._jobs.values(), self._limits)
        check_definitions(self._jobs.values())
        await self.ledger.open()
        try:
            await self._begin()
        except BaseException:
            await self.ledger.close()
            raise

    async def _begin(self) -> None:
        given = dict(self._jobs)
        self._engine, self._heir = await begin(
            ledger=self.ledger,
            runner=self._a_runner(),
            clock=self.clock,
            bus=self.bus,
            jobs=list(given.values()),
            mask=self._mask,
            only_these=self._only_these,
            limits=self._limits,
            conditions=self._a_world(),
        )
        attach = getattr(self.clock, "attach", None)
        if attach is not None:  # a fake clock wants to know when we are done with an instant
            attach(self._engine)
        self._task = asyncio.create_task(self._engine.run(), name="asched engine")
        self._task.add_done_callback(self._say_its_end)
        unwatch = watch_clock(self._engine)
        self._task.add_done_callback(lambda _: unwatch())
        self._watching = Watching(self._engine)
        self._help("asched retention", self._retention.keep(self._engine))
        self._help("asched watching", self._watching.run())
        late = [job for name, job in self._jobs.items() if name not in given]
        if late:  # added while we were beginning
            self._tell(lambda board, now, turn: self._take_in(late, board, now, turn))

    def _say_its_end(self, task: asyncio.Task[None]) -> None:
        """An engine that ends must not do so in silence, unless it was stopped."""
        if task.cancelled() and not self._stopping:
            context = {"message": f"asched: {CANCELLED}", "task": task}
            task.get_loop().call_exception_handler(context)
        _say_so(task)

    def _help(self, name: str, doing: Coroutine[Any, Any, None]) -> None:
        """Beside the engine, as long as it lives."""
        assert self._task is not None
        helper = asyncio.create_task(doing, name=name)
        helper.add_done_callback(_say_so)
        self._task.add_done_callback(lambda _: helper.cancel())
        self._helpers.append(helper)

    def _a_runner(self) -> Runner:
        if self._runner is None:
            from asched.runners.registry import Runners

            self._runner = Runners(mask=self._mask, clock=self.clock)
        return self._runner

    def _a_world(self) -> MachineConditions:
        if self._conditions is None:
            from asched.runners.conditions import MachineConditions

            self._conditions = MachineConditions(self.clock)
        return self._conditions

    async def stop(self, drain: str | float | timedelta | None = None, reason: str = "asched stopped") -> None:
        """Start nothing more, wait up to `drain` for what runs, interrupt the rest, record it, close the ledger."""
        if self._engine is None or self._stopped:
            return
        self._stopping = True
        stopping = asyncio.ensure_future(self._stop(self.drain if drain is None else as_duration(drain), reason))
        drive = getattr(self.clock, "drive", None)
        await (asyncio.shield(stopping) if drive is None else drive(stopping))

    async def _stop(self, drain: timedelta, reason: str) -> None:
        engine, task = self._running, self._task
        assert task is not None
        try:
            await wind_down(engine, task, drain, reason)
        finally:
            await self._close(engine)
        if not task.cancelled():
            task.result()  # a fault of our own is not kept silent

    async def _close(self, engine: Engine) -> None:
        self._stopped = True
        for helper in self._helpers:
            helper.cancel()
        await asyncio.gather(*self._helpers, return_exceptions=True)
        try:
            with contextlib.suppress(Exception):
                await self.ledger.leave(engine.number, self.clock.now())
            await self._a_runner().close()
            await self._a_world().close()
        finally:  # whatever a runner makes of it, the ledger is free for the next one
            try:
                await self.ledger.close()
            finally:
                self.bus.close()

    def hurry(self, reason: str = "asched stopped") -> None:
        """While stopping: do not wait for the drain any more."""
        if self._engine is not None:
            hurry(self._engine, reason)

    async def wait(self) -> None:
        """Until it stops. Raises what stopped it, when that was a fault of our own or of the ledger; NotRunning when
        its engine was cancelled by somebody else."""
        if self._task is None:
            raise NotRunning("the scheduler has not been started")
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()
        elif not self._stopping:
            raise NotRunning(CANCELLED)

    async def until(self, event: asyncio.Event) -> None:
        """Wait for `event`, or raise what ended the scheduler meanwhile."""
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({waiting, self._task} if self._task else {waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not event.is_set():
                await self.wait()
                raise NotRunning("the scheduler has stopped")
        finally:
            waiting.cancel()

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done() and not self._stopped

    @property
    def engine(self) -> Engine:
        """The engine, for what serves, shows and tests. Raises NotRunning."""
        return self._running

    @property
    def _running(self) -> Engine:
        if self._engine is None:
            raise NotRunning("the scheduler has not been started: use `async with scheduler:`")
        return self._engine

    def _tell(self, act: Callable[[Board, Now, Turn], None]) -> None:
        """Ask without waiting. What is asked later is done later; a failure goes to the loop's exception handler."""
        self._running.tell(act).add_done_callback(_say_so)

    # What happened.

    def events(self) -> AsyncIterator[Event]:
        """Everything that happens from now on, read or not yet: dicts with "type", "at" and what
        docs/reference/events.md lists."""
        return self.bus.stream()

    async def runs(self, job: str | None = None, *, limit: int = 100) -> Sequence[FireRecord]:
        """What was started, newest first."""
        jobs = () if job is None else (job,)
        return await self.ledger.fires(FireQuery(jobs=jobs, decisions=("start",), limit=limit))

    async def prune(
        self, before: datetime | None = None, *, dry_run: bool = False, by: str = "api", reason: str = ""
    ) -> int:
        """Delete now what retention no longer keeps, or with `before` what is older than that. Returns how many fires
        went, or, with `dry_run`, would go. Raises Refused for an instant without an offset."""
        keep = self._retention.at(self.clock.now(), as_instant(before))
        if dry_run:
            return await self.ledger.prunable(keep)
        await self._running.ask(
            lambda board, now, turn: turn.changes.append(Act(now.wall, "prune", str(by), reason=str(reason)))
        )
        return await prune_all(self.ledger, keep, self.clock)

    # What an absence left owed.

    def recovery(self) -> RecoveryStatus:
        """What is still to be made up for, over all jobs, and whether it waits for an answer. Raises NotRunning."""
        return status_of_recovery(self._running.board)

    async def approve_recovery(self, *, by: str = "api", reason: str = "") -> int:
        """All that is held may start; also after a restart. Returns how many fires. Raises Refused when nothing is."""
        return await approve_recovery(self._running, str(by), str(reason))

    async def abort_recovery(self, jobs: Sequence[str] = (), *, by: str = "api", reason: str = "") -> int:
        """What is owed is not made up for: it is skipped, of these jobs or of all. Returns how many fires, once that is
        recorded. Raises Refused when there are none, UnknownJob."""
        for name in jobs:
            self._known(name)
        return await abort_recovery(self._running, jobs, str(by), str(reason))

    async def cancel(self, run: str, reason: str = "cancelled", *, by: str = "api") -> RunHandle:
        """Ask an open run to stop; a fire that waits is not started. Raises UnknownRun, or Refused when it is over."""
        record = await self._recorded(run)
        if not await self._running.ask(
            lambda board, now, turn: cancel_run(board, record.fire, str(by), str(reason), now, turn)
        ):
            raise Refused(f"run {run} is over already")
        return RunHandle(self, record.id, record.job)

    async def retry(self, run: str, reason: str = "", *, by: str = "api") -> RunHandle:
        """Run a finished run again: its job as it is now, for the same instant, with the same arguments and the results
        of what it came after. Raises UnknownRun, or Refused while it is open, or when its job is gone or full."""
        record = await self._recorded(run)
        if record.open:
            raise Refused(f"run {run} is not over yet: `asched cancel {run}` stops it")
        if record.job not in self._jobs:
            raise Refused(f'run {run} cannot be run again: no job is called "{record.job}" any more')
        return await self[record.job].again(record.fire, by=by, reason=reason)

    async def _recorded(self, run: str) -> FireRecord:
        fire = fire_id(run)
        record = None if fire is None else await self.ledger.fire(fire)
        if record is None:
            raise UnknownRun(f'no run is called "{run}"')
        return record

    # What operators hold back.

    async def pause(
        self,
        jobs: Iterable[str] | None = None,
        reason: str = "",
        *,
        for_: str | float | timedelta | None = None,
        until: datetime | None = None,
        on_resume: str | None = None,
        by: str = "api",
    ) -> Sequence[str]:
        """No new starts of these jobs, or of all, until `resume`, for that long, or until then. `on_resume`, if it is
        not to be each job's own: "skip", "latest" or "all". All of it is one transaction. Returns who is paused."""
        length = None if for_ is None else as_duration(for_)
        wanted = Pausing(str(by), str(reason), length, as_instant(until), read_on_resume(on_resume))
        names = None if jobs is None else [self._known(name).name for name in jobs]
        return await self._running.ask(lambda board, now, turn: pause_jobs(board, names, wanted, now, turn))

    async def resume(self, jobs: Iterable[str] | None = None, reason: str = "", *, by: str = "api") -> Sequence[str]:
        """Start these jobs again, or all that are paused. Returns who was. Raises Refused when none of them was."""
        names = None if jobs is None else [self._known(name).name for name in jobs]
        return await self._running.ask(
            lambda board, now, turn: resume_jobs(board, names, str(by), str(reason), now, turn)
        )

    def tagged(self, tag: str) -> Sequence[str]:
        """The jobs with that tag. Raises UnknownJob when there is none."""
        return tagged(self._jobs.values(), tag)

    async def begin_drain(self, reason: str = "", *, by: str = "api") -> None:
        """Start nothing more, until `end_drain`. What runs goes on. Raises Refused when it is so already."""
        if not await self._running.ask(lambda board, now, turn: drain(board, str(by), str(reason), now, turn)):
            raise Refused("asched starts nothing already: it drains, or stops")

    async def end_drain(self, reason: str = "", *, by: str = "api") -> None:
        """Go on. What came due meanwhile is late, and its job's catch-up policy decides. Raises Refused when there is
        nothing to lift."""
        if self._stopping or not await self._running.ask(
            lambda board, now, turn: lift(board, str(by), str(reason), now, turn)
        ):
            raise Refused("asched is stopping" if self._stopping else "asched is not draining")

    async def backfills(self, *, limit: int = 100) -> Sequence[Backfill]:
        """Those under way and those that are over, newest first."""
        return await self.ledger.backfills(limit)

    async def cancel_backfill(self, number: int, reason: str = "", *, by: str = "api") -> None:
        """Start nothing more of it: what waits is skipped, what runs runs to its end. Raises Refused when it is over,
        or there is none."""
        await cancelled(self._running, number, str(by), str(reason))


def _say_so(task: asyncio.Future[None]) -> None:
    """An engine that fails must not do so in silence, whoever forgot to wait for it."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        context = {"message": "asched: a fault of its own, or of its ledger", "exception": error, "future": task}
        task.get_loop().call_exception_handler(context)


def _remove(board: Board, name: str, now: Now, turn: Turn) -> None:
    if name in board.jobs:
        remove(board, name, now, turn)
    board.link()


def _depends(job: Job, other: str) -> bool:
    return other in job.after or any(need.job == other for need in job.needs)
