"""What runs of several jobs share: places in pools, groups that never run together, the limit of the whole service.

A run takes all that it needs at once, or nothing: so nobody who holds one waits for another. Who waits is parked at
one permit that it lacks, and is looked at again when a place in it is free. Nobody is parked where there is room.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

Permit = tuple[str, str]  # ("pool", "db"), ("exclusive", "disk"), ("service", "")
LaneKey = tuple[str, str]  # (job, lane of it)
Order = tuple[
    int, int, float, str, int
]  # who goes first: 1 if caught up, 2 for a backfill; priority (negated), when, job, fire

SERVICE: Permit = ("service", "")


class Permits:
    """Who holds which, and who is parked at which. A group has one place; a pool that nobody defines has no limit."""

    def __init__(self, capacities: Mapping[Permit, int] | None = None) -> None:
        self.limit(capacities or {})
        self._shut: set[Permit] = set()
        self._holders: dict[Permit, dict[int, None]] = {}
        self._parked: dict[Permit, list[tuple[Order, int, LaneKey]]] = {}
        self._place: dict[LaneKey, int] = {}  # the sequence number of a lane's only valid entry
        self._sequence = count()

    def limit(self, capacities: Mapping[Permit, int]) -> None:
        """Other limits from now on."""
        self._capacities = capacities
        self.of_all: tuple[Permit, ...] = (SERVICE,) if SERVICE in capacities else ()  # what every run needs

    def shut(self, permit: Permit, *, closed: bool) -> None:
        """While it is closed there is no room in it, whoever holds it."""
        (self._shut.add if closed else self._shut.discard)(permit)

    def is_shut(self, permit: Permit) -> bool:
        return permit in self._shut

    def has_room(self, permit: Permit) -> bool:
        if permit in self._shut:
            return False
        capacity = 1 if permit[0] == "exclusive" else self._capacities.get(permit)
        return capacity is None or len(self._holders.get(permit, ())) < capacity

    def lacking(self, wanted: Iterable[Permit]) -> Permit | None:
        """The first that has no room."""
        for permit in wanted:
            if not self.has_room(permit):
                return permit
        return None

    def holders(self, permit: Permit) -> Sequence[int]:
        """The fires whose runs hold it."""
        return list(self._holders.get(permit, ()))

    def take(self, fire: int, wanted: Iterable[Permit]) -> None:
        for permit in wanted:
            self._holders.setdefault(permit, {})[fire] = None

    def give_back(self, fire: int, held: Iterable[Permit]) -> None:
        for permit in held:
            holders = self._holders[permit]
            holders.pop(fire, None)
            if not holders:
                del self._holders[permit]

    def park(self, permit: Permit, lane: LaneKey, order: Order) -> None:
        """The lane's first fire waits here, and nowhere else."""
        number = next(self._sequence)
        self._place[lane] = number
        heapq.heappush(self._parked.setdefault(permit, []), (order, number, lane))

    def next(self, permits: Iterable[Permit]) -> tuple[LaneKey, Permit] | None:
        """Take out who goes first of all that are parked at these where there is room."""
        heads = [(first, permit) for permit in permits if self.has_room(permit) and (first := self._first(permit))]
        if not heads:
            return None
        (_, _, lane), permit = min(heads)
        heapq.heappop(self._parked[permit])
        del self._place[lane]
        return lane, permit

    def _first(self, permit: Permit) -> tuple[Order, int, LaneKey] | None:
        parked = self._parked.get(permit, [])
        while parked and self._place.get(parked[0][2]) != parked[0][1]:
            heapq.heappop(parked)  # its lane was parked elsewhere since
        if parked:
            return parked[0]
        self._parked.pop(permit, None)
        return None
