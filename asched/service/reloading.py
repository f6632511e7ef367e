"""Reloading: one after the other, each for so long only, whatever the files of jobs do while they are imported."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Sequence

from asched.core.model import Job
from asched.engine.aside import aside
from asched.engine.watchdog import innermost_of_others
from asched.errors import Refused

LOADED_WITHIN = 30.0  # seconds

Load = Callable[[], Sequence[Job]]


async def loaded(load: Load) -> Sequence[Job]:
    """The jobs, loaded in a thread. Raises what `load` raises, and Refused when it does not come back in time: then
    nobody waits for it any more, and nothing comes of it."""
    loading = _Loading(load)
    try:
        async with asyncio.timeout(LOADED_WITHIN):
            return await aside(loading)
    except TimeoutError:
        message = f"the jobs were not loaded within {LOADED_WITHIN:g} s: {loading.where()} does not come back"
        raise Refused(f"{message}; the old ones stay") from None


class _Loading:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._thread = 0

    def __call__(self) -> Sequence[Job]:
        self._thread = threading.get_ident()
        return self._load()

    def where(self) -> str:
        """The line of somebody's code that the thread is at."""
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return "what loads them"
        culprit = innermost_of_others(frame)
        return f"{culprit.f_code.co_filename}:{culprit.f_lineno}"
