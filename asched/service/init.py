"""As PID 1: a process of our own in front of the service that passes signals on and reaps whoever is orphaned.

The service itself then has children of its own only, and waits for them in peace. Were both one process, no peek could
tell an orphan from a child that a job is about to wait for.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

_PASSED_ON = {
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGWINCH", "SIGCONT")
}


def stand_before() -> None:
    """Return in the child, which serves. PID 1 stays here, and exits as the child does. Before any thread exists."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON | {signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)  # or a terminal's Ctrl-C would come twice
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    os._exit(_watch(child))


def _watch(child: int) -> int:
    """Blocked signals are queued even for PID 1, which otherwise never sees those it has no handler for."""
    while True:
        number = signal.sigwait(_PASSED_ON | {signal.SIGCHLD})
        if number == signal.SIGCHLD:
            status = _reap(child)
            if status is not None:
                return _exit_code(status)
        else:
            with suppress(ProcessLookupError):
                os.kill(child, number)


def _reap(child: int) -> int | None:
    """Everybody who is dead; the status of `child` when it is among them."""
    found: int | None = None
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                found = status
    return found


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
