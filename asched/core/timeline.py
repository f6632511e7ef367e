"""The timeline: one heap of deadlines, with lazy deletion and a written order for the same instant."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from datetime import datetime
from enum import IntEnum
from itertools import count
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Rank(IntEnum):
    """Who goes first at the same instant."""

    RESUME = 0
    RETRY = 1
    FIRE = 2


class Timeline(Generic[Key]):
    """Each key has at most one deadline; putting it again moves it. Ties: rank, priority (higher first), age."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, int, int, Key]] = []
        self._live: dict[Key, int] = {}  # key -> sequence number of its only valid entry
        self._sequence = count()

    def __len__(self) -> int:
        return len(self._live)

    def put(self, key: Key, at: datetime, rank: Rank = Rank.FIRE, priority: int = 0) -> None:
        number = next(self._sequence)
        self._live[key] = number
        heapq.heappush(self._heap, (at, rank, -priority, number, key))
        self._prune()

    def remove(self, key: Key) -> None:
        self._live.pop(key, None)
        self._prune()

    def next_at(self) -> datetime | None:
        """The earliest deadline, or None."""
        self._drop_stale_head()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime, limit: int) -> list[Key]:
        """Take out at most `limit` keys whose deadline is at or before `now`, in order."""
        due: list[Key] = []
        while len(due) < limit:
            self._drop_stale_head()
            if not self._heap or self._heap[0][0] > now:
                break
            key = heapq.heappop(self._heap)[4]
            del self._live[key]
            due.append(key)
        return due

    def _drop_stale_head(self) -> None:
        heap = self._heap
        while heap and self._live.get(heap[0][4]) != heap[0][3]:
            heapq.heappop(heap)

    def _prune(self) -> None:
        """Rebuild when stale entries outnumber live ones, so that moving a deadline stays O(log n) and memory flat."""
        if len(self._heap) > 2 * len(self._live) + 64:
            self._heap = [entry for entry in self._heap if self._live.get(entry[4]) == entry[3]]
            heapq.heapify(self._heap)
