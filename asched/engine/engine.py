"""The engine: one loop that owns all state. It waits, takes a turn, remembers it, and only then does it.

A turn: what ended, what is due, what operators ask, in this order; one transaction; then the effects. Changes arrive
as messages in one inbox. Nothing else touches the board.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

from asched.core.change import Change, Rejected
from asched.core.condition import Condition
from asched.core.limits import Limits
from asched.core.model import Fire, Job
from asched.core.outcome import Succeeded
from asched.core.rules.answers import Answered, answered
from asched.core.rules.board import (
    AskConditions,
    Board,
    BrokenJob,
    Cause,
    Effect,
    Now,
    Recovers,
    StartRun,
    StopRun,
    Turn,
)
from asched.core.rules.deadlines import due
from asched.core.rules.endofturn import end_turn
from asched.core.rules.overtime import count_time, next_time_up, times_up
from asched.core.rules.roster import correct
from asched.core.rules.runs import Ended, disown, ended
from asched.engine.absences import absence
from asched.engine.bites import BITE, ROWS, bites, bites_of_changes
from asched.engine.bus import Bus
from asched.engine.captures import Captures
from asched.engine.clock import LONGEST_SLEEP, Axes, Clock, give_way, sleep
from asched.engine.dispatch import Dispatch
from asched.engine.events import recovers
from asched.engine.inbox import Ask, Inbox
from asched.engine.insistence import not_ours
from asched.engine.patience import FIRST_PAUSE, Patience
from asched.engine.ports import Conditions, Ledger, Runner
from asched.engine.questions import Questions
from asched.engine.refusals import check_footing, refused_fires
from asched.engine.teller import Teller
from asched.errors import LedgerUnavailable, NotRunning

SLICE = 500  # rows decided in one turn, and recorded in one transaction
JUMPED = {"stepped": "clock.stepped", "suspended": "clock.resumed"}  # what is told of a jump of the clocks

T = TypeVar("T")


class Engine:
    """Runs the jobs on `board`. `number` is this instance's in the ledger. Started by engine/start.py."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        runner: Runner,
        clock: Clock,
        bus: Bus,
        number: int,
        mask: Callable[[str], str] = str,
        limits: Limits | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.bus = bus
        self.number = number
        self.board = Board(self._new_id, limits)
        self.axes = Axes(clock)
        self.dispatch = Dispatch(clock, runner, self._deliver, self._results)
        self.questions = Questions(clock, conditions or _NoConditions(), self._hear_answer)
        self.patience = Patience(clock, bus, self._not_ours)
        self.over = False
        self._waiting = False  # nothing to do until a deadline or a message
        self.turns = 0
        self.teller = Teller(bus)
        self._count = 0
        self._inbox = Inbox()
        self.wake = asyncio.Event()
        self.arm: Callable[[datetime], None] = lambda at: None  # wake us at that wall instant
        self._captures = Captures(clock, mask, self._also_remember)
        self._stopping = False
        self._backlog: Now | None = None  # when more was due than one turn takes
        self._turning = False  # what is being recorded now may yet start something
        self._goes_on = False  # the last turn may have left something that no deadline and no message tells of
        self._begun = False  # only then may others have a step in the middle of a turn: at a start nobody holds us yet
        self._hurries = False  # what is started is killed at once
        self._apart_s = getattr(clock, "apart", 0.0)  # clocks of others need not say
        self._gathers = False  # what comes in goes into the next turn, which is near: nobody needs to wake us
        self._expected = self.axes.read().steady  # when the loop means to look again, or looked last
        self._heartbeat = clock.monotonic()
        self._quiet = asyncio.Event()  # while draining: nothing is executed any more
        self._owner = asyncio.current_task()
        self._leaves = False  # once its owner is done

    def _new_id(self) -> int:
        self._count += 1
        return self.number << 32 | self._count

    # What others call, on the loop.

    async def ask(self, act: Callable[[Board, Now, Turn], T]) -> T:
        """Do `act` within a turn; returns its answer once all that it changed is durable."""
        return await self.tell(act)

    def tell(self, act: Callable[[Board, Now, Turn], T]) -> asyncio.Future[T]:
        """Ask without waiting: what is asked or told later is done later."""
        if self.over:
            raise NotRunning("the scheduler has stopped")
        request: Ask[T] = Ask(act, asyncio.get_running_loop().create_future(), self.axes.read())
        self._inbox.asks.append(request)
        self._call()
        return request.reply

    def look(self) -> None:
        """Look at the clock again: somebody knows that it changed."""
        self.wake.set()

    def drain(self) -> None:
        """Start nothing any more. What is due meanwhile is left to the next start. A drain that somebody asked for is
        part of it from now on: it cannot be lifted."""
        self.board.draining, self.board.drain = True, None
        self.wake.set()

    async def quiet(self) -> None:
        """Wait until nothing is executed any more; meant for after `drain`."""
        while self._turning or self.dispatch.running or self._inbox:
            self._quiet.clear()
            await self._quiet.wait()

    def finish(self) -> None:
        """Return from `run` once nothing is executed any more."""
        self._stopping = self.patience.ends = True
        self.wake.set()

    def hurry(self, reason: str) -> None:
        """Wait for nothing that is executed: kill it."""
        self._hurries = True
        self.dispatch.stop_all(Cause.SHUTDOWN, reason, at_once=True)

    def die(self) -> None:
        """Take no further turn and believe the next cancellation: for tests of what a kill leaves behind."""
        self._owner = None

    @property
    def idle(self) -> bool:
        """Nothing is to be done until a deadline, a message, or another try of the ledger."""
        return self._waiting or self.patience.pausing

    @property
    def ledger_down(self) -> str:
        """Why the ledger cannot be written, while it cannot."""
        return self.patience.down

    @property
    def until_next(self) -> timedelta:
        """How long nothing is due, as far as is known; less than nothing while something is."""
        now = self.axes.read()
        wall, steady = self.board.next_deadlines()
        ahead = [] if wall is None else [wall - now.wall]
        ahead += [] if steady is None else [steady - now.steady]
        return min(ahead, default=timedelta(seconds=LONGEST_SLEEP))

    @property
    def overdue(self) -> timedelta:
        """How long the earliest undecided fire has been due; zero when none is."""
        return max(timedelta(0), -self.until_next)

    # The loop.

    async def run(self) -> None:
        """Take turns until `finish`. Raises what is a fault of our own, or of the ledger for good."""
        self._begun = True
        try:
            while not self._done():
                try:
                    if await self.turn() and self._goes_on:
                        await give_way()  # what it started begins before another slice is decided
                    else:
                        await self._wait()
                except asyncio.CancelledError:
                    self._not_ours()
        finally:
            self.over = True
            self.questions.cancel()
            self._refuse_the_rest()

    async def turn(self) -> bool:
        """One turn. False when there was nothing to do."""
        self._turning = True
        self.wake.clear()  # what is set from here on, another turn looks at
        inbox = self._take_inbox()
        try:
            taken = await self._take_turn(inbox)
        except BaseException:
            self._inbox.asks = inbox.asks + self._inbox.asks  # whoever asked is told that it is over
            raise
        self._after_turn()
        return bool(taken or inbox)

    async def _take_turn(self, inbox: Inbox) -> int:
        now, turn = self.axes.read(), Turn()
        self._notice_absence(now, turn)
        await self._hear(inbox, now, turn)
        taken = await self._decide(now, turn)
        if taken >= SLICE and self._backlog is None:
            self._backlog = now
        if self.board.drain is not None:
            times_up(self.board, now, turn)
        answered = [ask for ask in self._ripe(inbox, now) if ask.acts(self.board, now, turn)]
        end_turn(self.board, now, turn)
        self._goes_on = taken >= SLICE or bool(inbox.asks or inbox.answers or self.board.recovering.owed)
        await self.carry_out(turn)
        for ask in answered:
            ask.answered()
        return taken

    async def _decide(self, now: Now, turn: Turn) -> int:
        """What is due, a slice of it at most. Returns how many rows that took."""
        taken = last = self._due(now, SLICE, turn)
        while last >= BITE and taken < SLICE and self._is_more(now):
            await self._give_way()
            last = self._due(now, SLICE - taken, turn)
            taken += last
        return taken

    def _is_more(self, now: Now) -> bool:
        return self.board.has_come(now.wall, now.steady) or bool(self.board.recovering.given_up)

    def _due(self, now: Now, limit: int, turn: Turn) -> int:
        """A bite of it."""
        return 0 if self.board.draining else due(self.board, now, min(limit, ROWS), turn, BITE)

    def _ripe(self, inbox: Inbox, now: Now) -> list[Ask[Any]]:
        """What may act now. The rest waits for what was due before it was asked, when that is more than one turn takes:
        a pause must not reach back."""
        if self.board.draining or not inbox.asks:
            return inbox.asks

        def settled(ask: Ask[Any]) -> bool:  # and what ended before it was asked is heard before
            return self._backlog is None and not self.board.has_come(min(ask.at.wall, now.wall), ask.at.steady)

        ripe = list(takewhile(settled, inbox.asks))
        inbox.asks, waiting = ripe, inbox.asks[len(ripe) :]
        self._inbox.asks = waiting + self._inbox.asks
        return ripe

    async def carry_out(self, turn: Turn) -> None:
        """Remember, then tell, then do; then as much for what goes because somebody else was first with some of it."""
        while turn:
            rejected = await self._remember(turn.changes)
            self._goes_on |= bool(rejected)
            after = self._unwind(rejected, turn)
            self._stop_at_once(turn)
            told = bites_of_changes(turn.changes) if self.bus.heard else (turn.changes,)
            await self._each(told, partial(self.teller.tell, rejected=rejected))
            await self._each(bites(turn.effects), self._do)
            turn = after

    def _stop_at_once(self, turn: Turn) -> None:
        """Whose time is up must not end otherwise while the rest is told and done, bite by bite."""
        running = self.dispatch.running
        stops = [one for one in turn.effects if isinstance(one, StopRun) and one.fire in running]
        if stops:
            self._do(stops)
            turn.effects = [one for one in turn.effects if one not in stops]

    async def _each(self, many: Iterable[Sequence[T]], act: Callable[[Sequence[T]], None]) -> None:
        for number, bite in enumerate(many):
            if number:
                await self._give_way()
            act(bite)

    async def _give_way(self) -> None:
        """In the middle of a turn, which is not lost if somebody cancels us just there."""
        if not self._begun:
            return
        try:
            await give_way()
        except asyncio.CancelledError:
            self._not_ours()

    def _take_inbox(self) -> Inbox:
        inbox, self._inbox = self._inbox, Inbox()
        return inbox

    async def _hear(self, inbox: Inbox, now: Now, turn: Turn) -> None:
        turn.changes += inbox.changes
        if self._is_behind(now):
            self._inbox.ended = inbox.ended + self._inbox.ended
            self._inbox.answers = inbox.answers + self._inbox.answers
            return
        await self._each(bites(inbox.ended), lambda some: self._hear_ends(some, now, turn))
        for answer in inbox.answers:
            answered(self.board, answer, now, turn)

    def _hear_ends(self, ends: Sequence[Ended], now: Now, turn: Turn) -> None:
        for message in ends:
            turn.changes += self._captures.close(message.fire, message.attempt, now.wall)
            ended(self.board, message, now, turn)

    def _is_behind(self, now: Now) -> bool:
        """Is something still to be decided of what was due at once, and more than one turn takes? What ended, or
        answered, since then is heard after it, as if one turn had taken all of it."""
        since = self._backlog
        if since is None or self.board.draining or not self.board.has_come(min(since.wall, now.wall), since.steady):
            self._backlog = None
        return self._backlog is not None

    def _after_turn(self) -> None:
        self._turning = False
        self.turns += 1
        if not self.dispatch.running and not self._inbox:
            self._quiet.set()

    def _done(self) -> bool:
        return self._stopping and not self.dispatch.running and not self._inbox

    def _refuse_the_rest(self) -> None:
        for ask in self._take_inbox().asks:
            ask.refuse()

    def _not_ours(self) -> None:
        """Our task was cancelled. We are stopped by `finish` only: a job that cancels every task of the loop must not
        take the scheduler with it. When whoever started us is gone, so are we."""
        if self._owner is None or self._owner.done() or self._owner is asyncio.current_task():
            raise asyncio.CancelledError
        not_ours()
        self._leave_with_owner()
        self.bus.publish({"type": "engine.cancelled", "at": self.clock.now()})

    def _leave_with_owner(self) -> None:
        """It may have been the end of the loop, which cancels us only once: if our owner goes and did not stop us
        first, so do we."""
        task = asyncio.current_task()
        if self._owner is not None and task is not None and not self._leaves:
            self._leaves = True
            self._owner.add_done_callback(lambda _: task.cancel())

    async def _wait(self) -> None:
        """Until the next deadline, a message, or LONGEST_SLEEP."""
        await self._beat()
        now = self.axes.read()
        delay = self._until_next(now)
        if (apart := self._apart(now)) > max(delay, 0.0):
            await self._gather(now, apart)
        elif self.wake.is_set() or self._inbox or self._done() or delay <= 0:
            await give_way()
        else:
            await self._sleep(now, delay)

    def _apart(self, now: Now) -> float:
        """Seconds until a turn may follow that can be foreseen."""
        return self._apart_s - (now.steady - self._expected).total_seconds()

    async def _gather(self, now: Now, seconds: float) -> None:
        """More comes due so soon after the last turn that what ended can wait for it: one turn takes all of it."""
        self.wake.clear()
        self._gathers = True
        try:
            await self._sleep(now, seconds)
        finally:
            self._gathers = False

    async def _sleep(self, now: Now, seconds: float) -> None:
        """Until it is over, or somebody wakes us: the only place where the engine waits. Not by the timers of the loop
        alone: they may be a millisecond late, and hear of no clock that is set."""
        self._expected = now.steady + timedelta(seconds=seconds)
        self.arm(now.wall + timedelta(seconds=seconds))
        timer = self.clock.call_at(self.clock.monotonic() + seconds, self.wake.set)
        self._waiting = True
        try:
            await self.wake.wait()
        finally:
            self._waiting = False
            timer.cancel()

    def _until_next(self, now: Now) -> float:
        """Seconds until somebody should look at the clock again."""
        longest = min(LONGEST_SLEEP, self.ledger.heartbeat.total_seconds())
        if self.board.draining:
            up = None if self.board.drain is None else next_time_up(self.board)
            return longest if up is None else min(longest, (up - now.steady).total_seconds())
        wall, steady = self.board.next_deadlines()
        until_wall = longest if wall is None else (wall - now.wall).total_seconds()
        until_steady = longest if steady is None else (steady - now.steady).total_seconds()
        return min(longest, until_wall, until_steady)

    async def _beat(self) -> None:
        if self.clock.monotonic() >= self._heartbeat:
            self._heartbeat = self.clock.monotonic() + self.ledger.heartbeat.total_seconds()
            await self.patience.insist(lambda: self.ledger.renew(self.number, self.clock.now()))

    # Absences.

    def _notice_absence(self, now: Now, turn: Turn) -> None:
        """A step, a resume, a stall: one thing. What was due meanwhile takes the catch-up path by itself."""
        jumps = self.axes.jumps()
        late, self._expected = now.steady - self._expected, now.steady
        for jump in jumps:
            event = {"type": JUMPED[jump.cause], "at": now.wall, "by_s": jump.by.total_seconds()}
            self.bus.publish(event)
        if any(jump.cause == "stepped" and jump.by < timedelta(0) for jump in jumps):
            correct(self.board, now, turn)
        found = absence(self.board, jumps, late, now)
        if found is not None:
            turn.changes.append(found)

    # Remembering.

    async def _remember(self, changes: Sequence[Change]) -> Sequence[Rejected]:
        if not changes:
            return ()
        return await self.patience.insist(lambda: self.ledger.commit(self.number, changes))

    def _unwind(self, rejected: Sequence[Rejected], turn: Turn) -> Turn:
        """Somebody else was first: do not start what is not ours. Returns what takes its place."""
        after = Turn()
        for refusal in rejected:
            lost = refused_fires(refusal)
            if lost:
                turn.effects = [e for e in turn.effects if not (isinstance(e, StartRun) and e.fire.id in lost)]
                disown(self.board, lost, self.axes.read(), after)
            name = type(refusal.change).__name__
            event = {"type": "change.rejected", "at": self.clock.now(), "change": name, "why": refusal.why}
            self.bus.publish(event)
        for refusal in rejected:
            check_footing(refusal)
        return after

    # Doing.

    def _do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case StartRun(job, fire, attempt):
                    self._start(job, fire, attempt)
                case StopRun(fire_id, cause, at_once):
                    run = self.board.runs.get(fire_id)
                    reason, limit = (run.reason, run.limit) if run else (str(cause), None)
                    self.dispatch.stop(fire_id, cause, reason, limit, at_once=at_once)
                case AskConditions(job, fire):
                    self.questions.ask(job, fire)
                case Recovers(fires, jobs, held_until):
                    self.bus.publish(recovers(self.clock.now(), fires, jobs, held_until))
                case BrokenJob(name, error):
                    self.bus.publish({"type": "job.broken", "at": self.clock.now(), "job": name, "error": error})

    def _start(self, job: Job, fire: Fire, attempt: int) -> None:
        run = self.board.runs.get(fire.id)
        if run is None:
            return  # ended in the same turn, and recorded so
        capture = self._captures.open(job, fire.id, attempt)
        self.dispatch.start(job, fire, attempt, capture)
        if attempt == 1 and job.policies.run_timeout is not None:
            count_time(self.board, job, fire.id, self.axes.read())
        if run.cause is not None:  # asked to stop between its decision and its start
            self.dispatch.stop(fire.id, run.cause, run.reason, run.limit)
        if self._stopping or self._hurries:  # decided before we were told to stop, and recorded only now
            self.dispatch.stop(fire.id, Cause.SHUTDOWN, "asched stopped", at_once=self._hurries)

    def _deliver(self, message: Ended) -> None:
        self._inbox.ended.append(message)
        self._call()

    def _hear_answer(self, answer: Answered) -> None:
        self._inbox.answers.append(answer)
        self._call()

    def _also_remember(self, changes: Sequence[Change]) -> None:
        self._inbox.changes += changes
        self._call()

    def _call(self) -> None:
        """Something has come in."""
        if not self._gathers:
            self.wake.set()

    async def _results(self, upstream: Mapping[str, int]) -> Mapping[str, object]:
        """What the runs that this one comes after returned, by job."""
        found: dict[str, object] = {}
        for job, fire in upstream.items():
            record = await self.recorded(partial(self.ledger.fire, fire))
            outcome = None if record is None else record.outcome
            kept = outcome.result if isinstance(outcome, Succeeded) else None
            found[job] = None if kept is None else json.loads(kept)
        return found

    async def recorded(self, read: Callable[[], Awaitable[T]]) -> T:
        """What the ledger holds: whoever asks waits for it, rather than fail for what is no fault of theirs."""
        while True:
            try:
                return await read()
            except LedgerUnavailable:
                await sleep(self.clock, FIRST_PAUSE)


class _NoConditions:
    """An engine that was given none has jobs without."""

    async def ask(self, condition: Condition, job: Job, fire: Fire) -> tuple[bool, str]:
        raise NotImplementedError("this engine was given nobody to ask")
