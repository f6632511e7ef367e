"""The process around a service: an event loop whose end nobody can delay."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import sys
import threading
from collections.abc import Coroutine
from typing import Any

from asched.service.logs import get_logger
from asched.service.printing import routed_prints

CANCELLED_WITHIN = 1.0  # seconds for what is left on the loop
EXIT_FAULT = 70


def run_to_the_end(main: Coroutine[Any, Any, int]) -> int:
    """Run it, then leave: tasks that swallow their cancellation, and threads that never return, are left behind."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        with routed_prints():
            try:
                code = loop.run_until_complete(main)
            except RuntimeError as error:  # somebody stopped the loop under us
                get_logger().error("service.failed", why=str(error))
                code = EXIT_FAULT
        stubborn = _cancel_rest(loop)
    finally:
        asyncio.set_event_loop(None)
    if stubborn or _threads_left():
        _leave(code)
    with contextlib.suppress(Exception):
        loop.close()
    return code


def _cancel_rest(loop: asyncio.AbstractEventLoop) -> bool:
    """Cancel what is left. True when something would not end."""
    rest = asyncio.all_tasks(loop)
    for task in rest:
        task.cancel()
    if not rest:
        return False
    _, left = loop.run_until_complete(asyncio.wait(rest, timeout=CANCELLED_WITHIN))
    return bool(left)


def _threads_left() -> bool:
    main = threading.main_thread()
    return any(t.is_alive() and not t.daemon and t is not main for t in threading.enumerate())


def _leave(code: int) -> None:
    """Without the interpreter's farewell, which would wait for them. The ledger is closed; the logs are flushed."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    gc.disable()
    os._exit(code)
