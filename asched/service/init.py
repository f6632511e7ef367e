"""The duties of PID 1: in a container asched is the parent of every orphan, and reaps it, so that no init is needed.

Our own children are waited for by who started them, at once; a dead child that nobody has taken after a while is
an orphan.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

LEFT_ALONE = 2.0  # seconds that a dead child is left to whoever started it


@contextmanager
def reaping_orphans() -> Iterator[None]:
    """While within it, and if this is PID 1, orphans are reaped after they die."""
    if os.getpid() != 1:
        yield
        return
    loop = asyncio.get_running_loop()
    reaper = Reaper(loop)
    loop.add_signal_handler(signal.SIGCHLD, reaper.look)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGCHLD)


class Reaper:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._planned = False
        self._seen: set[int] = set()

    def look(self) -> None:
        """Somebody died. Who is still there when we look a second time belongs to nobody."""
        if not self._planned:
            self._planned = True
            self._loop.call_later(LEFT_ALONE, self._reap)

    def _reap(self) -> None:
        self._planned = False
        dead = dead_children()
        for pid in dead & self._seen:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        self._seen = dead - self._seen
        if self._seen:
            self.look()


def dead_children() -> set[int]:
    """Zombies whose parent we are, from /proc: a peek with waitid shows only one of them at a time."""
    me, dead = str(os.getpid()), set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                    state, parent = stat.read().rpartition(")")[2].split()[:2]
                if state == "Z" and parent == me:
                    dead.add(int(entry))
    return dead
