"""Aside: a blocking call of our own, in a daemon thread of its own.

Never in the loop's default executor, which belongs to the jobs: one whose threads hang would leave us none.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")


async def aside(call: Callable[[*Args], T], *args: *Args) -> T:
    """What `call(*args)` returns or raises. Whoever is cancelled leaves at once; the call goes on, and nobody hears how
    it ends. Raises RuntimeError when the system has no thread left.
    """
    loop, context = asyncio.get_running_loop(), copy_context()
    over: asyncio.Future[None] = loop.create_future()
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(context.run(call, *args))
        except BaseException as error:  # handed over: who waits for it would wait for ever
            errors.append(error)
        try:
            loop.call_soon_threadsafe(_tell, over)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return

    name = getattr(call, "__qualname__", type(call).__qualname__)
    threading.Thread(target=work, name=f"asched {name}", daemon=True).start()
    await over
    for error in errors:
        raise error
    return results[0]


def _tell(over: asyncio.Future[None]) -> None:
    if not over.done():  # given up meanwhile
        over.set_result(None)
