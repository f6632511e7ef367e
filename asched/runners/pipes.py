"""Reads a child's output as it comes, without ever waiting, and hands it on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable

from asched.engine.ports import OutputSink
from asched.runners.readiness import Readiness

_READ = 64 * 1024
_LARGE = 1 << 20  # for a pipe that was found full


class OutputPipe:
    """A pipe's reading end. It never stops reading: a job that prints gigabytes must not stand still (FAULTS 18)."""

    def __init__(
        self, fd: int, stream: str, output: OutputSink, ended: Callable[[], None], readiness: Readiness
    ) -> None:
        self._fd = fd
        self._stream = stream
        self._output = output
        self._ended = ended
        self._readiness = readiness
        self._size = _READ
        self.open = True
        os.set_blocking(fd, False)
        readiness.watch(fd, self._readable)

    def _readable(self, at_its_end: bool) -> None:
        if at_its_end or not self._read():
            self.close()
            self._ended()

    def _read(self) -> bool:
        """One read, so that many talkative children share the loop. False at the end."""
        try:
            data = os.read(self._fd, self._size)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if data:
            self._output.write(self._stream, data)
        if len(data) == _READ == self._size:
            self._enlarge()
        return bool(data)

    def _enlarge(self) -> None:
        """Sixteen times fewer switches for those that print a lot; only for them, as kernel memory is limited."""
        try:
            self._size = min(_LARGE, fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, _LARGE))
        except (AttributeError, OSError):  # not on this system, or our user's share of pipe memory is used up
            self._size = _READ + 1  # not asked again

    def drain(self) -> None:
        """Take what is in the pipe now."""
        left = _LARGE
        while self.open and left > 0:
            try:
                data = os.read(self._fd, _READ)
            except OSError:  # nothing there, or broken
                return
            if not data:
                self.close()
                return
            self._output.write(self._stream, data)
            left -= len(data)

    def close(self) -> None:
        if self.open:
            self.open = False
            self._readiness.forget(self._fd)
            os.close(self._fd)
