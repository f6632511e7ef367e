"""Where processes are started: on the loop while that is quick, else in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import field
from itertools import islice
from typing import Generic, TypeVar

from asched.core.dataclass import dataclass
from asched.runners.steps import Steps
from asched.runners.threads import Threads

T = TypeVar("T")

_QUICK = 1.5e-3  # seconds that the loop may stand still for a start, on average
_WEIGHT = 1 / 8  # of the last one in the average
_RECENTLY = 1.0  # seconds; what was known before may have changed, such as a file server that no longer answers
_LONG = 0.1  # seconds in a thread; not "any": of many at once one is always there, and the loop would not be tried
_REST, _LONGEST_REST = 32, 1024  # starts in threads before the loop is tried again: the longer, the oftener it failed
_IN_A_STEP = 2  # starts for which the loop stands still at a time
_KINDS = 1024  # of which we remember how long they take


@dataclass(slots=True)
class _Kind:
    """Starts that are likely to take equally long."""

    took: float = 0.0  # seconds on the loop, on average
    local: bool = False  # no file server can hold it up
    at: float = float("-inf")  # when the last one that did not fail was over
    in_threads: dict[object, float] = field(default_factory=dict)  # when those under way were begun, the oldest first
    aside: int = 0  # how many to start in threads before the loop is tried again
    rest: int = _REST  # the next value of `aside`

    def quick(self, now: float) -> bool:
        """Whether to start one on the loop."""
        if not self.local or now - self.at > _RECENTLY or self.stuck(now):
            return False
        if self.aside:
            self.aside -= 1
            return False
        return True

    def stuck(self, now: float) -> bool:
        """Whether one in a thread takes so long that nobody knows whether it ends."""
        return any(now - began > _LONG for began in islice(self.in_threads.values(), 1))

    def learn(self, took: float) -> None:
        """From one that was started on the loop. Threads tell nothing: they are in each other's way."""
        self.took += (took - self.took) * _WEIGHT
        if self.took <= _QUICK:
            self.rest = max(_REST, self.rest - 1)
        else:
            self.took, self.aside = 0.0, self.rest
            self.rest = min(_LONGEST_REST, 2 * self.rest)


class Spawner(Generic[T]):
    """A start lasts until the program runs: 0.1 ms on a quiet machine, 10 ms on a busy one, for ever when its file
    server is gone. A thread spares the loop that, and doubles what the start costs. So the first of a kind is started
    in a thread, and those that follow it soon on the loop, unless that turns out to be slow."""

    def __init__(self, threads: int) -> None:
        self._threads = Threads(threads, keep=threads)
        self._steps = Steps(_IN_A_STEP)
        self._kinds: dict[object, _Kind] = {}

    async def start(self, name: object, start: Callable[[], T], local: Callable[[], bool]) -> T:
        """What `start` returns or raises; `name` is its kind, and `local`, which is asked in a thread, says whether no
        file server can hold it up: others are never started on the loop. Who is asked to stop once it has begun gets it
        all the same: the process would be left to itself. Raises NoThread when the system has none."""
        clock = asyncio.get_running_loop().time
        kind = self._kind(name)
        if kind.quick(clock()):
            await self._steps.next()
            if not kind.stuck(clock()):
                started = _timed(start, kind, clock)
                kind.at = clock()
                return started
        looks = clock() - kind.at > _RECENTLY
        call = await self._threads.start("spawn", lambda: (local() if looks else kind.local, start()))
        kind.in_threads[call] = clock()
        await call.wait()
        del kind.in_threads[call]
        kind.local, started = call.result()
        kind.at = clock()
        return started

    def close(self) -> None:
        self._threads.close()

    def _kind(self, name: object) -> _Kind:
        kind = self._kinds.get(name)
        if kind is None:
            if len(self._kinds) >= _KINDS:
                self._kinds.clear()
            kind = self._kinds[name] = _Kind()
        return kind


def _timed(start: Callable[[], T], kind: _Kind, clock: Callable[[], float]) -> T:
    began = clock()
    try:
        return start()
    finally:
        kind.learn(clock() - began)
