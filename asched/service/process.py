"""The process around a service: an event loop that jobs cannot take away, and whose end nobody can delay.

asyncio.run would end with a job's SystemExit, and wait for ever for a task that swallows its cancellation.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asched.engine.aside import aside
from asched.engine.preciseloop import precise_selector
from asched.service import logs
from asched.service.exitcodes import FAULT
from asched.service.logs import get_logger
from asched.service.printing import routed_prints

CANCELLED_WITHIN = 1.0  # seconds for what is left on the loop
TAKEN_UP_AGAIN = 100  # times, when jobs stop the loop


class Loop(asyncio.SelectorEventLoop):
    """Looks names up without the executor that jobs may have filled with what hangs."""

    async def getaddrinfo(
        self, host: Any, port: Any, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[Any]:
        return await aside(socket.getaddrinfo, host, port, family, type, proto, flags)


def say_fault(error: BaseException) -> int:
    """In the log, with what a report needs."""
    trace = "".join(traceback.format_exception(error))
    get_logger().critical("service.failed", why=str(error) or type(error).__name__, exception=trace)
    return FAULT


def run_to_the_end(
    main: Coroutine[Any, Any, int],
    fail: Callable[[str], None],
    mask: Callable[[str], str] = str,
    say: Callable[[BaseException], int] = say_fault,
) -> int:
    """Run it, then leave: tasks that swallow their cancellation, and threads that never return, are left behind.

    `fail` makes `main` end soon, in order: it is called when a job has stopped the loop under us. `mask` is applied to
    what is printed outside of jobs. Of what `main` raises, `say` makes a message and the exit code: nothing is raised
    here, for whoever would catch it might never get to leave.
    """
    loop = Loop(precise_selector())
    executor = ThreadPoolExecutor(thread_name_prefix="asched default")
    loop.set_default_executor(executor)
    loop.set_exception_handler(_say)
    asyncio.set_event_loop(loop)
    before = set(threading.enumerate())
    try:
        with routed_prints(mask):
            try:
                code = _insist(loop, loop.create_task(main, name="asched service"), fail)
            except BaseException as error:
                code = say(error)
            _cancel_rest(loop)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        asyncio.set_event_loop(None)
        loop.close()
    if _threads_left(before):
        _leave(code)
    return code


def _insist(loop: asyncio.AbstractEventLoop, task: asyncio.Task[int], fail: Callable[[str], None]) -> int:
    """The exit code of `task`. A loop that somebody stopped is taken up again for its end."""
    for _ in range(TAKEN_UP_AGAIN):
        try:
            return loop.run_until_complete(task)
        except (SystemExit, KeyboardInterrupt) as error:  # of a task that a job started: nothing to do with us
            if task.done():
                raise
            get_logger().error("loop.escaped", error=repr(error), why="a task or callback of a job raised it")
        except RuntimeError:
            if task.done():
                raise
            fail("a job stopped the event loop")
    raise RuntimeError(f"the event loop was stopped {TAKEN_UP_AGAIN} times")


def _cancel_rest(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is left and wait a moment; what does not listen is left where it is."""
    loop.set_exception_handler(lambda *_: None)
    with contextlib.suppress(Exception, SystemExit, KeyboardInterrupt):
        rest = asyncio.all_tasks(loop)
        for task in rest:
            task.cancel()
        if rest:
            loop.run_until_complete(asyncio.wait(rest, timeout=CANCELLED_WITHIN))


def _threads_left(before: set[threading.Thread]) -> bool:
    """Threads that the interpreter would wait for at its exit, and that may never end. Most are about to end."""
    rest = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in rest:
        thread.join(CANCELLED_WITHIN / len(rest))
    return any(thread.is_alive() for thread in rest)


def _leave(code: int) -> None:
    """Without the interpreter's farewell, which would wait for them. The ledger is closed by now."""
    logs.flush()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)


def _say(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio complains of: mostly tasks that a job started and forgot."""
    task = context.get("task") or context.get("future")
    name = task.get_name() if isinstance(task, asyncio.Task) else ""
    error = context.get("exception")
    get_logger().error("loop.exception", why=context.get("message", ""), task=name, error=repr(error) if error else "")
