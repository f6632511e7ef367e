"""The timeline: one heap of deadlines, with lazy deletion and a written order for the same instant.

The order is total, and nothing of it depends on what happened before: docs/design.md has it as a table.
"""

from __future__ import annotations

import heapq
from datetime import datetime
from enum import IntEnum
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=tuple[object, ...])
First = tuple[datetime, int, int, Key]  # rank, priority (higher first), key: who goes first at the same instant


class Rank(IntEnum):
    """Who goes first at the same instant."""

    RESUME = 0
    RUN_TIMEOUT = 1
    COOLED = 2
    RETRY = 3
    WAIT = 4
    FIRE = 5
    MOVED = 6
    ADDED = 7


class Timeline(Generic[Key]):
    """Each key has at most one deadline; putting it again moves it. Keys can be compared: the smaller goes first."""

    def __init__(self) -> None:
        self._heap: list[First[Key]] = []
        self._live: dict[Key, First[Key]] = {}  # the only entry of each that is valid

    def __len__(self) -> int:
        return len(self._live)

    def put(self, key: Key, at: datetime, rank: Rank = Rank.FIRE, priority: int = 0) -> None:
        self._live[key] = entry = (at, rank, -priority, key)
        heapq.heappush(self._heap, entry)
        self._prune()

    def remove(self, key: Key) -> None:
        self._live.pop(key, None)
        self._prune()

    def next_at(self) -> datetime | None:
        """The earliest deadline, or None."""
        self._drop_stale_head()
        return self._heap[0][0] if self._heap else None

    def first(self, until: datetime) -> First[Key] | None:
        """The earliest deadline, if it has come by then, with what places it among those of the same instant."""
        self._drop_stale_head()
        heap = self._heap
        return heap[0] if heap and heap[0][0] <= until else None

    def come(self, until: datetime, enough: int) -> int:
        """How many deadlines have come by then, counted up to `enough`."""
        if not self._heap or self._heap[0][0] > until:
            return 0
        found, below = 0, [0]
        while below and found < enough:
            place = below.pop()
            if place < len(self._heap) and self._heap[place][0] <= until:
                entry = self._heap[place]
                found += self._live.get(entry[3]) is entry
                below += (2 * place + 1, 2 * place + 2)
        return found

    def pop(self) -> Key:
        """Take out the first. There is one."""
        self._drop_stale_head()
        key = heapq.heappop(self._heap)[3]
        del self._live[key]
        return key

    def _drop_stale_head(self) -> None:
        heap = self._heap
        while heap and self._live.get(heap[0][3]) is not heap[0]:
            heapq.heappop(heap)

    def _prune(self) -> None:
        """Rebuild when stale entries outnumber live ones, so that moving a deadline stays O(log n) and memory flat."""
        if len(self._heap) > 2 * len(self._live) + 64:
            self._heap = [entry for entry in self._heap if self._live.get(entry[3]) is entry]
            heapq.heapify(self._heap)
