"""The live log: how much of what a job prints and logs stands in the service's log. The ledger keeps head and tail."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import MutableMapping
from typing import Any

LINES_PER_ATTEMPT = 200  # that are logged, printed ones and those of run.log together
_REMEMBERED = 10_000  # runs: of those that were given up and talk on, nobody says that they are over


class LiveLog:
    """Counts, from any thread, the lines of each run's current attempt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: OrderedDict[str, int] = OrderedDict()

    def admit(self, run: str, line: MutableMapping[str, Any]) -> bool:
        """One line more of that run: is it to be logged? The last one that is says so."""
        with self._lock:
            count = self._lines[run] = self._lines.get(run, 0) + 1
            if len(self._lines) > _REMEMBERED:
                self._lines.popitem(last=False)
        if count == LINES_PER_ATTEMPT:
            line["more"] = f"… more is in `asched logs {run}`"
        return count <= LINES_PER_ATTEMPT

    def end(self, run: str) -> int:
        """The attempt is over. Returns how many lines of it were not logged."""
        with self._lock:
            return max(0, self._lines.pop(run, 0) - LINES_PER_ATTEMPT)
