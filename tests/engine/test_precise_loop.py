"""A loop that wakes when it should: what it waits for, and that it waits no longer, and hears what asyncio's would."""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import signal
import socket
import threading

import pytest

import asched
from asched.engine import preciseloop
from asched.engine.preciseloop import precise_selector

pytestmark = pytest.mark.skipif(not hasattr(selectors, "EpollSelector"), reason="only epoll is imprecise")


@pytest.fixture
def pair():
    here, there = socket.socketpair()
    with here, there:
        yield here, there


@pytest.fixture
def waits(monkeypatch):
    """How long `select` was asked to wait."""
    asked = []

    def recorded(reading, writing, failing, timeout):
        asked.append(timeout)
        return select.select(reading, writing, failing, 0)

    class Recorded:
        select = staticmethod(recorded)

    monkeypatch.setattr(preciseloop, "select", Recorded)
    return asked


def test_a_timeout_is_not_rounded(waits):
    with precise_selector() as selector:
        assert selector.select(0.000_3) == []
    assert waits == [0.000_3]


@pytest.mark.parametrize("timeout", [0, -1])
def test_where_nobody_waits_nothing_more_is_called(waits, timeout):
    with precise_selector() as selector:
        assert selector.select(timeout) == []
    assert waits == []


def test_what_is_ready_is_told_as_by_epoll(waits, pair):
    here, there = pair
    with precise_selector() as selector:
        selector.register(here, selectors.EVENT_READ | selectors.EVENT_WRITE, "data")
        there.send(b"x")
        ((key, events),) = selector.select(5)
    assert (key.data, events) == ("data", selectors.EVENT_READ | selectors.EVENT_WRITE)


def test_it_wakes_for_what_becomes_ready_meanwhile(pair):
    here, there = pair
    with precise_selector() as selector:
        selector.register(here, selectors.EVENT_READ)
        thread = threading.Timer(0, there.send, (b"x",))
        thread.start()
        assert len(selector.select(60)) == 1
        thread.join()


def test_a_descriptor_too_high_for_select_is_waited_for_by_epoll_alone(waits, monkeypatch):
    with precise_selector() as selector:
        monkeypatch.setattr(preciseloop, "_WATCHABLE", selector.fileno())
        assert selector.select(0.001) == []
    assert waits == []


def test_a_loop_of_it_runs_tasks_timers_threads_and_signals():
    async def main() -> list[str]:
        loop, heard = asyncio.get_running_loop(), []
        loop.add_signal_handler(signal.SIGUSR1, heard.append, "signal")
        await asyncio.sleep(0.001)
        heard.append(await asyncio.to_thread(lambda: "thread"))
        os.kill(os.getpid(), signal.SIGUSR1)
        while len(heard) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        return heard

    with asyncio.Runner(loop_factory=asched.new_event_loop) as runner:
        assert sorted(runner.run(main())) == ["signal", "thread"]
