"""A schedule on the days of calendars only."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import datetime
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.coverage import Coverage, coverage
from asched.core.triggers.binding import BOTH, MINUS, bracketed
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import Search
from asched.core.triggers.startup import Startup
from asched.core.triggers.wrapping import refuse_what_has_nothing_beside_starts
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class OnlyOn:
    """The instants of `trigger` that one of the calendars covers in `tz`.

    Starts of the scheduler are no instants: they stay. Raises ScheduleError for what is counted from the end of
    a run, and for calendars without a day.
    """

    trigger: Trigger
    calendars: tuple[Calendar, ...]
    tz: str = "UTC"
    _coverage: Coverage = field(init=False, repr=False, compare=False)
    _search: Search = field(default_factory=Search, init=False, repr=False, compare=False)

    steady: ClassVar[bool] = False  # days stand on the wall
    relative: ClassVar[bool] = False
    binding: ClassVar[int] = BOTH

    def __post_init__(self) -> None:
        refuse_what_has_nothing_beside_starts(self.trigger, "&")
        object.__setattr__(self, "calendars", tuple(sorted(set(self.calendars), key=lambda each: each.name)))
        object.__setattr__(self, "_coverage", coverage(self.calendars, self.tz))
        if self._coverage.empty:
            raise ScheduleError(f"this can never fire: {self._names() or 'no calendar'} has no day")

    def next_after(self, instant: datetime) -> datetime | None:
        """Goes from one covered day straight to the next. Raises ScheduleError after many of them."""
        return self._search.first(self.trigger.next_after, instant, self._coverage.enters, self)

    def covered(self, instant: datetime) -> tuple[str, str] | None:
        """(calendars, label) of an instant that is left out because none of them covers it."""
        return None if self._coverage.at(instant) else (self._names(), "not one of its days")

    def spec(self) -> dict[str, object]:
        calendars = [calendar.spec() for calendar in self.calendars]
        return {"kind": "only_on", "trigger": self.trigger.spec(), "calendars": calendars, "tz": self.tz}

    def text(self) -> str:
        """For people: the grammar knows no calendars."""
        return f"{bracketed(self.trigger, MINUS)} & {self._names()}"

    def anchored(self, at: datetime) -> OnlyOn:
        return replace(self, trigger=self.trigger.anchored(at))

    @property
    def startup(self) -> Startup | None:
        return self.trigger.startup

    @property
    def quick(self) -> bool:
        return not any(calendar.spans for calendar in self.calendars)

    def _names(self) -> str:
        return ", ".join(calendar.name for calendar in self.calendars)

    def __reduce__(self) -> tuple[type[OnlyOn], tuple[Trigger, tuple[Calendar, ...], str]]:
        return OnlyOn, (self.trigger, self.calendars, self.tz)
