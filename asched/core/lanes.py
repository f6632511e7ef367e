"""The lanes of a job: what shares its limit. All of it is one lane, unless it has a `key`: then each value is one.

`Waiting` holds the fires that wait, by lane, in the order in which they came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from asched.core.model import Fire, Job


def lane_of(job: Job, fire: Fire) -> str:
    """ "" where the job has no `key`; else the values of those arguments, as JSON."""
    if not job.policies.key:
        return ""
    args = {**job.args, **fire.args}
    return json.dumps([args.get(name) for name in job.policies.key], sort_keys=True, default=str)


class Waiting:
    """The fires of one job that wait."""

    __slots__ = ("_lane_of", "_lanes")

    def __init__(self) -> None:
        self._lanes: dict[str, dict[int, Fire]] = {}
        self._lane_of: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._lane_of)

    def __iter__(self) -> Iterator[Fire]:
        """Lane by lane."""
        for lane in list(self._lanes.values()):
            yield from list(lane.values())

    def __contains__(self, fire: int) -> bool:
        return fire in self._lane_of

    @property
    def lanes(self) -> list[str]:
        return list(self._lanes)

    def put(self, lane: str, fire: Fire) -> None:
        self._lanes.setdefault(lane, {})[fire.id] = fire
        self._lane_of[fire.id] = lane

    def in_lane(self, lane: str) -> list[Fire]:
        return list(self._lanes.get(lane, {}).values())

    def count(self, lane: str) -> int:
        return len(self._lanes.get(lane, ()))

    def first(self, lane: str) -> Fire | None:
        return next(iter(self._lanes.get(lane, {}).values()), None)

    def take(self, fire: int) -> Fire | None:
        """Take this one out, if it waits."""
        lane = self._lane_of.pop(fire, None)
        if lane is None:
            return None
        found = self._lanes[lane].pop(fire)
        if not self._lanes[lane]:
            del self._lanes[lane]
        return found
