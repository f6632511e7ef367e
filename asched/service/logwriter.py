"""The log's way out: a queue and a thread, so that whoever logs never waits for whoever reads.

A full pipe that nobody reads would otherwise hold the event loop, and with it every job.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable

KEPT = 4 << 20  # characters that may wait to be written; what is logged beyond that is dropped, and counted


class LogWriter:
    """Writes lines to a file descriptor. `lost` is told, once there is room again, how many were dropped.

    It has a daemon thread from its first line on; so has a child that was forked, from its own first line on.
    """

    def __init__(self, fd: int, encoding: str, lost: Callable[[int], None]) -> None:
        self._fd = fd
        self._encoding = encoding
        self._lost = lost
        self._begin()
        os.register_at_fork(after_in_child=self._begin)  # whose lock may be held, and whose lines are the parent's

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[str] = deque()
        self._size = 0  # of what waits and of what is being written
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def write(self, line: str) -> None:
        with self._changed:
            if self._size + len(line) > KEPT:
                self._dropped += 1
                return
            self._waiting.append(line)
            self._size += len(line)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="asched log", daemon=True)
                self._thread.start()

    def flush(self, within: float) -> None:
        """Wait until all is written, that many seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._size and not self._dropped, within)

    def _write_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                lines, self._waiting = self._waiting, deque()
            text = "".join(lines)
            self._put(text)
            with self._changed:
                self._size -= len(text)
                dropped, self._dropped = self._dropped, 0
                self._changed.notify_all()
            if dropped:
                self._lost(dropped)

    def _put(self, text: str) -> None:
        """By the descriptor: a thread that the interpreter leaves behind at its exit must hold no stream's lock."""
        rest = memoryview(text.encode(self._encoding, "backslashreplace"))
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
            except OSError:  # a log that nobody reads any more, or a full disk, harms nobody
                return
