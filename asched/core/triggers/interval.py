"""Intervals: counted from an anchor, or from the end of the previous run."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.text.durations import format_duration
from asched.core.triggers.protocol import as_utc, instant_text, later
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class Every:
    """anchor + k * period for k = 1, 2, 3, …: whole microseconds, so that nothing ever drifts."""

    period: timedelta
    anchor: datetime | None = None

    steady: ClassVar[bool] = True
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_period(self.period)
        if self.anchor is not None:
            object.__setattr__(self, "anchor", as_utc(self.anchor))

    @property
    def startup(self) -> None:
        return None

    def anchored(self, at: datetime) -> Every:
        return _anchored(self.period, at) if self.anchor is None else self

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError while it has no anchor."""
        if self.anchor is None:
            raise ScheduleError("an interval needs an anchor before it has instants", text=self.text())
        steps = max(1, (instant - self.anchor) // self.period + 1)
        return later(self.anchor, self.period, steps)

    def spec(self) -> dict[str, object]:
        anchor = None if self.anchor is None else self.anchor.isoformat()
        return {"kind": "every", "period": format_duration(self.period), "anchor": anchor}

    def text(self) -> str:
        since = "" if self.anchor is None else f" from {instant_text(self.anchor)}"
        return f"every {format_duration(self.period)}{since}"


@dataclass(frozen=True, slots=True)
class AfterFinish:
    """A period after the end of the previous run."""

    period: timedelta

    steady: ClassVar[bool] = True
    relative: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_period(self.period)

    def next_after(self, instant: datetime) -> datetime | None:
        """`instant` is the end of the previous run."""
        return later(as_utc(instant), self.period)

    def spec(self) -> dict[str, object]:
        return {"kind": "after_finish", "period": format_duration(self.period)}

    def text(self) -> str:
        return f"after {format_duration(self.period)}"

    def anchored(self, at: datetime) -> AfterFinish:
        return self

    @property
    def startup(self) -> None:
        return None


@lru_cache(maxsize=256)
def _anchored(period: timedelta, at: datetime) -> Every:
    """One value for all jobs that begin at the same instant."""
    return Every(period, at)


def _check_period(period: timedelta) -> None:
    if period <= timedelta(0):
        raise ScheduleError(f"a period of {format_duration(period)} is not longer than nothing")
