"""Whenever any of several is due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.localtime.budget import answered, spend
from asched.core.triggers.binding import UNION
from asched.core.triggers.protocol import Trigger, is_quick, parts_of
from asched.core.triggers.startup import Startup
from asched.errors import ScheduleError

_FEW = 100  # so many are asked without a budget


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Whenever any of them is due; instants that they share are one.

    Nested ones are flattened, and order and duplicates do not matter. Refuses what is relative: the end of
    a run that another trigger started would be nobody's.
    """

    triggers: tuple[Trigger, ...]
    _quick: bool = field(init=False, repr=False, compare=False)

    relative: ClassVar[bool] = False
    binding: ClassVar[int] = UNION

    def __post_init__(self) -> None:
        flat = {member for trigger in self.triggers for member in _members(trigger)}
        if not flat:
            raise ScheduleError("a list of schedules needs at least one")
        if relative := [member for member in flat if member.relative]:
            raise ScheduleError(
                f'"{relative[0].text()}" counts from the end of a run: it stands alone, in no list',
                help='write "every" for a fixed interval',
            )
        object.__setattr__(self, "triggers", tuple(sorted(flat, key=_order)))
        quick = all(is_quick(member) and not parts_of(member) for member in flat)
        object.__setattr__(self, "_quick", quick and len(flat) <= _FEW)

    @property
    def steady(self) -> bool:
        return all(member.steady for member in self.triggers if not isinstance(member, Startup))

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError when its members do."""
        return self._earliest(instant) if self._quick else answered(self._earliest, instant, self.text)

    def _earliest(self, instant: datetime) -> datetime | None:
        spend(len(self.triggers))
        found = (member.next_after(instant) for member in self.triggers)
        return min((at for at in found if at is not None), default=None)

    def spec(self) -> dict[str, object]:
        return {"kind": "any_of", "triggers": [member.spec() for member in self.triggers]}

    def text(self) -> str:
        return " | ".join(member.text() for member in self.triggers)

    def anchored(self, at: datetime) -> AnyOf:
        return AnyOf(tuple(member.anchored(at) for member in self.triggers))

    @property
    def startup(self) -> Startup | None:
        """Of two, the one that is due at every start."""
        found = [member for member in self.triggers if isinstance(member, Startup)]
        return min(found, key=lambda startup: startup.once_per_boot, default=None)


def any_of(triggers: Sequence[Trigger]) -> Trigger:
    """Their union; of one trigger, or several equal ones, that trigger itself. Refuses as AnyOf does."""
    if len(triggers) == 1:
        return triggers[0]
    union = AnyOf(tuple(triggers))
    return union.triggers[0] if len(union.triggers) == 1 else union


def _members(trigger: Trigger) -> tuple[Trigger, ...]:
    return trigger.triggers if isinstance(trigger, AnyOf) else (trigger,)


def _order(trigger: Trigger) -> str:
    return json.dumps(trigger.spec())
