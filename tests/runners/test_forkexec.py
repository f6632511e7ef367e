"""The quick way to start a process does what `subprocess` does, which is its slow twin."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from asched.runners import forkexec
from asched.runners.forkexec import Standard, start, start_by_popen

PATH = {"PATH": "/usr/bin:/bin"}
Start = Callable[[Sequence[str], str | None, Mapping[str, str], Standard], int]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its twin would be noticed."""

    def refuse(*_: object) -> int:
        raise AssertionError("the twin was asked")

    monkeypatch.setattr(forkexec, "start_by_popen", refuse)
    return


def seen(
    start: Start, argv: Sequence[str], cwd: str | None = None, env: Mapping[str, str] = PATH
) -> tuple[object, ...]:
    """What it printed, how it ended, and whom it led; or why it was not started."""
    reading, writing = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        pid = start(argv, cwd, env, (nothing, writing, writing))
    except (OSError, ValueError) as error:
        return type(error), str(error), getattr(error, "errno", None), getattr(error, "filename", None)
    finally:
        os.close(writing)
        os.close(nothing)
        with open(reading, "rb") as pipe:
            printed = pipe.read()
    _, status = os.waitpid(pid, 0)
    return printed.replace(str(pid).encode(), b"PID"), status


@pytest.mark.skipif(not forkexec.KNOWN, reason="there is only one way on this system")
@pytest.mark.parametrize(
    ("argv", "cwd", "env"),
    [
        (("echo", "é", "\udcff"), None, PATH),
        (("/bin/sh", "-c", "pwd; exit 3"), "/usr", PATH),
        (("env",), None, {**PATH, "A": "é", "B": "", "C": "a=b"}),
        (("echo", "a default PATH"), None, {}),
        (("./sh", "-c", "echo relative"), "/bin", PATH),
        (("sh", "-c", "cut -d' ' -f5,6 /proc/$$/stat; echo $$"), None, PATH),
        (("ls", "/proc/self/fd"), None, PATH),
        (("grep", "^Sig[BIC]", "/proc/self/status"), None, PATH),
        (("sh", "-c", "kill -9 $$"), None, PATH),
    ],
)
def test_it_starts_what_its_twin_starts(
    argv: tuple[str, ...], cwd: str | None, env: Mapping[str, str], quick: None
) -> None:
    held = os.dup(0)
    os.set_inheritable(held, True)
    try:
        assert seen(start, argv, cwd, env) == seen(start_by_popen, argv, cwd, env)
    finally:
        os.close(held)


@pytest.mark.parametrize(
    ("argv", "cwd", "env"),
    [
        (("no-such-command",), None, PATH),
        (("/no/such",), None, PATH),
        (("",), None, PATH),
        (("/etc/passwd",), None, PATH),
        (("true",), "/no", PATH),
        (("true", "a\0b"), None, PATH),
        (("true",), None, {**PATH, "A=B": "c"}),
        (("true",), None, {**PATH, "A": "a\0b"}),
        (("true", "x" * 10_000_000), None, PATH),
    ],
)
def test_it_fails_as_its_twin_fails(argv: tuple[str, ...], cwd: str | None, env: Mapping[str, str]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    assert seen(start, argv, cwd, env) == seen(start_by_popen, argv, cwd, env)
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):  # what could not become its program was reaped
        os.waitpid(-1, os.WNOHANG)


def test_a_program_that_was_in_the_way_of_itself_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text file busy, once: the twin gets through."""

    def busy(*args: object) -> int:
        raise OSError(errno.ETXTBSY, "Text file busy")

    monkeypatch.setattr(forkexec, "fork_exec", busy)
    assert seen(start, ("echo", "again")) == (b"again\n", 0)


@pytest.mark.skipif(not forkexec.KNOWN, reason="there is only one way on this system")
@pytest.mark.parametrize("most", [22, 24])
def test_where_it_takes_other_arguments_it_is_its_twin(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from Python 3.14 on, which it tells before it forks."""
    known = forkexec.fork_exec

    def other(*args: object) -> int:
        if len(args) != most:
            raise TypeError(f"fork_exec expected {most} arguments, got {len(args)}")
        return known(*args[:23])

    monkeypatch.setattr(forkexec, "fork_exec", other)
    assert seen(start, ("echo", "slowly")) == (b"slowly\n", 0)


def test_elsewhere_it_is_its_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forkexec, "KNOWN", False)
    monkeypatch.setattr(forkexec, "_start_directly", None)
    assert seen(start, ("echo", "slowly")) == (b"slowly\n", 0)


def test_those_who_audit_see_it(quick: None) -> None:
    events: list[tuple[object, ...]] = []
    listening = True

    def listen(event: str, args: tuple[object, ...]) -> None:
        if listening and event == "subprocess.Popen":
            events.append(args)

    sys.addaudithook(listen)
    seen(start, ("echo", "x"), "/")
    listening = False
    assert events == [("echo", ("echo", "x"), "/", PATH)]
