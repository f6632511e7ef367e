"""Starts a command's process: on the vfork path, in a session of its own, with nothing inherited but three pipes."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from asched.core.action import Command
from asched.core.dataclass import dataclass
from asched.core.masking import Mask
from asched.core.outcome import ErrorNote, Failed
from asched.engine.clock import boot_ticks
from asched.runners.birth import Births
from asched.runners.forkexec import start
from asched.runners.groups import signal_group
from asched.runners.notes import failure, note_of

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126  # as shells say it
_EXHAUSTED = {
    errno.EMFILE: "this process has no file descriptor left",
    errno.ENFILE: "the system has no file descriptor left",
    errno.EAGAIN: "the system allows no more processes (RLIMIT_NPROC, or pids.max of the container)",
    errno.ENOMEM: "the system has no memory for another process",
}
_BIRTHS = Births()


@dataclass(frozen=True, slots=True)
class Process:
    """A child, and the reading ends of its output, which are its owner's to close. File objects for them would cost a
    fifth of what starting it does."""

    pid: int
    started: int  # in kernel ticks since boot, 0 where that is not known
    stdout: int
    stderr: int


def spawn(command: Command, argv: tuple[str, ...], env: Mapping[str, str], mask: Mask) -> Process | Failed:
    """The process, its output in pipes, or why there is none.

    Blocks until the child runs its program, which takes as long as the machine is busy.
    """
    if not argv:
        return Failed(failure("ValueError", "the command is empty"))
    program = ("/bin/sh", "-c", *argv) if command.shell else argv
    try:
        return _started(program, command.cwd, env, command.stdin)
    except (OSError, ValueError) as error:  # ValueError: a NUL, or a "=" in a variable's name
        return Failed(_note(error, command, argv, mask))


def discard(process: Process) -> None:
    """Kill it and forget it."""
    signal_group(process.pid, signal.SIGKILL)
    os.close(process.stdout)
    os.close(process.stderr)
    with suppress(ChildProcessError):
        os.waitpid(process.pid, 0)


def _started(program: tuple[str, ...], cwd: str | None, env: Mapping[str, str], text: str) -> Process:
    ours: list[int] = []
    theirs: list[int] = []
    try:
        theirs.append(_stdin(text))
        for _ in ("stdout", "stderr"):
            reading, writing = os.pipe()
            ours.append(reading)
            theirs.append(writing)
        stdin, stdout, stderr = theirs
        before = boot_ticks()
        pid = start(program, cwd, env, (stdin, stdout, stderr))
        return Process(pid, _BIRTHS.of(pid, before), *ours)
    except BaseException:
        _close(ours)
        raise
    finally:
        _close(theirs)


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _stdin(text: str) -> int:
    """A file rather than a pipe: the child reads at its own pace and nobody has to feed it."""
    if not text:
        return os.open(os.devnull, os.O_RDONLY)
    descriptor = _memory_file()
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.seek(0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _memory_file() -> int:
    try:
        return os.memfd_create("stdin")
    except (AttributeError, OSError):
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())


def _note(error: OSError | ValueError, command: Command, argv: tuple[str, ...], mask: Mask) -> ErrorNote:
    program = "/bin/sh" if command.shell else argv[0] if argv else ""
    if isinstance(error, ValueError):
        return note_of(error, mask, message=f"cannot run {program}: {error}")
    if error.errno in _EXHAUSTED:
        why = _EXHAUSTED[error.errno]
        note = note_of(error, mask, message=f"cannot run {program} now: {why}", types=("Exhausted",))
        return replace(note, traceback="")
    message, code = _why_not(error, program, command.cwd)
    return replace(note_of(error, mask, message=message), exit_code=code, traceback="")


def _why_not(error: OSError, program: str, cwd: str | None) -> tuple[str, int | None]:
    if cwd is not None and error.filename == cwd:
        return f"working directory {cwd} cannot be entered: {error.strerror}", None
    if error.errno == errno.ENOENT and "/" in program and Path(cwd or "", program).exists():
        return f"{program} is there, but the interpreter that its first line names is not", _NOT_EXECUTABLE
    if error.errno == errno.ENOENT:
        where = "" if "/" in program else " on PATH"
        return f"command not found: there is no {program}{where}", _NOT_FOUND
    if error.errno == errno.EACCES:
        return f"{program} is not executable: {error.strerror}", _NOT_EXECUTABLE
    if error.errno == errno.ENOEXEC:
        return f"{program} is not executable: neither a program nor a script that begins with #!", _NOT_EXECUTABLE
    return f"cannot run {program}: {error.strerror}", _NOT_EXECUTABLE
