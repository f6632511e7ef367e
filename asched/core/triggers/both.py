"""The instants that several have in common."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta
from math import gcd
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.localtime.budget import spend
from asched.core.localtime.zones import EPOCH
from asched.core.triggers.binding import BOTH, MINUS, bracketed
from asched.core.triggers.interval import Every
from asched.core.triggers.protocol import Trigger, later
from asched.core.triggers.search import Search
from asched.core.triggers.wrapping import refuse_what_floats, refuse_what_has_no_instants
from asched.errors import ScheduleError

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class AllOf:
    """The instants that all of them share, to the microsecond.

    Each leaps to where the one that is furthest has its next instant, until all agree; intervals agree by arithmetic.
    Nested ones are flattened, and order and duplicates do not matter. Refuses what counts from when it is first
    scheduled: it would share instants with others by accident only.
    """

    triggers: tuple[Trigger, ...]
    _beat: _Beat | None = field(init=False, repr=False, compare=False)
    _others: tuple[Trigger, ...] = field(init=False, repr=False, compare=False)
    _search: Search = field(default_factory=Search, init=False, repr=False, compare=False)

    relative: ClassVar[bool] = False
    startup: ClassVar[None] = None
    binding: ClassVar[int] = BOTH

    def __post_init__(self) -> None:
        flat = {member for trigger in self.triggers for member in _members(trigger)}
        if not flat:
            raise ScheduleError("what several schedules share needs at least one")
        for member in flat:
            refuse_what_has_no_instants(member, "&")
            refuse_what_floats(member, "&")
        intervals = [member for member in flat if isinstance(member, Every)]
        object.__setattr__(self, "triggers", tuple(sorted(flat, key=lambda one: json.dumps(one.spec()))))
        object.__setattr__(self, "_beat", _joined(intervals) if intervals else None)
        object.__setattr__(self, "_others", tuple(one for one in self.triggers if not isinstance(one, Every)))

    @property
    def steady(self) -> bool:
        return all(member.steady for member in self.triggers)

    def next_after(self, instant: datetime) -> datetime | None:
        first = self._others[0] if self._beat is None else self._beat
        return self._search.first(first.next_after, instant, self._furthest, self)

    def _furthest(self, at: datetime) -> datetime | None:
        """Where the last of them has its first instant that is not before `at`."""
        spend(len(self._others))
        furthest = at
        for other in self._others:
            found = other.next_after(furthest - _TICK)
            if found is None:
                return None
            furthest = found
        return furthest

    def spec(self) -> dict[str, object]:
        return {"kind": "all_of", "triggers": [member.spec() for member in self.triggers]}

    def text(self) -> str:
        return " & ".join(bracketed(member, MINUS) for member in self.triggers)

    def anchored(self, at: datetime) -> AllOf:
        return self


def all_of(triggers: Sequence[Trigger]) -> Trigger:
    """What they share; of one trigger, or several equal ones, that trigger itself. Refuses as AllOf does."""
    if len(triggers) == 1:
        return triggers[0]
    shared = AllOf(tuple(triggers))
    return shared.triggers[0] if len(shared.triggers) == 1 else shared


def _members(trigger: Trigger) -> tuple[Trigger, ...]:
    return trigger.triggers if isinstance(trigger, AllOf) else (trigger,)


@dataclass(frozen=True, slots=True)
class _Beat:
    """What intervals share, in microseconds since 1970: `remainder` modulo `period`, later than `after`."""

    remainder: int
    period: int
    after: int

    def next_after(self, instant: datetime) -> datetime | None:
        since = max((instant - EPOCH) // _TICK, self.after)
        return later(EPOCH, _TICK, since + self.period - (since - self.remainder) % self.period)


def _joined(intervals: Sequence[Every]) -> _Beat:
    """By the Chinese remainder theorem. Raises ScheduleError for intervals that never meet."""
    remainder, period, after = 0, 1, -(1 << 62)
    for interval in intervals:
        assert interval.anchor is not None
        anchor, length = (interval.anchor - EPOCH) // _TICK, interval.period // _TICK
        common = gcd(period, length)
        if (anchor - remainder) % common:
            texts = " and ".join(f'"{one.text()}"' for one in intervals)
            raise ScheduleError(f"this can never fire: {texts} never meet")
        steps = (anchor - remainder) // common * pow(period // common, -1, length // common)
        remainder += period * (steps % (length // common))
        period *= length // common
        after = max(after, anchor)
    return _Beat(remainder, period, after)
