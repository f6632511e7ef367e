"""From an instant on, until another one, so many times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.localtime.budget import STEPS, SpentError, UncountedError, answered, budget_of, the_budget
from asched.core.triggers.binding import BOUNDED, WITHIN, bracketed
from asched.core.triggers.protocol import Trigger, as_utc, instant_text, later
from asched.core.triggers.wrapping import refuse_what_has_no_instants
from asched.errors import ScheduleError

MOST_TIMES = 10_000

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Bounded:
    """The instants of `trigger` from `start` on, until `end`, both included, and of those the first `times`.

    They are counted from `start`, or from when it is anchored: the first instant after that is number 1. What counts
    from when it is anchored and does not say where counts from `start`. Bounds of what is bounded already are one
    set of bounds: the later start, the earlier end, the fewer times.
    """

    trigger: Trigger
    start: datetime | None = None
    end: datetime | None = None
    times: int | None = None

    relative: ClassVar[bool] = False
    startup: ClassVar[None] = None
    binding: ClassVar[int] = BOUNDED

    def __post_init__(self) -> None:
        refuse_what_has_no_instants(self.trigger, self._word())
        self._set("start", None if self.start is None else as_utc(self.start))
        self._set("end", None if self.end is None else as_utc(self.end))
        if isinstance(self.trigger, Bounded):
            self._merge(self.trigger)
        if self.start is not None:
            self._set("trigger", self.trigger.anchored(self.start))
        if self.times is not None and not 0 < self.times <= MOST_TIMES:
            help = 'bound it by time, with "until"' if self.times > 0 else ""
            raise ScheduleError(f"{self.times} times is out of range 1-{MOST_TIMES}", help=help)

    @property
    def steady(self) -> bool:
        return self.trigger.steady

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError while it counts its times from nowhere."""
        return self._within(instant) if self.times is None else answered(self._within, instant, self.text)

    def _within(self, instant: datetime) -> datetime | None:
        last = self._last()
        if self.start is not None and instant < self.start:
            instant = self.start - _TICK
        at = self.trigger.next_after(instant)
        return at if at is not None and (last is None or at <= last) else None

    def _last(self) -> datetime | None:
        if self.times is None:
            return self.end
        if self.start is None:
            raise ScheduleError("times are counted from an anchor: it needs one first", text=self.text())
        last, steps = _last_counted(self)
        the_budget().pay_once(self, steps)  # also when it was counted before
        return last if self.end is None or (last is not None and last < self.end) else self.end

    def spec(self) -> dict[str, object]:
        start, end = (None if at is None else at.isoformat() for at in (self.start, self.end))
        return {"kind": "bounded", "trigger": self.trigger.spec(), "start": start, "end": end, "times": self.times}

    def text(self) -> str:
        said = [bracketed(self.trigger, WITHIN)]
        said += [f"from {instant_text(self.start)}"] if self.start else []
        said += [f"until {instant_text(self.end)}"] if self.end else []
        said += [f"{self.times} time{'s' if self.times > 1 else ''}"] if self.times else []
        return " ".join(said)

    def anchored(self, at: datetime) -> Bounded:
        """An instant at `at` itself is not due any more, and does not count."""
        start = later(at, _TICK) if self.times is not None and self.start is None else self.start
        return replace(self, trigger=self.trigger.anchored(at), start=start)

    def _word(self) -> str:
        bounds = {"from": self.start, "until": self.end, "times": self.times}
        return next((word for word, bound in bounds.items() if bound is not None), "times")

    def _merge(self, inner: Bounded) -> None:
        self._set("trigger", inner.trigger)
        self._set("start", max((at for at in (self.start, inner.start) if at is not None), default=None))
        self._set("end", min((at for at in (self.end, inner.end) if at is not None), default=None))
        self._set("times", min((n for n in (self.times, inner.times) if n is not None), default=None))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


@lru_cache(maxsize=1024)
def _last_counted(bounded: Bounded) -> tuple[datetime | None, int]:
    """The last of the instants that it counts, None when there are fewer; and how many steps that took.

    Raises UncountedError when the budget is not enough.
    """
    assert bounded.start is not None
    assert bounded.times is not None
    at: datetime | None = bounded.start - _TICK
    try:
        with budget_of(the_budget().left, recalls=False) as budget:
            for _ in range(bounded.times):
                if at is None:
                    break
                budget.spend(1)
                at = bounded.trigger.next_after(at)
    except SpentError:
        help = 'fewer times, or bound it by time, with "until"'
        message = f"to count {bounded.times} times takes too long: more than {STEPS} steps, with all that is beside it"
        raise UncountedError(message, text=bounded.text(), help=help) from None
    return at, budget.spent
