"""Handles: what one does with a job, or with a run, of a Scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from asched.backfills import Stretch, begun, surveyed
from asched.core.backfill import Survey
from asched.core.change import Act, Backfill, Pause
from asched.core.dataclass import dataclass
from asched.core.grammar.instants import as_instant
from asched.core.localtime.zones import zone
from asched.core.model import Fire, Job, fire_id, run_name
from asched.core.occurrence import Added, Moved, Occurrence, Skipped
from asched.core.outcome import Decision, Outcome, Skip
from asched.core.record import FireQuery, FireRecord
from asched.core.rules.admission import lacks
from asched.core.rules.arranging import Arranging, Asked, add, move, restore, skip
from asched.core.rules.board import Board, JobState, Now, Turn
from asched.core.rules.pending import next_due, pending
from asched.core.rules.runs import again, manual
from asched.engine.events import ENDS
from asched.errors import Refused
from asched.operating import cancel_runs, check_enabled, repeats, starts_nothing

if TYPE_CHECKING:
    from asched.core.hindsight.answer import Answer
    from asched.core.hindsight.atpresent import Lacking
    from asched.scheduler import Scheduler

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobHandle:
    """A job of that scheduler, by name."""

    scheduler: Scheduler
    name: str

    @property
    def definition(self) -> Job:
        return self.scheduler.definition(self.name)

    async def run(
        self,
        *,
        args: Mapping[str, object] | None = None,
        scheduled_at: datetime | None = None,
        by: str = "api",
        reason: str = "",
    ) -> RunHandle:
        """Run it now: recorded as manual, within its limits. `args` add to the job's own; `scheduled_at` is the instant
        that it is told. Raises Refused when it may not: it is disabled, or at its limits."""
        if self.definition.disabled:
            raise Refused(f'job "{self.name}" is disabled: {self.definition.disabled}')
        if args is not None and not isinstance(args, Mapping):
            raise Refused(f"args must be a mapping of names to values, not {type(args).__name__}")
        scheduled_at = as_instant(scheduled_at)
        return await self._started(
            "run",
            lambda board, now, turn: manual(board, self._state(board), now, turn, scheduled_at=scheduled_at, args=args),
            by,
            reason,
        )

    async def again(self, fire: Fire, *, by: str = "api", reason: str = "") -> RunHandle:
        """Repeat that run of it: see Scheduler.retry."""
        return await self._started(
            "retry",
            lambda board, now, turn: again(board, self._state(board), fire, now, turn),
            by,
            repeats(fire, reason),
        )

    async def _started(
        self, verb: str, start: Callable[[Board, Now, Turn], tuple[Fire, Decision]], by: str, reason: str
    ) -> RunHandle:
        def act(board: Board, now: Now, turn: Turn) -> tuple[Fire, Decision]:
            if board.draining:
                raise Refused(starts_nothing(board, zone(self.definition.timezone)))
            fire, decision = start(board, now, turn)
            turn.changes.append(Act(now.wall, verb, str(by), self.name, fire.run, str(reason)))
            return fire, decision

        fire, decision = await self.scheduler.engine.ask(act)
        if isinstance(decision, Skip):
            from asched.core.english.reasons import explain_skip

            raise Refused(
                f'job "{self.name}" was not started: {explain_skip(decision, zone(self.definition.timezone))}'
            )
        return RunHandle(self.scheduler, fire.id, self.name)

    async def backfill(
        self,
        since: datetime,
        until: datetime,
        *,
        at_once: int = 1,
        again: bool = False,
        by: str = "api",
        reason: str = "",
    ) -> Backfill:
        """Run the instants of its trigger in [since, until), oldest first, at most `at_once` of them at the same time:
        beside the schedule, and within the job's limits. Instants that succeeded already, or are open, are left out,
        unless `again`. Returns at once; it goes on by itself, after a restart too (`Scheduler.backfills`). Raises
        Refused, when the stretch is no past one, or empty."""
        stretch = self._stretch(since, until, at_once, again)
        return await begun(self.scheduler.engine, stretch, str(by), str(reason))

    async def survey(self, since: datetime, until: datetime, *, at_once: int = 1, again: bool = False) -> Survey:
        """What that backfill would come to: nothing is run. Raises Refused as `backfill` does."""
        return await surveyed(self.scheduler.engine, self._stretch(since, until, at_once, again))

    def _stretch(self, since: datetime, until: datetime, at_once: int, again: bool) -> Stretch:
        check_enabled(self.definition)
        return Stretch.checked(self.definition, since, until, at_once, again=again)

    async def pause(
        self,
        reason: str = "",
        *,
        for_: str | float | timedelta | None = None,
        until: datetime | None = None,
        on_resume: str | None = None,
        by: str = "api",
    ) -> None:
        """No new starts, until `resume`, for that long, or until then. What comes due is skipped(paused), or
        waits, as `on_resume` says: "skip", "latest" or "all"; by default the job's own."""
        check_enabled(self.definition)
        await self.scheduler.pause([self.name], reason, for_=for_, until=until, on_resume=on_resume, by=by)

    async def resume(self, reason: str = "", *, by: str = "api") -> None:
        """Start again with what comes due from now on. Raises Refused when it is not paused."""
        check_enabled(self.definition)
        await self.scheduler.resume([self.name], reason, by=by)

    async def cancel_runs(self, reason: str = "cancelled", *, by: str = "api") -> Sequence[RunHandle]:
        """Ask all its open runs to stop; what waits is not started. Returns them."""
        names = await self.scheduler.engine.ask(
            lambda board, now, turn: cancel_runs(board, self.name, str(by), str(reason), now, turn)
        )
        return [RunHandle(self.scheduler, fire, self.name) for name in names if (fire := fire_id(name)) is not None]

    async def skip(self, at: datetime | None = None, *, reason: str = "", by: str = "api") -> Skipped:
        """Do not run the fire of `at`; None: the next one. It is recorded as skipped(excluded), with who and why.
        Raises Refused, also below, for an instant that its schedule does not yield, or that is decided."""
        return await self._arrange(partial(skip, at=as_instant(at)), by, reason)

    async def move(
        self, at: datetime | None = None, to: datetime | None = None, *, reason: str = "", by: str = "api"
    ) -> Moved:
        """Run the fire of `at` (None: the next one) at `to`, later or earlier; None: now. The job works for `at`."""
        return await self._arrange(partial(move, at=as_instant(at), to=as_instant(to)), by, reason)

    async def add_once(self, at: datetime | None = None, *, reason: str = "", by: str = "api") -> Added:
        """Run it once more, at `at`, which is ahead, or now; within its limits, its pause and its catch-up."""
        return await self._arrange(partial(add, at=as_instant(at)), by, reason)

    async def restore(self, at: datetime | None = None, *, reason: str = "", by: str = "api") -> Occurrence:
        """Take back what was arranged for `at`, or moved to it; None: the first. Returns what that was."""
        return await self._arrange(partial(restore, at=as_instant(at)), by, reason)

    async def _arrange(self, wanted: Arranging[T], by: str, reason: str) -> T:
        asked = Asked(str(by), str(reason))
        return await self.scheduler.engine.ask(
            lambda board, now, turn: wanted(board, self._state(board), asked=asked, now=now, turn=turn)
        )

    @property
    def occurrences(self) -> Sequence[Occurrence]:
        """The single fires that are to go otherwise than the schedule says, by instant. Raises NotRunning."""
        state = self.scheduler.engine.board.jobs.get(self.name)
        return () if state is None else tuple(pending(state))

    def _state(self, board: Board) -> JobState:
        state = board.jobs.get(self.name)
        if state is None:
            check_enabled(self.definition)
            raise Refused(f'job "{self.name}" is not scheduled: it was removed')
        return state

    async def runs(self, *, limit: int = 100) -> Sequence[FireRecord]:
        """What was started, newest first."""
        return await self.scheduler.runs(self.name, limit=limit)

    async def fires(self, *, limit: int = 100) -> Sequence[FireRecord]:
        """Every fire and what was decided on it, newest first."""
        return await self.scheduler.ledger.fires(FireQuery(jobs=(self.name,), limit=limit))

    async def why(self, instant: datetime) -> Answer:
        """What was decided about that instant, which is aware, and what stands behind it; also where it was never due,
        or is not due yet. `str(answer)` is one sentence. Raises Refused for an instant without an offset."""
        from asched.core.hindsight.atpresent import answer_at_present, waits
        from asched.engine.evidence import inquire

        at = as_instant(instant)
        assert at is not None
        scheduler = self.scheduler
        zone = self.definition.timezone
        answer = await inquire(scheduler.ledger, self.name, at, scheduler.clock.now(), zone=zone)
        return answer_at_present(answer, self._lacking()) if waits(answer) else answer

    def _lacking(self) -> Lacking:
        """Of the fires that wait here; none of them if it is not running."""
        engine = self.scheduler.engine
        state, now = engine.board.jobs.get(self.name), engine.axes.read()
        return {} if state is None else {one.run: lacks(engine.board, state, one, now).facts for one in state.queue}

    @property
    def next_at(self) -> datetime | None:
        """The next instant it is due, its jitter included; None when there is none. What was skipped does not count,
        what was moved or added does. Raises NotRunning."""
        board = self.scheduler.engine.board
        state = board.jobs.get(self.name)
        return None if state is None else next_due(board, state)

    @property
    def paused(self) -> Pause | None:
        state = self.scheduler.engine.board.jobs.get(self.name)
        return None if state is None else state.pause

    def cancel(self) -> None:
        """Take the job away again."""
        self.scheduler.discard(self.name)


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A run of that scheduler."""

    scheduler: Scheduler
    fire: int
    job: str

    @property
    def id(self) -> str:
        return run_name(self.fire)

    async def record(self) -> FireRecord:
        found = await self.scheduler.ledger.fire(self.fire)
        assert found is not None, "a handle is made of what is in the ledger"
        return found

    async def wait(self) -> FireRecord:
        """Until it is over: returns its record."""
        over, id = asyncio.Event(), self.id
        end = self.scheduler.bus.listen(lambda event: over.set() if event.get("run") == id else None, only=ENDS)
        try:
            while True:
                over.clear()
                record = await self.record()
                if not record.open:
                    return record
                await self.scheduler.until(over)
        finally:
            end()

    async def outcome(self) -> Outcome | None:
        return (await self.wait()).outcome

    async def retry(self, reason: str = "", *, by: str = "api") -> RunHandle:
        """Run it again, now that it is over: see Scheduler.retry."""
        return await self.scheduler.retry(self.id, reason, by=by)

    async def cancel(self, reason: str = "cancelled", *, by: str = "api") -> None:
        """Ask it to stop. Raises Refused when it is over already."""
        await self.scheduler.cancel(self.id, reason, by=by)
