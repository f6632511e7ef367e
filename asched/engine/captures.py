"""The captures of the attempts that are being executed: what they print, and their children, as changes to remember."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime

from asched.core.change import Change, Child, Output
from asched.core.masking import mask_for
from asched.core.model import Job
from asched.engine.capture import Attempt, Capture, Piece
from asched.engine.clock import Clock

FLUSH_AFTER = 0.5  # seconds that output may wait before it is written
PIECES_PER_ATTEMPT = 1 << 20  # their numbers go on from attempt to attempt


class Captures:
    """`remember` takes, on the loop, the changes that come of it while a run goes on."""

    def __init__(self, clock: Clock, mask: Callable[[str], str], remember: Callable[[Sequence[Change]], None]) -> None:
        self._clock = clock
        self._mask = mask
        self._remember = remember
        self._loop = asyncio.get_running_loop()
        self._open: dict[Attempt, Capture] = {}
        self._printed: set[Attempt] = set()  # what is written by the next flush; if there is any, that is on its way

    def open(self, job: Job, fire: int, attempt: int) -> Capture:
        which = (fire, attempt)
        capture = Capture(self._has_printed, self._has_child, mask_for(job, self._mask), which)
        self._open[which] = capture
        return capture

    def close(self, fire: int, attempt: int, at: datetime) -> Sequence[Output]:
        """The attempt is over: what is left of what it printed."""
        capture = self._open.pop((fire, attempt), None)
        pieces = None if capture is None else capture.close()
        return _outputs((fire, attempt), pieces, at) if pieces else ()  # most runs print nothing

    def _has_child(self, which: Attempt, pid: int, started: int) -> None:
        self._remember([Child(*which, pid, started)])

    def _has_printed(self, which: Attempt) -> None:
        """In any thread."""
        _on_loop(self._loop, lambda: self._flush_later(which))

    def _flush_later(self, which: Attempt) -> None:
        """One timer and one commit for all that print, not one for each."""
        if not self._printed:
            self._clock.call_at(self._clock.monotonic() + FLUSH_AFTER, self._flush)
        self._printed.add(which)

    def _flush(self) -> None:
        at, printed = self._clock.now(), sorted(self._printed & self._open.keys())
        self._printed.clear()
        if written := [output for which in printed for output in _outputs(which, self._open[which].take(), at)]:
            self._remember(written)


def _outputs(which: Attempt, pieces: Sequence[Piece], at: datetime) -> Sequence[Output]:
    fire, attempt = which
    first = (attempt - 1) * PIECES_PER_ATTEMPT
    return [Output(fire, attempt, first + piece.seq, at, piece.stream, piece.text) for piece in pieces]


def _on_loop(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """At once where we are on it, as with what commands print: to wake it costs two system calls."""
    if _is_running(loop):
        callback()
        return
    with contextlib.suppress(RuntimeError):  # a thread that was given up may outlive the loop
        loop.call_soon_threadsafe(callback)


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:  # in a thread
        return False
