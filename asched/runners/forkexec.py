"""A process from a program, quickly: fork_exec itself where we know how to call it, else what `subprocess` makes of it.

Popen takes twice the time of what it calls. That has no public name, and takes the same 23 arguments in Python 3.11 to
3.13; the two are compared by tests. A Python that was not tried, or whose fork_exec takes others (from 3.14 on, one
less), is Popen's. Neither has a preexec_fn: with one, fork copies the page tables, 40 ms for a service of 1 GB.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

KNOWN = sys.platform == "linux" and sys.implementation.name == "cpython" and sys.version_info < (3, 14)
if KNOWN:
    import _posixsubprocess

    fork_exec: Callable[..., int] = _posixsubprocess.fork_exec

# Signals restored, setsid; no process group, gid, groups, uid, umask, preexec_fn; vfork.
_SESSION_BY_VFORK = (True, True, -1, None, None, None, -1, None, True)

Standard = tuple[int, int, int]  # descriptors: what the child reads from, prints to, and complains to


def start(argv: Sequence[str], cwd: str | None, env: Mapping[str, str], standard: Standard) -> int:
    """The pid of a process that runs `argv`, in a session of its own, and inherits nothing but `standard`. It is its
    owner's to reap. Raises OSError and ValueError as Popen does. Blocks until the program runs."""
    try:
        pid = _start_directly(argv, cwd, env, standard) if KNOWN else None
    except (OSError, ValueError, TypeError):  # TypeError: it takes other arguments, and looks at them before it forks
        pid = None
    return start_by_popen(argv, cwd, env, standard) if pid is None else pid


def start_by_popen(argv: Sequence[str], cwd: str | None, env: Mapping[str, str], standard: Standard) -> int:
    """The same by public means, which also know what to say when it fails."""
    stdin, stdout, stderr = standard
    child = subprocess.Popen(
        argv,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        close_fds=True,
        start_new_session=True,
        cwd=cwd,
        env=env,
    )
    child.returncode = 0  # or it would wait for it some day, and complain
    return child.pid


def _start_directly(argv: Sequence[str], cwd: str | None, env: Mapping[str, str], standard: Standard) -> int | None:
    """None when it could not become its program."""
    stdin, stdout, stderr = standard
    environ = [_variable(name, value) for name, value in env.items()]
    programs = _candidates(argv[0], env.get("PATH", os.defpath))
    sys.audit("subprocess.Popen", argv[0], argv, cwd, env)
    complaint, to_complain = os.pipe()  # closed by exec
    try:
        try:
            descriptors = (stdin, -1, -1, stdout, -1, stderr, complaint, to_complain)
            pid = fork_exec(argv, programs, True, (to_complain,), cwd, environ, *descriptors, *_SESSION_BY_VFORK)
        finally:
            os.close(to_complain)
        failed = os.read(complaint, 1)
    finally:
        os.close(complaint)
    if failed:
        os.waitpid(pid, 0)
        return None
    return pid


def _variable(name: str, value: str) -> bytes:
    if "=" in name:
        raise ValueError("illegal environment variable name")
    return os.fsencode(f"{name}={value}")


@lru_cache(maxsize=256)
def _candidates(program: str, path: str) -> tuple[bytes, ...]:
    """Where it may be."""
    if "/" in program:
        return (os.fsencode(program),)
    return tuple(os.fsencode(os.path.join(folder, program)) for folder in path.split(os.pathsep))
