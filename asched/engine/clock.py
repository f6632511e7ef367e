"""The clock: the only place that reads time or arms a timer.

Three readings (TIME.md C1): `now`, the wall clock; `monotonic`, the loop's, for waiting and timeouts; `boot`, which
also counts the time that the machine was suspended.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from asched.core.dataclass import dataclass, quickly_made
from asched.core.rules.board import Now

LONGEST_SLEEP = 30.0  # seconds: a changed wall clock is noticed at the latest after this long


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What time is it, and call me then. A fake one is in asched.testing.

    `apart`: seconds that turns of the engine are apart at least, where the next one can be foreseen. What comes due or
    ends within them is decided, and recorded, together. 0 where instants must not be mixed.
    """

    @property
    def apart(self) -> float: ...

    def now(self) -> datetime:
        """Wall time, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds; never goes back; stands still while the machine is suspended."""
        ...

    def boot(self) -> float:
        """Seconds; never goes back; counts the time suspended."""
        ...

    def call_at(self, deadline: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the loop once `monotonic` has reached `deadline`."""
        ...


class SystemClock:
    """The machine's own clocks, and the running loop's timers."""

    apart = 0.0005

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def boot(self) -> float:
        return time.clock_gettime(_BOOT)

    def call_at(self, deadline: float, callback: Callable[[], None]) -> Timer:
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, deadline - time.monotonic()), callback)


_BOOT: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # where there is none, suspension goes unseen
_TICKS = os.sysconf("SC_CLK_TCK")  # a second


def boot_ticks() -> int:
    """Since the machine was booted, counted as the kernel counts when it tells of processes."""
    return time.clock_gettime_ns(_BOOT) * _TICKS // 1_000_000_000


async def sleep(clock: Clock, seconds: float) -> None:
    """Sleep on that clock."""
    woken = asyncio.Event()
    timer = clock.call_at(clock.monotonic() + seconds, woken.set)
    try:
        await woken.wait()
    finally:
        timer.cancel()


HELD = 0.005  # seconds for which long work may hold the loop at a time


async def give_way() -> None:
    """Let everybody else on the loop have a step."""
    await asyncio.sleep(0)


class Breath:
    """Long work that is nobody's turn lets the loop go on, between two of its steps, once it has held it for HELD."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    async def take(self) -> None:
        if time.monotonic() - self._since >= HELD:
            await give_way()
            self._since = time.monotonic()

    async def between(self, steps: Iterable[object]) -> None:
        """Go through all of them: each is done by asking for the next."""
        for _ in steps:
            await self.take()


@dataclass(frozen=True, slots=True)
class Jump:
    """The clocks moved against each other. `cause`: "stepped" (wall against boot) or "suspended" (boot against
    monotonic). `by` is how far, negative when the wall clock was set back."""

    cause: str
    by: timedelta


@quickly_made
class _Reading:
    """All three clocks at one moment."""

    wall: datetime
    boot: float
    monotonic: float


class Axes:
    """Wall time and steady time from one clock, and what moved between two readings.

    Steady time starts as wall time and advances with the boot clock.
    """

    NOTICED = 0.5  # seconds

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = first = _read_together(clock)
        self._origin = first.wall - timedelta(seconds=first.boot)
        self._wall_ahead, self._boot_ahead = _ahead(first)

    def read(self) -> Now:
        self._last = _read_together(self._clock)
        return Now(self._last.wall, self._origin + timedelta(seconds=self._last.boot))

    def jumps(self) -> list[Jump]:
        """What had jumped by the last reading, each once. Small ones add up until they are noticed."""
        wall_ahead, boot_ahead = _ahead(self._last)
        stepped, suspended = wall_ahead - self._wall_ahead, boot_ahead - self._boot_ahead
        found = []
        if abs(stepped) > self.NOTICED:
            found.append(Jump("stepped", timedelta(seconds=stepped)))
            self._wall_ahead = wall_ahead
        if abs(suspended) > self.NOTICED:
            found.append(Jump("suspended", timedelta(seconds=suspended)))
            self._boot_ahead = boot_ahead
        return found


def _ahead(reading: _Reading) -> tuple[float, float]:
    """How far the wall clock is ahead of the boot clock, and that of the monotonic one."""
    return reading.wall.timestamp() - reading.boot, reading.boot - reading.monotonic


TOGETHER = 0.05  # seconds that may pass while the clocks are read
TRIES = 10  # on a machine that is too busy even for that


def _read_together(clock: Clock) -> _Reading:
    """Were we stopped between two of the readings, they would look like a clock that was set: so read again."""
    for _ in range(TRIES):
        begun = clock.boot()
        reading = _Reading(clock.now(), begun, clock.monotonic())
        if clock.boot() - begun < TOGETHER:
            break
    return reading
