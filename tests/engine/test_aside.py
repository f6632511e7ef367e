"""A blocking call of our own, whatever the jobs did to the loop's threads."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from asched.engine.aside import aside


def test_it_returns_what_the_call_returns_from_another_thread():
    async def ask():
        return await aside(lambda *given: (given, threading.current_thread()), 1, "two")

    given, thread = asyncio.run(ask())
    assert given == (1, "two")
    assert thread is not threading.current_thread()
    assert thread.daemon


def test_it_needs_nothing_of_the_executor_that_the_jobs_have_filled():
    async def ask():
        loop, hold = asyncio.get_running_loop(), threading.Event()
        loop.set_default_executor(ThreadPoolExecutor(1))
        hanging = loop.run_in_executor(None, hold.wait)
        try:
            return await asyncio.wait_for(aside(str, 7), timeout=5)
        finally:
            hold.set()
            await hanging

    assert asyncio.run(ask()) == "7"


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_what_the_call_raises_is_raised(error):
    def fail():
        raise error

    async def ask():
        try:
            await aside(fail)
        except BaseException as caught:
            return caught

    assert asyncio.run(ask()) is error


def test_a_stop_iteration_does_not_leave_anybody_waiting():
    async def ask():
        await asyncio.wait_for(aside(next, iter(())), timeout=5)

    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(ask())


def test_who_is_cancelled_leaves_at_once_and_the_late_end_harms_nobody():
    async def ask():
        complaints = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        begun, hold, threads = asyncio.Event(), threading.Event(), []

        def hang(loop):
            threads.append(threading.current_thread())
            loop.call_soon_threadsafe(begun.set)
            hold.wait()
            raise ValueError("too late")

        asking = asyncio.create_task(aside(hang, asyncio.get_running_loop()))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        hold.set()
        threads[0].join()
        await asyncio.sleep(0)
        return complaints

    assert asyncio.run(ask()) == []


def test_a_loop_that_is_closed_meanwhile_is_not_told(monkeypatch):
    escaped = []
    monkeypatch.setattr(threading, "excepthook", escaped.append)
    hold, threads = threading.Event(), []

    def hang(begun, loop):
        threads.append(threading.current_thread())
        loop.call_soon_threadsafe(begun.set)
        hold.wait()

    async def ask():
        begun = asyncio.Event()
        asking = asyncio.create_task(aside(hang, begun, asyncio.get_running_loop()))
        await begun.wait()
        asking.cancel()

    asyncio.run(ask())
    hold.set()
    threads[0].join()
    assert escaped == []


def test_the_call_sees_the_context_of_whoever_asked():
    name: ContextVar[str] = ContextVar("name")

    async def ask():
        name.set("mine")
        return await aside(name.get)

    assert asyncio.run(ask()) == "mine"


def test_a_system_without_threads_says_so(monkeypatch):
    def none_left(self):
        raise RuntimeError("can't start new thread")

    async def ask():
        await aside(str, 7)

    monkeypatch.setattr(threading.Thread, "start", none_left)
    with pytest.raises(RuntimeError, match="new thread"):
        asyncio.run(ask())
