"""Signals become calls on the loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

Handlers = Mapping[signal.Signals, Callable[[], None]]


@contextlib.contextmanager
def hearing(handlers: Handlers, at_once: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Call the handlers on the running loop, and `at_once` before that, even while a job holds the loop.

    Only the main thread can hear signals; in any other this does nothing.
    """
    loop = asyncio.get_running_loop()

    def heard(number: int, frame: FrameType | None) -> None:
        sign = signal.Signals(number)
        at_once(sign)
        with contextlib.suppress(RuntimeError):  # the loop is closed: there is nothing left to tell
            loop.call_soon_threadsafe(handlers[sign])

    before = {}
    with contextlib.suppress(ValueError):
        for sign in handlers:
            before[sign] = signal.signal(sign, heard)
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler if handler is not None else signal.SIG_DFL)
