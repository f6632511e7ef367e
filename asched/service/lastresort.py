"""The last resort: when stopping takes longer than it can, leave, whatever holds us."""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback

from asched.service import logs
from asched.service.exitcodes import FAULT


class LastResort:
    """A thread that waits, at no cost, to be told how long the rest may take."""

    def __init__(self) -> None:
        self._limits: queue.SimpleQueue[float | None] = queue.SimpleQueue()  # its put may be called by signal handlers
        self._main = threading.main_thread().ident
        self._thread = threading.Thread(target=self._watch, name="asched last resort", daemon=True)
        self._thread.start()

    def within(self, seconds: float) -> None:
        """From now on so many seconds are left. Said again, the new limit counts."""
        self._limits.put(seconds)

    def close(self) -> None:
        self._limits.put(None)
        self._thread.join()

    def _watch(self) -> None:
        limit: float | None = None
        while True:
            try:
                said = self._limits.get(timeout=limit)
            except queue.Empty:
                self._leave()
                return
            if said is None:
                return
            limit = said

    def _leave(self) -> None:
        frame = sys._current_frames().get(self._main or 0)
        where = "".join(traceback.format_stack(frame)) if frame else "unknown"
        why = "what still runs did not let go in time; the next start settles it"
        facts = {"why": why, "main_thread": where[-3000:]}
        saying = threading.Thread(target=logs.get_logger().critical, args=("service.stuck",), kwargs=facts, daemon=True)
        saying.start()
        saying.join(1.0)  # whoever holds us may hold the log too
        logs.flush()
        os._exit(FAULT)
