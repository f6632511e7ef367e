"""The watchdog: notices that a job blocks the loop, and says which one, and where in its code.

A thread of its own, since nothing on the loop could notice. It sleeps while no attempt is being executed, so that an
idle scheduler is woken by nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from asched.core.dataclass import dataclass
from asched.engine.dispatch import Dispatch

LOOK_EVERY = 0.25  # seconds between looks, while something is executed
BLOCKED_AFTER = 0.75  # seconds without an answer from the loop

_OURS = str(Path(__file__).parents[1]) + os.sep
_LOOPS = str(Path(asyncio.__file__).parent) + os.sep


@dataclass(frozen=True, slots=True)
class Block:
    """The loop is blocked: at `file`:`line`, in a task called `task` (the run and the job, for a coroutine job)."""

    task: str
    file: str
    line: int
    function: str


class Watchdog:
    """`on_block` and `on_free` are called from the watchdog's thread, once per block."""

    def __init__(self, dispatch: Dispatch, on_block: Callable[[Block], None], on_free: Callable[[], None]) -> None:
        self._dispatch = dispatch
        self._on_block = on_block
        self._on_free = on_free
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._answered = threading.Event()
        self._busy = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="asched watchdog", daemon=True)

    def start(self) -> None:
        self._dispatch.on_busy = self._busy.set
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._busy.set()

    def _watch(self) -> None:
        blocked = False
        while not self._over.is_set():
            if not self._dispatch.running and not blocked:
                self._busy.clear()
                if not self._dispatch.running:
                    self._busy.wait()
            block = self._look()
            if block is not None and not blocked:
                self._on_block(block)
            elif blocked and block is None:
                self._on_free()
            blocked = block is not None
            self._over.wait(LOOK_EVERY)

    def _look(self) -> Block | None:
        """Ask the loop; if it does not answer in time, see what its thread is at."""
        self._answered.clear()
        try:
            self._loop.call_soon_threadsafe(self._answered.set)
        except RuntimeError:  # the loop is closed
            self._over.set()
            return None
        if self._answered.wait(BLOCKED_AFTER):
            return None
        frame = sys._current_frames().get(self._loop_thread)
        return None if frame is None or _is_waiting(frame) else self._block(frame)

    def _block(self, frame: FrameType) -> Block:
        culprit = innermost_of_others(frame)
        with contextlib.suppress(RuntimeError):
            task = asyncio.current_task(self._loop)
            name = "" if task is None else task.get_name()
            return Block(name, culprit.f_code.co_filename, culprit.f_lineno, culprit.f_code.co_name)
        return Block("", culprit.f_code.co_filename, culprit.f_lineno, culprit.f_code.co_name)


def _is_waiting(frame: FrameType) -> bool:
    """In the loop's own selector: it has nothing to do, and answers at once when asked (or the whole process was
    stopped). A job that waits for a subprocess is in a selector, too, and blocks the loop."""
    caller = frame.f_back
    return frame.f_code.co_name == "select" and caller is not None and caller.f_code.co_filename.startswith(_LOOPS)


def innermost_of_others(frame: FrameType) -> FrameType:
    """Where somebody's own code is: the innermost frame that is neither ours nor the loop's nor the library's."""
    found: FrameType | None = frame
    while found is not None:
        file = found.f_code.co_filename
        if not file.startswith((_OURS, _LOOPS, "<")) and "site-packages" not in file and not _is_stdlib(file):
            return found
        found = found.f_back
    return frame


def _is_stdlib(file: str) -> bool:
    return file.startswith(str(Path(asyncio.__file__).parents[1])) and "site-packages" not in file
