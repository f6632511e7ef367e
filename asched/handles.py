"""Handles: what one does with a job, or with a run, of a Scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from asched.core.admission import unpause
from asched.core.answer import Answer
from asched.core.arranging import Arranging, Asked, add, move, restore, skip
from asched.core.board import Board, JobState, Now, Turn
from asched.core.change import Act, Pause, Unpause
from asched.core.durations import as_duration
from asched.core.model import Fire, Job, run_name
from asched.core.occurrence import Added, Moved, Occurrence, Skipped
from asched.core.outcome import Decision, Outcome, Skip
from asched.core.pausing import pause
from asched.core.pending import next_due, pending
from asched.core.reasons import explain_skip
from asched.core.record import FireQuery, FireRecord
from asched.core.runs import manual
from asched.engine.evidence import inquire
from asched.errors import Refused

if TYPE_CHECKING:
    from asched.scheduler import Scheduler

T = TypeVar("T")


def as_instant(at: datetime | None) -> datetime | None:
    """An instant from outside, in UTC. Raises Refused for one that has no offset, or that no ledger could hold."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise Refused(f"{at.isoformat()} has no offset from UTC")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Refused(f"{at.isoformat()} is beyond the calendar") from None


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
        fire, decision = await self.scheduler.engine.ask(
            lambda board, now, turn: self._run(board, now, turn, args, scheduled_at, by, reason)
        )
        if isinstance(decision, Skip):
            raise Refused(f'job "{self.name}" was not started: {explain_skip(decision)}')
        return RunHandle(self.scheduler, fire.id, self.name)

    def _run(
        self,
        board: Board,
        now: Now,
        turn: Turn,
        args: Mapping[str, object] | None,
        scheduled_at: datetime | None,
        by: str,
        reason: str,
    ) -> tuple[Fire, Decision]:
        if board.draining:
            raise Refused("asched is stopping: nothing is started any more")
        fire, decision = manual(board, self._state(board), now, turn, scheduled_at=scheduled_at, args=args)
        turn.changes.append(Act(now.wall, "run", str(by), self.name, fire.run, str(reason)))
        return fire, decision

    async def pause(self, reason: str = "", *, for_: str | float | timedelta | None = None, by: str = "api") -> None:
        """No new starts, until `resume` or for that long; what comes due is recorded as skipped(paused)."""

        def act(board: Board, now: Now, turn: Turn) -> None:
            until = None if for_ is None else now.wall + as_duration(for_)
            pause(board, self._state(board), Pause(self.name, now.wall, str(by), str(reason), until), turn)
            turn.changes.append(Act(now.wall, "pause", str(by), self.name, "", str(reason)))

        await self.scheduler.engine.ask(act)

    async def resume(self, reason: str = "", *, by: str = "api") -> None:
        """Start again with what comes due from now on. Raises Refused when it is not paused."""

        def act(board: Board, now: Now, turn: Turn) -> None:
            state = self._state(board)
            if state.pause is None:
                raise Refused(f'job "{self.name}" is not paused')
            unpause(board, state, Unpause(self.name, now.wall, str(by), str(reason)), now, turn)
            turn.changes.append(Act(now.wall, "resume", str(by), self.name, "", str(reason)))

        await self.scheduler.engine.ask(act)

    async def skip(self, at: datetime | None = None, *, reason: str = "", by: str = "api") -> Skipped:
        """Do not run the fire of `at`; None: the next one. It is recorded as skipped(excluded), with who and why.
        Raises Refused, also below, for an instant that its schedule does not yield, or that is decided."""
        return await self._arrange(partial(skip, at=as_instant(at)), by, reason)

    async def move(
        self, at: datetime | None = None, to: datetime | None = None, *, reason: str = "", by: str = "api"
    ) -> Moved:
        """Run the fire of `at` (None: the next one) at `to`, later or earlier; None: now. The job works for `at`."""
        return await self._arrange(partial(move, at=as_instant(at), to=as_instant(to)), by, reason)

    async def add_once(self, at: datetime, *, reason: str = "", by: str = "api") -> Added:
        """Run it once more, at `at`, which is ahead; within its limits, its pause and its catch-up."""
        wanted = as_instant(at)
        assert wanted is not None
        return await self._arrange(partial(add, at=wanted), by, reason)

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
            raise Refused(f'job "{self.name}" is not scheduled: {self.definition.disabled or "it was removed"}')
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
        at = as_instant(instant)
        assert at is not None
        scheduler = self.scheduler
        return await inquire(scheduler.ledger, self.name, at, scheduler.clock.now(), zone=self.definition.timezone)

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
        over = asyncio.Event()
        end = self.scheduler.bus.listen(lambda event: over.set() if event.get("run") == self.id else None)
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

    async def cancel(self, reason: str = "cancelled", *, by: str = "api") -> None:
        """Ask it to stop. Raises Refused when it is over already."""
        await self.scheduler.cancel(self.id, reason, by=by)
