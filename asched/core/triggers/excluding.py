"""A schedule without the days of calendars, or with what falls on them moved to another day."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import datetime
from typing import ClassVar, Literal, get_args

from asched.core.dataclass import dataclass
from asched.core.localtime.budget import answered
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.coverage import Coverage, coverage
from asched.core.triggers.binding import BOUNDED, MINUS, bracketed
from asched.core.triggers.moving import Moving
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import Search
from asched.core.triggers.startup import Startup
from asched.core.triggers.wrapping import refuse_what_has_nothing_beside_starts
from asched.errors import ScheduleError

Shift = Literal["none", "previous", "next"]


@dataclass(frozen=True, slots=True)
class Excluding:
    """The instants of `trigger` that none of the calendars covers in `tz`.

    With a `shift` those on a covered day are moved to the same local time of the nearest day before or after it
    that is not covered, and are one with what is due there; in a gap or a fold that time is what a fixed-time cron
    job makes of it. Starts of the scheduler are no instants: no calendar keeps them away.

    Raises ScheduleError for what is counted from the end of a run, and for calendars that leave no day at all.
    """

    trigger: Trigger
    calendars: tuple[Calendar, ...]
    tz: str = "UTC"
    shift: Shift = "none"
    _coverage: Coverage = field(init=False, repr=False, compare=False)
    _search: Search = field(default_factory=Search, init=False, repr=False, compare=False)

    steady: ClassVar[bool] = False  # days stand on the wall
    relative: ClassVar[bool] = False
    binding: ClassVar[int] = MINUS

    def __post_init__(self) -> None:
        refuse_what_has_nothing_beside_starts(self.trigger, "except")
        if self.shift not in get_args(Shift):
            raise ScheduleError(f'shift "{self.shift}" is not one of {", ".join(get_args(Shift))}')
        object.__setattr__(self, "calendars", tuple(sorted(set(self.calendars), key=lambda each: each.name)))
        if not self.calendars:
            raise ScheduleError("an exclusion needs a calendar")
        object.__setattr__(self, "_coverage", coverage(self.calendars, self.tz))
        if self._coverage.every_day:
            raise ScheduleError(f"this can never fire: {self._names()} leaves no day")
        if self.shift != "none" and any(calendar.spans for calendar in self.calendars):
            raise ScheduleError(
                f"{self._names()} holds spans of time: a shift goes from whole days to whole days",
                help="leave the shift out, or the spans",
            )

    def next_after(self, instant: datetime) -> datetime | None:
        """Goes from one covered day straight to the next that is not. Raises ScheduleError after many of them."""
        if self.shift != "none":
            moving = Moving(self.trigger, self._coverage, forward=self.shift == "next")
            return answered(moving.next_after, instant, self.text)
        return self._search.first(self.trigger.next_after, instant, self._coverage.leaves, self)

    def covered(self, instant: datetime) -> tuple[str, str] | None:
        """(calendar, label) of what covers that instant."""
        return self._coverage.at(instant)

    def spec(self) -> dict[str, object]:
        return {
            "kind": "excluding",
            "trigger": self.trigger.spec(),
            "calendars": [calendar.spec() for calendar in self.calendars],
            "tz": self.tz,
            "shift": self.shift,
        }

    def text(self) -> str:
        """For people: the grammar knows no calendars."""
        moved = "" if self.shift == "none" else f", moved to the {self.shift} free day"
        return f"{bracketed(self.trigger, BOUNDED)} except {self._names()}{moved}"

    def anchored(self, at: datetime) -> Excluding:
        return replace(self, trigger=self.trigger.anchored(at))

    @property
    def startup(self) -> Startup | None:
        return self.trigger.startup

    @property
    def quick(self) -> bool:
        return self.shift == "none" and not any(calendar.spans for calendar in self.calendars)

    def _names(self) -> str:
        return ", ".join(calendar.name for calendar in self.calendars)

    def __reduce__(self) -> tuple[type[Excluding], tuple[Trigger, tuple[Calendar, ...], str, Shift]]:
        return Excluding, (self.trigger, self.calendars, self.tz, self.shift)
