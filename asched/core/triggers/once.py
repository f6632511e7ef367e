"""Once in each window of local time."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import Windows
from asched.core.triggers.both import AllOf
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import AnyOf, any_of
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class OncePerWindow:
    """Once in each of these windows, at its beginning, or as soon as asched is there before its end.

    Its instants are the beginnings, as those of a fixed-time cron job: one that clocks skip is the first instant
    after the gap, of one that they show twice the first. Until when a late run is still wanted says `window_of`.
    """

    windows: Windows
    _beginnings: Trigger = field(init=False, repr=False, compare=False)

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False
    startup: ClassVar[None] = None

    def __post_init__(self) -> None:
        if self.windows.all_day:
            raise ScheduleError("a whole day is no window", help='as in "once a day between 02:00 and 05:00"')
        days = ",".join(map(str, self.windows.weekdays))
        crons = [
            Cron(f"{start % 60} {start // 60 % 60} {start // 3600} * * {days}", self.windows.tz, "first")
            for start, _ in self.windows.spans
        ]
        object.__setattr__(self, "_beginnings", any_of(crons))

    def next_after(self, instant: datetime) -> datetime | None:
        return self._beginnings.next_after(instant)

    def spec(self) -> dict[str, object]:
        return {"kind": "once_per_window", "windows": self.windows.spec()}

    def text(self) -> str:
        return f"once a day {self.windows.text()}"

    def anchored(self, at: datetime) -> OncePerWindow:
        return self


def window_of(trigger: object) -> timedelta | None:
    """How long each of its instants is due, when all of it is due in windows: by its shortest one. Else None."""
    match trigger:
        case OncePerWindow(windows):
            return windows.shortest
        case AnyOf(triggers):
            found = [window_of(member) for member in triggers]
            return min((one for one in found if one is not None), default=None) if None not in found else None
        case AllOf(triggers):
            return min((one for member in triggers if (one := window_of(member)) is not None), default=None)
        case _:  # what wraps one trigger calls it so
            inner = getattr(trigger, "trigger", None)
            return None if inner is None else window_of(inner)
