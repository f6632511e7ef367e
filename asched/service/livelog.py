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
        """One line more of that run: is it to be logged? The first that is not becomes the word that there is more."""
        with self._lock:
            count = self._lines[run] = self._lines.get(run, 0) + 1
            if len(self._lines) > _REMEMBERED:
                self._lines.popitem(last=False)
        if count == LINES_PER_ATTEMPT + 1:
            _replace(line, run)
        return count <= LINES_PER_ATTEMPT + 1

    def end(self, run: str) -> int:
        """The attempt is over. Returns how many lines of it were not logged."""
        with self._lock:
            return max(0, self._lines.pop(run, 0) - LINES_PER_ATTEMPT)


def _replace(line: MutableMapping[str, Any], run: str) -> None:
    """Leave of it only whose it is."""
    for key in line.keys() - {"job", "run", "event"}:
        del line[key]
    if "event" in line:
        line["event"] = "output"
    line["more"] = f"… more is in `asched logs {run}`"
