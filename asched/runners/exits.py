"""Notices that a child has exited: a pidfd in the loop, a waiting daemon thread where that is refused.

Only ever waits for its own child: what else this process has for children is not ours to reap.
"""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable

from asched.runners.readiness import Readiness
from asched.runners.threads import NoThread, begin

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
        try:
            code = _reap(fd)
        except OSError:  # a debugger has it first, or a kernel before 5.4 reaps no pidfd
            _reap_late(pid, reaped)
        else:
            reaped(code)
        finally:
            os.close(fd)

    try:
        readiness.watch(fd, readable)
    except OSError:
        os.close(fd)
        raise


def _reap(fd: int) -> int | None:
    """Whose pidfd this is, and no other: its pid may be another child's once somebody has taken its status. Raises
    OSError when that would have to be waited for."""
    try:
        ended = os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        return None
    if ended is None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _reap_late(pid: int, reaped: Reaped) -> None:
    try:
        _watch_in_thread(pid, asyncio.get_running_loop(), reaped)
    except NoThread:  # it is gone, and that is what counts
        reaped(None)


def _watch_in_thread(pid: int, loop: asyncio.AbstractEventLoop, reaped: Reaped) -> None:
    def wait() -> None:
        code = _wait(pid)
        try:
            loop.call_soon_threadsafe(reaped, code)
        except RuntimeError:  # the loop is closed
            return

    begin(threading.Thread(target=wait, name=f"asched child {pid}", daemon=True))


def _wait(pid: int) -> int | None:
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status)
