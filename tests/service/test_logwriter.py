"""Whoever logs never waits for whoever reads; what is lost is counted, and said."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Iterator

import pytest

from asched.service import logwriter
from asched.service.logwriter import LogWriter

WITHIN = 10.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        os.close(end)


def in_time(write: Callable[[], object]) -> None:
    """Not held up: on a thread, so that a failure does not hold the tests."""
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(WITHIN)
    assert not thread.is_alive()


def read(end: int, size: int) -> str:
    """So many characters, in the time that the test has."""
    data = b""
    while len(data) < size:
        data += os.read(end, size - len(data))
    return data.decode()


def test_lines_arrive_in_order(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1], "utf-8", print)
    for n in range(100):
        writer.write(f"{n:04} é\n")
    writer.flush(WITHIN)
    text = read(pipe[0], 800)
    assert text == "".join(f"{n:04} é\n" for n in range(100))


def test_nobody_waits_for_a_reader_and_what_is_dropped_is_said(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logwriter, "KEPT", 200_000)
    lost: list[int] = []
    writer = LogWriter(pipe[1], "utf-8", lost.append)
    line = "x" * 999 + "\n"
    in_time(lambda: [writer.write(line) for _ in range(1000)])
    in_time(lambda: writer.flush(0.01))
    read(pipe[0], 200_000)
    writer.flush(0.1)
    arrived = 200
    while select.select([pipe[0]], [], [], 0.5)[0]:
        arrived += read(pipe[0], len(line)) == line
    assert arrived + sum(lost) == 1000
    assert sum(lost) > 500, "of what the pipe and the queue have no room for"
    writer.write("again\n")
    assert read(pipe[0], 6) == "again\n"


def test_a_reader_that_has_gone_harms_nobody() -> None:
    reader, end = os.pipe()
    os.close(reader)
    writer = LogWriter(end, "utf-8", print)
    writer.write("to nobody\n")
    writer.flush(WITHIN)
    os.close(end)


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    writer = LogWriter(pipe[1], "utf-8", print)
    text = "x" * 300_000 + "\n"
    writer.write(text)
    assert read(pipe[0], len(text)) == text


def test_a_forked_child_writes_its_own_lines(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1], "utf-8", print)
    writer.write("parent\n")
    writer.flush(WITHIN)
    child = os.fork()
    if child == 0:
        writer.write("child\n")
        writer.flush(WITHIN)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert read(pipe[0], 13) == "parent\nchild\n"
