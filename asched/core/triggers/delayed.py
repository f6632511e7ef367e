"""Once, so long after it is scheduled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.text.durations import format_duration
from asched.core.triggers.at import At
from asched.core.triggers.protocol import Trigger, later
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class In:
    """One instant, `delay` after it is anchored; from then on it is an At."""

    delay: timedelta

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False
    startup: ClassVar[None] = None

    def __post_init__(self) -> None:
        if self.delay <= timedelta(0):
            raise ScheduleError(f"a delay of {format_duration(self.delay)} is not longer than nothing")

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError: not anchored, it has no instant."""
        raise ScheduleError("a delay needs an anchor before it has an instant", text=self.text())

    def spec(self) -> dict[str, object]:
        return {"kind": "in", "delay": format_duration(self.delay)}

    def text(self) -> str:
        return f"in {format_duration(self.delay)}"

    def anchored(self, at: datetime) -> Trigger:
        return At(later(at, self.delay) or datetime.max.replace(tzinfo=at.tzinfo))
