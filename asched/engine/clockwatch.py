"""The clock watch: wakes the engine when the wall clock is where it means to look, is set, or the machine resumes.

On Linux one timer of the kernel does it (a timerfd on CLOCK_REALTIME: absolute, cancelled when the clock is set). It is
a wake-up and nothing else: whoever is woken reads the clocks again, and the engine's own timer is armed all the same.
So it may be refused (another system, a seccomp filter, a loop without readers), or run on another clock than ours
(libfaketime): then a changed clock is noticed when the engine looks next, after LONGEST_SLEEP at the latest.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from asched.engine.clock import LONGEST_SLEEP, Clock, SystemClock
from asched.engine.engine import Engine

FAR = datetime(2200, 1, 1, tzinfo=UTC)  # armed for then, it still rings when the clock is set
TOO_EARLY = timedelta(milliseconds=5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def watch_clock(engine: Engine) -> Callable[[], None]:
    """Let the engine be woken. Returns what ends it. A clock that is not the machine's own needs no watching."""
    if not isinstance(engine.clock, SystemClock):
        return _nothing

    def unwatched(error: Exception) -> None:
        why = f"{type(error).__name__}: {error}"
        event = {"type": "clock.unwatched", "at": engine.clock.now(), "why": why, "noticed_within_s": LONGEST_SLEEP}
        engine.bus.publish(event)

    try:
        watch = ClockWatch(engine.clock, engine.look, unwatched)
    except (OSError, AttributeError, NotImplementedError) as error:
        unwatched(error)
        return _nothing
    engine.arm = watch.arm
    return watch.close


class ClockWatch:
    """Calls `wake` on the running loop; `lost`, if it cannot any more. Raises OSError, AttributeError or
    NotImplementedError where it never could."""

    def __init__(self, clock: Clock, wake: Callable[[], None], lost: Callable[[Exception], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._lost = lost
        self._armed: datetime | None = None
        self._trusted = True
        self._loop = asyncio.get_running_loop()
        self._timer = io.FileIO(_create(), "r")
        try:
            self._loop.add_reader(self._timer.fileno(), self._rang)
        except BaseException:
            self._timer.close()
            raise
        self.arm(None)

    def arm(self, at: datetime | None) -> None:
        """Ring at that wall instant, once; and whenever the clock is set. None: only then."""
        at = FAR if at is None or not self._trusted else min(at, FAR)
        if at == self._armed or self._timer.closed:
            return
        self._armed = at
        try:
            _set(self._timer.fileno(), max(1, (at - _EPOCH) // _MICROSECOND * 1000))
        except OSError as error:
            self._failed(error)  # if it was the clock, it is armed all the same

    def close(self) -> None:
        if not self._timer.closed:
            self._loop.remove_reader(self._timer.fileno())
            with contextlib.suppress(OSError):  # others in this process may have closed it before
                self._timer.close()

    def _rang(self) -> None:
        try:
            if self._timer.read(8) is None:
                return  # armed anew since it rang
        except OSError as error:
            self._failed(error)
        else:
            self._reached()
        self._armed = None  # it rings once

    def _failed(self, error: OSError) -> None:
        if error.errno == errno.ECANCELED:
            self._wake()  # the clock was set, or the machine resumed
        else:
            self.close()
            self._lost(error)

    def _reached(self) -> None:
        """When it rings before our own clock is there, it goes by another one, and would ring again and again."""
        if self._armed is not None and self._clock.now() < self._armed - TOO_EARLY:
            self._trusted = False
        self._wake()


def _nothing() -> None:
    pass


def _create() -> int:
    if sys.platform != "linux":
        raise NotImplementedError("there is no timerfd on this system")
    if sys.version_info >= (3, 13):
        return os.timerfd_create(time.CLOCK_REALTIME, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
    return _call("timerfd_create", time.CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)


def _set(fd: int, nanoseconds: int) -> None:
    """Absolute, and cancelled when the clock is set."""
    if sys.version_info >= (3, 13):
        os.timerfd_settime_ns(fd, flags=os.TFD_TIMER_ABSTIME | os.TFD_TIMER_CANCEL_ON_SET, initial=nanoseconds)
        return
    import ctypes

    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    interval_and_value = (ctypes.c_long * 4)(0, 0, seconds, rest)  # struct itimerspec
    _call("timerfd_settime", fd, _ABSTIME | _CANCEL_ON_SET, interval_and_value, None)


_ABSTIME, _CANCEL_ON_SET = 1, 2  # of <sys/timerfd.h>


def _call(name: str, *args: object) -> int:
    """A function of the C library, which has those that Python lacks before 3.13."""
    import ctypes

    answer: int = getattr(_c_library(), name)(*args)
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return answer


@cache
def _c_library() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)
