"""The clock: the only place that reads time or arms a timer.

Three readings (TIME.md C1): `now`, the wall clock; `monotonic`, the loop's, for waiting and timeouts; `boot`, which
also counts the time that the machine was suspended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from asched.core.board import Now

LONGEST_SLEEP = 30.0  # seconds: a changed wall clock is noticed at the latest after this long


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What time is it, and call me then. A fake one is in asched.testing."""

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


async def sleep(clock: Clock, seconds: float) -> None:
    """Sleep on that clock."""
    woken = asyncio.Event()
    timer = clock.call_at(clock.monotonic() + seconds, woken.set)
    try:
        await woken.wait()
    finally:
        timer.cancel()


@dataclass(frozen=True, slots=True)
class Jump:
    """The clocks moved against each other. `cause`: "stepped" (wall against boot) or "suspended" (boot against
    monotonic). `by` is how far, negative when the wall clock was set back."""

    cause: str
    by: timedelta


class Axes:
    """Wall time and steady time from one clock, and what moved between two readings.

    Steady time starts as wall time and advances with the boot clock.
    """

    NOTICED = 0.5  # seconds

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._origin = clock.now() - timedelta(seconds=clock.boot())
        self._wall_ahead = self._read_wall_ahead()
        self._boot_ahead = clock.boot() - clock.monotonic()

    def read(self) -> Now:
        return Now(self._clock.now(), self._origin + timedelta(seconds=self._clock.boot()))

    def jumps(self) -> list[Jump]:
        """What jumped since the last call."""
        wall_ahead = self._read_wall_ahead()
        boot_ahead = self._clock.boot() - self._clock.monotonic()
        found = [
            Jump(cause, timedelta(seconds=by))
            for cause, by in (
                ("stepped", wall_ahead - self._wall_ahead),
                ("suspended", boot_ahead - self._boot_ahead),
            )
            if abs(by) > self.NOTICED
        ]
        self._wall_ahead, self._boot_ahead = wall_ahead, boot_ahead
        return found

    def _read_wall_ahead(self) -> float:
        return self._clock.now().timestamp() - self._clock.boot()
