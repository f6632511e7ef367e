"""What a sentence about an instant needs besides the facts: the zone that it is said in, and when it is asked."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.hindsight.verdict import ClockChange
from asched.core.localtime.zones import zone
from asched.core.text.instants import shown


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant in question, the zone to say it in, and when it is asked."""

    at: datetime
    zone: str
    now: datetime
    clocks: ClockChange | None = None

    @property
    def clock(self) -> ZoneInfo:
        return zone(self.zone)

    def when(self, instant: datetime) -> str:
        return shown(instant, self.clock)

    @property
    def was(self) -> str:
        return "is" if self.at > self.now else "was"
