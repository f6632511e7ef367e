"""What the triggers are held against: enumerations that are slow, obvious, and share no line with asched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

# Zones and instants around which their clocks change: an hour, half an hour, two hours, at midnight, by a whole day,
# and one where nothing happens.
NIGHTS = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Antarctica/Troll", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(1994, 12, 31, 10, tzinfo=UTC)),
    ("UTC", datetime(2026, 5, 5, 12, tzinfo=UTC)),
]
nights = st.sampled_from(NIGHTS)


@lru_cache(maxsize=64)
def shown(zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """(UTC instant, what clocks show then) of every minute in [start, end)."""
    there, at, found = ZoneInfo(zone), start, []
    while at < end:
        found.append((at, at.astimezone(there).replace(tzinfo=None)))
        at += MINUTE
    return found


def multiples(anchor: datetime, period: timedelta, after: datetime, until: datetime) -> list[datetime]:
    """anchor + k · period for k = 1, 2, … in (after, until]."""
    at, found = anchor + period, []
    while at <= until:
        if at > after:
            found.append(at)
        at += period
    return found


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
