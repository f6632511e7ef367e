"""The lanes of a job: what shares its limit. All of it is one lane, unless it has a `key`: then each value is one.

`Waiting` holds the fires that wait, by lane, in the order in which they came; and apart from them those that are held
at the gate (gate.py), which stand in no lane yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import NoReturn

from asched.core.dataclass import dataclass
from asched.core.model import Fire, Job
from asched.core.nothing import NOTHING


def lane_of(job: Job, fire: Fire) -> str:
    """ "" where the job has no `key`; else the values of those arguments, as JSON."""
    if not job.policies.key:
        return ""
    args = {**job.args, **fire.args}
    return json.dumps([args.get(name) for name in job.policies.key], sort_keys=True, default=str)


@dataclass(slots=True)
class Gated:
    """A fire that waits at the gate, at the latest `until` (wall; None: it does not wait, it is only being asked).
    `facts`: what did not hold when it was looked at last."""

    fire: Fire
    owed: bool = False
    until: datetime | None = None
    asking: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)

    def waits(self, now: datetime) -> bool:
        """May it wait on?"""
        return self.until is not None and now < self.until


class Waiting:
    """The fires of one job that wait."""

    __slots__ = ("_lanes", "gated", "standing")

    def __init__(self, gated: dict[int, Gated] | None = None) -> None:
        self.gated: dict[int, Gated] = gated or NOTHING
        self._lanes: dict[str, dict[int, Fire]] = NOTHING
        self.standing: dict[int, str] = NOTHING  # the fires in lanes, and in which

    def __len__(self) -> int:
        return len(self.standing) + len(self.gated)

    def __iter__(self) -> Iterator[Fire]:
        """Lane by lane, then those at the gate."""
        yield from self.in_lanes
        yield from [held.fire for held in self.gated.values()]

    def __contains__(self, fire: int) -> bool:
        return fire in self.standing or fire in self.gated

    @property
    def in_lanes(self) -> list[Fire]:
        return [fire for lane in self._lanes.values() for fire in lane.values()]

    @property
    def lanes(self) -> list[str]:
        return list(self._lanes)

    def put(self, lane: str, fire: Fire) -> None:
        if not self.standing:
            self._lanes, self.standing = {}, {}
        self._lanes.setdefault(lane, {})[fire.id] = fire
        self.standing[fire.id] = lane

    def hold(self, held: Gated) -> None:
        """At the gate."""
        self.gated = self.gated or {}
        self.gated[held.fire.id] = held

    def in_lane(self, lane: str) -> list[Fire]:
        return list(self._lanes.get(lane, {}).values())

    def count(self, lane: str) -> int:
        return len(self._lanes.get(lane, ()))

    def first(self, lane: str) -> Fire | None:
        """Who goes next: a backfill has time."""
        if lane not in self._lanes:
            return None
        fires = self._lanes[lane].values()
        return next((fire for fire in fires if not fire.backfill), next(iter(fires)))

    def lane_with(self, fire: int) -> str | None:
        """In which it waits; None: in none."""
        return self.standing.get(fire)

    def take(self, fire: int) -> Fire | None:
        """Take this one out, if it waits."""
        if fire in self.gated:
            return self.gated.pop(fire).fire
        lane = self.standing.pop(fire, None)
        if lane is None:
            return None
        found = self._lanes[lane].pop(fire)
        if not self._lanes[lane]:
            del self._lanes[lane]
        return found


class _NobodyWaits(Waiting):
    """What all jobs share of which nothing waits: whoever puts a fire in makes one of its own."""

    __slots__ = ()

    def put(self, lane: str, fire: Fire) -> NoReturn:
        raise TypeError("this empty queue is shared: make one of your own")

    def hold(self, held: Gated) -> NoReturn:
        raise TypeError("this empty queue is shared: make one of your own")


NOBODY_WAITS = _NobodyWaits()
