"""The Scheduler: what people embed, and the only place where the engine meets its adapters."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, ParamSpec, TypeVar, Unpack

from asched.backfills import cancelled
from asched.core.action import Action
from asched.core.change import Act, Backfill, Expire
from asched.core.foresight.recoverystatus import RecoveryStatus, status_of_recovery
from asched.core.grammar.instants import as_instant, not_far
from asched.core.limits import Limits
from asched.core.localtime.calendars import Calendar
from asched.core.model import Job, fire_id
from asched.core.record import FireQuery, FireRecord
from asched.core.recovery import Recovery
from asched.core.rules.answers import looked_up
from asched.core.rules.board import Board, Now, Turn
from asched.core.rules.draining import drain, lift
from asched.core.rules.exchange import exchange
from asched.core.rules.roster import remove
from asched.core.text.durations import as_duration
from asched.core.triggers.at import At
from asched.declaration.definition import (
    Declaration,
    Schedule,
    default_name,
    job,
)
from asched.declaration.options import JobOptions
from asched.declaration.recoveryoptions import RecoveryOptions, recovery_of
from asched.definitions import Definitions
from asched.engine.bus import Bus, Event
from asched.engine.clock import Clock, SystemClock
from asched.engine.engine import Engine
from asched.engine.inheritance import Inheritance
from asched.engine.ports import Ledger, Runner
from asched.engine.start import learn, needed_by, successes_of, take_in
from asched.errors import Refused, UnknownRun
from asched.handles import JobHandle, RunHandle
from asched.host.ownledger import own_ledger
from asched.ledger.opening import ledger_for
from asched.life import Life
from asched.operating import Pausing, cancel_run, pause_jobs, read_on_resume, resume_jobs, starts_nothing, tagged
from asched.recovery import abort_recovery, approve_recovery
from asched.retention import Retention, prune_all

P = ParamSpec("P")
R = TypeVar("R")


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
        self._definitions = Definitions(timezone, defaults or {}, calendars or {})
        self.drain = as_duration(drain)
        self._limits = Limits(max_running, pools or {}, recovery_of(recovery))
        self._retention = Retention(
            as_duration(retention), runs_per_job, None if failures_kept is None else as_duration(failures_kept)
        )
        self._life = Life(self.ledger, self.clock, self.bus, runner, mask)
        self._heir: Inheritance | None = None

    # Jobs.

    def job(
        self, schedule: Schedule | None = None, /, *, name: str | None = None, **options: Unpack[JobOptions]
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Like asched.job, for this scheduler only: @scheduler.job("every 10s")."""
        declare = job(schedule, name=name, **options)

        def declare_and_add(function: Callable[P, R]) -> Callable[P, R]:
            declared = declare(function)
            self._take([self._definitions.define(declared.__asched__)])  # type: ignore[attr-defined]
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
        added = self._definitions.define(declared)
        self._take([added])
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
        from asched.core.grammar.phrases import parse_schedule

        trigger = At(not_far(when)) if isinstance(when, datetime) else parse_schedule(when, tz=self.timezone)
        return self.add(function, trigger, name=name or self._definitions.free_name(function), **options)

    def _take(self, jobs: Sequence[Job]) -> None:
        self._definitions.add(jobs, self._limits)
        if self._life.begun:
            self._bring(jobs)

    def _bring(self, jobs: Sequence[Job]) -> None:
        """The engine is told; what is asked of it next comes behind that."""
        needed = needed_by(jobs)
        self._life.tell(lambda board, now, turn: self._take_in(jobs, needed, board, now, turn))
        if needed:
            self._life.help("asched successes", self._learn(needed))

    async def _learn(self, needed: Iterable[str]) -> None:
        """What these did before somebody needed them."""
        successes = await self.engine.recorded(lambda: successes_of(self.ledger, needed))
        self._life.tell(lambda board, now, turn: _learnt(board, needed, successes, now, turn))

    def _take_in(self, jobs: Sequence[Job], needed: Iterable[str], board: Board, now: Now, turn: Turn) -> None:
        assert self._heir is not None
        board.unread.update(needed)
        take_in(board, jobs, self._heir, now, turn)
        self._life.watch()

    def replace(self, jobs: Iterable[Job]) -> None:
        """Before the start: exactly these jobs. What the ledger knows beyond them is gone for good. Raises Refused
        once it starts."""
        self._life.refuse_if_started("`reload` takes other jobs")
        self._definitions.replace(jobs)

    async def reload(self, jobs: Sequence[Job], limits: Limits | None = None) -> Sequence[Expire]:
        """From now on these jobs instead of those of the sources, of `replace` and of the last reload, and these
        limits, if any are given; what was added by `add`, `at` and `@scheduler.job` stays beside them. Running runs
        keep the definition they started with, and the places they have. Returns what was arranged for single fires that
        their jobs do not have any more.

        Raises ConfigurationError, and leaves everything as it is, when they cannot be taken as they are; also when one
        of them is called as a job that was added.
        """
        limits = limits or self._limits
        needed = needed_by([*jobs, *self._definitions])
        successes = await self.engine.recorded(lambda: successes_of(self.ledger, needed))
        wanted = self._definitions.instead(jobs, limits)
        act = partial(self._exchange, wanted, limits, successes)
        dropped = await self.engine.ask(act)
        self._limits = limits
        self._definitions.take_over(jobs)
        return dropped

    def _exchange(
        self,
        wanted: Mapping[str, Job],
        limits: Limits,
        successes: Sequence[FireRecord],
        board: Board,
        now: Now,
        turn: Turn,
    ) -> list[Expire]:
        learn(board, successes)
        dropped = exchange(board, wanted, limits, now, turn)
        self._life.watch()
        return dropped

    def discard(self, name: str) -> None:
        """Take a job away: it owes nothing more, what waited is skipped, what runs runs to its end.

        Raises Refused while others come after it: they would wait for ever.
        """
        self._definitions.discard(name)
        if self._life.begun:
            self._take_away([name])

    def _take_away(self, names: Sequence[str]) -> None:
        self._life.tell(lambda board, now, turn: _remove(board, names, now, turn))

    @property
    def jobs(self) -> tuple[JobHandle, ...]:
        return tuple(JobHandle(self, job.name) for job in self._definitions)

    @property
    def limits(self) -> Limits:
        """Those that all jobs share, as they are now."""
        return self._limits

    def __getitem__(self, job: str | Callable[..., Any]) -> JobHandle:
        """The job of that name, or of that decorated function. Raises UnknownJob."""
        name = job if isinstance(job, str) else getattr(getattr(job, "__asched__", None), "name", default_name(job))
        return JobHandle(self, self._definitions[name].name)

    def definition(self, name: str) -> Job:
        """Raises UnknownJob."""
        return self._definitions[name]

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
        """Settle what came before, then run until `stop`. Returns once the first decisions are recorded. Raises Refused
        when it has been started already."""
        with self._life.starting():
            await self._definitions.read(self._sources, self._limits)
            given, changes = list(self._definitions), self._definitions.changes
            self._heir = await self._life.begin(
                given, self._limits, self._retention, only_these=self._definitions.only_these
            )
            if self._definitions.changes != changes:
                self._catch_up({job.name: job for job in given})

    def _catch_up(self, given: Mapping[str, Job]) -> None:
        """With what was discarded and added while we were beginning with these: as if it were now."""
        here = {job.name: job for job in self._definitions}
        if gone := [name for name, job in given.items() if here.get(name) is not job]:
            self._take_away(gone)
        if late := [job for name, job in here.items() if given.get(name) is not job]:
            self._bring(late)

    async def stop(self, drain: str | float | timedelta | None = None, reason: str = "asched stopped") -> None:
        """Start nothing more, wait up to `drain` for what runs, interrupt the rest, record it, close the ledger. While
        it starts: once it has."""
        await self._life.stop(self.drain if drain is None else as_duration(drain), reason)

    def hurry(self, reason: str = "asched stopped") -> None:
        """While stopping: do not wait for the drain any more."""
        self._life.hurry(reason)

    async def wait(self) -> None:
        """Until it stops. Raises what stopped it, when that was a fault of our own or of the ledger; NotRunning when
        its engine was cancelled by somebody else."""
        await self._life.wait()

    async def until(self, event: asyncio.Event) -> None:
        """Wait for `event`, or raise what ended the scheduler meanwhile."""
        await self._life.until(event)

    @property
    def running(self) -> bool:
        return self._life.running

    @property
    def engine(self) -> Engine:
        """The engine, for what serves, shows and tests. Raises NotRunning."""
        return self._life.engine

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
        await self.engine.ask(
            lambda board, now, turn: turn.changes.append(Act(now.wall, "prune", str(by), reason=str(reason)))
        )
        return await prune_all(self.ledger, keep, self.clock)

    # What an absence left owed.

    def recovery(self) -> RecoveryStatus:
        """What is still to be made up for, over all jobs, and whether it waits for an answer. Raises NotRunning."""
        return status_of_recovery(self.engine.board)

    async def approve_recovery(self, *, by: str = "api", reason: str = "") -> int:
        """All that is held may start; also after a restart. Returns how many fires. Raises Refused when nothing is."""
        return await approve_recovery(self.engine, str(by), str(reason))

    async def abort_recovery(self, jobs: Sequence[str] = (), *, by: str = "api", reason: str = "") -> int:
        """What is owed is not made up for: it is skipped, of these jobs or of all. Returns how many fires, once that is
        recorded. Raises Refused when there are none, UnknownJob."""
        for name in jobs:
            self._definitions[name]
        return await abort_recovery(self.engine, jobs, str(by), str(reason))

    async def cancel(self, run: str, reason: str = "cancelled", *, by: str = "api") -> RunHandle:
        """Ask an open run to stop; a fire that waits is not started. Raises UnknownRun, or Refused when it is over."""
        record = await self._recorded(run)
        if not await self.engine.ask(
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
        if record.job not in self._definitions:
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
        names = None if jobs is None else [self._definitions[name].name for name in jobs]
        return await self.engine.ask(lambda board, now, turn: pause_jobs(board, names, wanted, now, turn))

    async def resume(self, jobs: Iterable[str] | None = None, reason: str = "", *, by: str = "api") -> Sequence[str]:
        """Start these jobs again, or all that are paused. Returns who was. Raises Refused when none of them was."""
        names = None if jobs is None else [self._definitions[name].name for name in jobs]
        return await self.engine.ask(
            lambda board, now, turn: resume_jobs(board, names, str(by), str(reason), now, turn)
        )

    def tagged(self, tag: str) -> Sequence[str]:
        """The jobs with that tag. Raises UnknownJob when there is none."""
        return tagged(self._definitions, tag)

    async def begin_drain(self, reason: str = "", *, by: str = "api") -> None:
        """Start nothing more, until `end_drain`. What runs goes on. Raises Refused when it is so already."""
        if not await self.engine.ask(lambda board, now, turn: drain(board, str(by), str(reason), now, turn)):
            raise Refused(starts_nothing(self.engine.board, self._definitions.home))

    async def end_drain(self, reason: str = "", *, by: str = "api") -> None:
        """Go on. What came due meanwhile is late, and its job's catch-up policy decides. Raises Refused when there is
        nothing to lift."""
        if self._life.stopping or not await self.engine.ask(
            lambda board, now, turn: lift(board, str(by), str(reason), now, turn)
        ):
            raise Refused("asched is stopping" if self._life.stopping else "asched is not draining")

    async def backfills(self, *, limit: int = 100) -> Sequence[Backfill]:
        """Those under way and those that are over, newest first."""
        return await self.ledger.backfills(limit)

    async def cancel_backfill(self, number: int, reason: str = "", *, by: str = "api") -> None:
        """Start nothing more of it: what waits is skipped, what runs runs to its end. Raises Refused when it is over,
        or there is none."""
        await cancelled(self.engine, number, str(by), str(reason))


def _remove(board: Board, names: Sequence[str], now: Now, turn: Turn) -> None:
    for name in names:
        if name in board.jobs:
            remove(board, name, now, turn)
    board.link()


def _learnt(board: Board, needed: Iterable[str], successes: Sequence[FireRecord], now: Now, turn: Turn) -> None:
    learn(board, successes)
    looked_up(board, needed, now, turn)
