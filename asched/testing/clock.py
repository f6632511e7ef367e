"""A clock that stands still until it is told to move: hours pass in milliseconds, exactly.

    clock = FakeClock("2026-03-28T12:00+01:00[Europe/Berlin]")
    async with Scheduler(ledger=":memory:", clock=clock) as scheduler:
        scheduler.add(backup, "daily at 02:30", tz="Europe/Berlin")
        await clock.advance("36h")

Time is pushed, never jumped by itself: `advance` goes from deadline to deadline and waits after each until the
scheduler and its runs have nothing left to do at that instant.
"""

from __future__ import annotations

import asyncio
import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from weakref import WeakSet
from zoneinfo import ZoneInfo

from asched.core.text.durations import as_duration
from asched.engine.engine import Engine

PATIENCE = 0.5  # real seconds that a run may take that neither ends nor sleeps on this clock
QUIET_STEPS = 3  # steps of the loop in which nothing may happen before an instant counts as over

Duration = str | float | timedelta

_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True, eq=False)
class FakeTimer:
    callback: Callable[[], None]
    task: asyncio.Task[object] | None
    live: bool = True

    def cancel(self) -> None:
        self.live = False


class FakeClock:
    """Implements asched.engine.clock.Clock. `start` is an aware datetime or an ISO text, with a zone in brackets if
    wanted; without any offset it is UTC."""

    apart = 0.0  # each instant for itself

    def __init__(self, start: str | datetime = "2026-01-01T00:00Z") -> None:
        self._wall = _instant(start)
        self._mono = 1_000_000_000  # microseconds, whole ones, so that nothing is ever rounded
        self._boot = 5_000_000_000
        self._heap: list[tuple[int, bool, int, FakeTimer]] = []
        self._order = count()
        self._engines: list[Engine] = []
        self._busy: WeakSet[asyncio.Task[object]] = WeakSet()

    # What the scheduler reads.

    def now(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._mono / 1e6

    def boot(self) -> float:
        return self._boot / 1e6

    def call_at(self, deadline: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback, asyncio.current_task())
        at = max(self._mono, round(deadline * 1e6))
        heapq.heappush(self._heap, (at, self._looks(callback), next(self._order), timer))
        return timer

    def _looks(self, callback: Callable[[], None]) -> bool:
        """Is it the scheduler that wants to look at the clock? It goes last: what ends at an instant is heard first."""
        return any(getattr(callback, "__self__", None) is engine.wake for engine in self._engines)

    def attach(self, engine: Engine) -> None:
        """Wait for that engine too before an instant counts as over."""
        self._engines.append(engine)

    def detach(self, engine: Engine) -> None:
        """That engine is gone."""
        if engine in self._engines:
            self._engines.remove(engine)

    # What tests do.

    async def advance(self, by: Duration) -> None:
        """Let that much time pass, on every clock, stopping at each deadline on the way."""
        target = self._mono + as_duration(by) // _MICROSECOND
        await self.settle()
        while (deadline := self._next_deadline()) is not None and deadline <= target:
            self._move(deadline - self._mono)
            self._fire_one()
            await self.settle()
        self._move(target - self._mono)
        await self.settle()

    async def advance_to(self, instant: str | datetime) -> None:
        """Advance until the wall clock shows that."""
        await self.advance(_instant(instant) - self._wall)

    async def step(self, by: Duration) -> None:
        """Somebody sets the wall clock, forward or (negative) back. It is noticed when the scheduler looks next."""
        self._wall += by if isinstance(by, timedelta) else as_duration(by)
        await self.settle()

    async def suspend(self, duration: Duration) -> None:
        """The machine sleeps: wall and boot clock go on, the monotonic one stands still. Then it wakes."""
        passed = as_duration(duration)
        self._wall += passed
        self._boot += passed // _MICROSECOND
        await self._look_again()

    async def stall(self, duration: Duration) -> None:
        """The process gets no time (SIGSTOP, a blocked loop): all clocks go on, nothing runs. Then all is late."""
        self._move(as_duration(duration) // _MICROSECOND)
        self._fire()
        await self.settle()

    async def drive(self, awaited: asyncio.Future[None]) -> None:
        """Let time pass for as long as `awaited` is not done: for a stop that waits for a drain."""
        while not awaited.done():
            await self.settle(unless=awaited)
            deadline = self._next_deadline()
            if deadline is not None and not awaited.done():
                self._move(deadline - self._mono)
                self._fire_one()
            await asyncio.sleep(0)
        self._engines.clear()
        await awaited

    async def settle(self, unless: asyncio.Future[None] | None = None) -> None:
        """Wait until nothing is left to do at this instant."""
        loop = asyncio.get_running_loop()
        quiet, since, seen = 0, loop.time(), -1
        while quiet < QUIET_STEPS and not (unless is not None and unless.done()):
            await asyncio.sleep(0)
            waiting_for, progress = self._working(), self._progress()
            if progress != seen:
                seen, since = progress, loop.time()
            if not waiting_for:
                quiet += 1
                continue
            quiet = 0
            if loop.time() - since > PATIENCE and all(task is not None for task in waiting_for):
                self._busy.update(task for task in waiting_for if task is not None)
            elif loop.time() - since > 0.002:
                await asyncio.sleep(0.0005)  # something happens in a thread, or in the real world

    def _working(self) -> list[asyncio.Task[Any] | None]:
        """Runs that are at work at this instant, and None for an engine that is."""
        asleep = {timer.task for *_, timer in self._heap if timer.live}
        found: list[asyncio.Task[object] | None] = []
        for engine in self._engines:
            if not engine.idle and not engine.over:
                found.append(None)
            for execution in engine.dispatch.running.values():
                task = execution.task
                if task is not None and task not in asleep and task not in self._busy:
                    found.append(task)
            asked = engine.questions.running.values()
            found += [task for task in asked if task not in asleep and task not in self._busy]
        return found

    def _progress(self) -> int:
        return sum(engine.turns for engine in self._engines)

    def _next_deadline(self) -> int | None:
        while self._heap and not self._heap[0][3].live:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _move(self, microseconds: int) -> None:
        self._mono += microseconds
        self._boot += microseconds
        self._wall += timedelta(microseconds=microseconds)

    def _fire(self) -> None:
        while (deadline := self._next_deadline()) is not None and deadline <= self._mono:
            self._fire_one()

    def _fire_one(self) -> None:
        timer = heapq.heappop(self._heap)[3]
        timer.live = False
        timer.callback()

    async def _look_again(self) -> None:
        for engine in self._engines:
            engine.look()
        await self.settle()


def _instant(text: str | datetime) -> datetime:
    """An aware instant, in UTC, from an ISO text with an optional [Zone]."""
    if isinstance(text, datetime):
        return text.astimezone(UTC)
    match = re.fullmatch(r"([^\[]+)(?:\[(.+)\])?", text.strip())
    if match is None:
        raise ValueError(f"not an ISO instant: {text!r}")
    instant = datetime.fromisoformat(match[1])
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(match[2]) if match[2] else UTC)
    return instant.astimezone(UTC)
