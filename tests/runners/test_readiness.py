"""One reader of the loop for all that is watched: everybody is called, and nothing is left open."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Iterator

import pytest

from asched.runners.readiness import Readiness


@pytest.fixture(autouse=True, params=["epoll", "the loop's own"])
def _platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "epoll":
        monkeypatch.delattr(select, "epoll")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for fd in (reading, writing):
        os.close(fd)


@pytest.fixture(autouse=True)
def _no_descriptor_is_left() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) <= before


async def steps(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_it_calls_while_there_is_something_to_read(pipe: tuple[int, int]) -> None:
    readiness, calls = Readiness(), []
    reading, writing = pipe
    readiness.watch(reading, calls.append)
    await steps(3)
    assert calls == []
    os.write(writing, b"x")
    await steps(3)
    assert len(calls) > 1
    assert not any(calls)
    readiness.forget(reading)


async def test_it_calls_at_the_end(pipe: tuple[int, int]) -> None:
    """Only an epoll set knows that there is nothing in it any more."""
    readiness, calls = Readiness(), []
    reading, writing = os.pipe()
    readiness.watch(reading, calls.append)
    os.close(writing)
    await steps(3)
    assert set(calls) == {hasattr(select, "epoll")}
    readiness.forget(reading)
    os.close(reading)


async def test_what_is_left_in_it_is_not_its_end() -> None:
    readiness, calls = Readiness(), []
    reading, writing = os.pipe()
    readiness.watch(reading, calls.append)
    os.write(writing, b"x")
    os.close(writing)
    await steps(3)
    assert set(calls) == {False}
    readiness.forget(reading)
    os.close(reading)


async def test_who_is_forgotten_by_an_earlier_one_is_not_called() -> None:
    readiness, calls = Readiness(), []
    pipes = [os.pipe() for _ in range(5)]

    def ready(_: bool) -> None:
        calls.append(1)
        for reading, _ in pipes:
            readiness.forget(reading)

    for reading, writing in pipes:
        readiness.watch(reading, ready)
        os.write(writing, b"x")
    await steps(3)
    assert calls == [1] if hasattr(select, "epoll") else calls
    for one in pipes:
        os.close(one[0])
        os.close(one[1])


async def test_what_cannot_be_watched_is_refused_and_the_others_stay(pipe: tuple[int, int]) -> None:
    readiness, calls = Readiness(), []
    with pytest.raises(OSError, match="Bad file descriptor"):
        readiness.watch(1 << 20, calls.append)
    readiness.watch(pipe[0], calls.append)
    with pytest.raises(OSError, match="Bad file descriptor"):
        readiness.watch(1 << 20, calls.append)
    os.write(pipe[1], b"x")
    await steps(3)
    assert calls
    readiness.forget(pipe[0])
    readiness.forget(pipe[0])
