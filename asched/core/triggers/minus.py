"""The instants of one that are not instants of another."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.triggers.binding import BOUNDED, MINUS, bracketed
from asched.core.triggers.covering import Leap, leap_over
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import Search
from asched.core.triggers.union import any_of
from asched.core.triggers.wrapping import refuse_what_floats, refuse_what_has_no_instants

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Minus:
    """The instants of `trigger` that are not, to the microsecond, instants of `other`.

    What is taken out of one that has something taken out already is taken out together.

    Refuses what counts from when it is first scheduled: it would share instants with others by accident only.
    """

    trigger: Trigger
    other: Trigger
    _leap: Leap | None = field(init=False, repr=False, compare=False)
    _search: Search = field(default_factory=Search, init=False, repr=False, compare=False)

    relative: ClassVar[bool] = False
    startup: ClassVar[None] = None
    binding: ClassVar[int] = MINUS

    def __post_init__(self) -> None:
        for member in (self.trigger, self.other):
            refuse_what_has_no_instants(member, "except")
            refuse_what_floats(member, "except")
        if isinstance(self.trigger, Minus):
            object.__setattr__(self, "other", any_of((self.trigger.other, self.other)))
            object.__setattr__(self, "trigger", self.trigger.trigger)
        object.__setattr__(self, "_leap", leap_over(self.trigger, self.other))

    def __reduce__(self) -> tuple[type[Minus], tuple[Trigger, Trigger]]:
        return Minus, (self.trigger, self.other)

    @property
    def steady(self) -> bool:
        return self.trigger.steady and self.other.steady

    def next_after(self, instant: datetime) -> datetime | None:
        return self._search.first(self.trigger.next_after, instant, self._past, self)

    def _past(self, at: datetime) -> datetime | None:
        if self.other.next_after(at - _TICK) != at:
            return at
        past = at if self._leap is None else self._leap(at)
        return None if past is None else max(past, at + _TICK)

    def spec(self) -> dict[str, object]:
        return {"kind": "minus", "trigger": self.trigger.spec(), "other": self.other.spec()}

    def text(self) -> str:
        return f"{bracketed(self.trigger, MINUS)} except {bracketed(self.other, BOUNDED)}"

    def anchored(self, at: datetime) -> Minus:
        return self
