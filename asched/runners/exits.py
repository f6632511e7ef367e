"""Notices that a child has exited: a pidfd in the loop, a waiting daemon thread where that is refused.

Only ever waits for its own child: what else this process has for children is not ours to reap.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

from asched.runners.readiness import Readiness
from asched.runners.threads import begin

Reaped = Callable[[int | None], None]


def when_exited(pid: int, reaped: Reaped, readiness: Readiness) -> None:
    """Call `reaped`, on the loop, once the child is gone: with its exit code, negative for a signal, or with None when
    somebody else in this process took its status away. Raises OSError or NoThread when the system lets us watch no
    more."""
    try:
        fd = os.pidfd_open(pid)
    except (AttributeError, OSError):  # not on this system, forbidden by a sandbox, or no descriptor left
        _watch_in_thread(pid, asyncio.get_running_loop(), reaped)
        return

    def readable(_: bool) -> None:
        readiness.forget(fd)
        os.close(fd)
        reaped(_reap(pid))

    try:
        readiness.watch(fd, readable)
    except OSError:
        os.close(fd)
        raise


def _reap(pid: int) -> int | None:
    try:
        _, status = os.waitpid(pid, 0)  # it is dead: this returns at once
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status)


def _watch_in_thread(pid: int, loop: asyncio.AbstractEventLoop, reaped: Reaped) -> None:
    def wait() -> None:
        code = _reap(pid)
        try:
            loop.call_soon_threadsafe(reaped, code)
        except RuntimeError:  # the loop is closed
            return

    begin(threading.Thread(target=wait, name=f"asched child {pid}", daemon=True))
