"""How long a fire may wait for what it needs and for its conditions: "90m", or "until 10:00"."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.localtime.timeofday import format_time, parse_time
from asched.core.text.durations import as_duration, format_duration


@dataclass(frozen=True, slots=True)
class Wait:
    """`limit`: so long from its decision. `until`: to that time of day (seconds since midnight), the next one after its
    instant, in its job's zone. One of them."""

    limit: timedelta | None = None
    until: int | None = None

    @property
    def text(self) -> str:
        if self.limit is not None:
            return format_duration(self.limit)
        assert self.until is not None
        return f"until {format_time(self.until)}"

    def end(self, scheduled_at: datetime, decided_at: datetime, timezone: str) -> datetime:
        """When the wait is over (wall)."""
        if self.limit is not None:
            return decided_at + self.limit
        assert self.until is not None
        at = time(self.until // 3600, self.until // 60 % 60, self.until % 60, tzinfo=ZoneInfo(timezone))
        day = scheduled_at.astimezone(ZoneInfo(timezone)).date()
        end = datetime.combine(day, at).astimezone(UTC)
        return end if end > scheduled_at else datetime.combine(day + timedelta(days=1), at).astimezone(UTC)


def parse_wait(value: str | int | float | timedelta) -> Wait:
    """Raises ScheduleError."""
    if isinstance(value, str) and value.strip().lower().startswith("until "):
        return Wait(until=parse_time(value.strip()[len("until ") :].strip()))
    return Wait(limit=as_duration(value))
