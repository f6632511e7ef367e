"""A brute-force oracle for cron in a time zone: slow, obvious, and without a line shared with asched.

It looks at every minute of real time around an instant, asks the zone what clocks show then, and applies the
rules of the time contract one by one. Expressions have five fields of `*`, numbers, ranges and steps.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def numbers(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for item in field.split(","):
        body, _, step = item.partition("/")
        if body == "*":
            first, last = low, high
        elif "-" in body:
            first, last = (int(end) for end in body.split("-"))
        else:
            first = int(body)
            last = high if step else first
        found |= {n for n in range(first, last + 1) if (n - first) % int(step or 1) == 0}
    return found


@lru_cache(maxsize=64)
def minutes_around(zone: str, change: datetime, margin: timedelta) -> list[tuple[datetime, datetime]]:
    """(UTC instant, what clocks in the zone show then) for each minute."""
    there, at, found = ZoneInfo(zone), change - margin, []
    while at <= change + margin:
        found.append((at, at.astimezone(there).replace(tzinfo=None)))
        at += MINUTE
    return found


def fires(
    expression: str, zone: str, change: datetime, margin: timedelta, dst: str = "auto", day_rule: str = "crontab"
) -> list[datetime]:
    """All fires within `margin` of `change`, the only offset change in that time."""
    fields = expression.split()
    sets = [numbers(field, *bounds) for field, bounds in zip(fields, BOUNDS, strict=True)]

    def matches(wall: datetime) -> bool:
        if wall.minute not in sets[0] or wall.hour not in sets[1] or wall.month not in sets[3]:
            return False
        by_day, by_weekday = wall.day in sets[2], wall.isoweekday() % 7 in sets[4]
        if "*" in fields[2] or "*" in fields[4] or day_rule == "and":
            return by_day and by_weekday
        return by_day or by_weekday

    interval_like = fields[0].startswith("*") or fields[1].startswith("*")
    if dst == "auto":
        into_gap, passes = (False, "both") if interval_like else (True, "first")
    else:
        into_gap, passes = dst != "skip", {"skip": "first"}.get(dst, dst)

    shown: dict[datetime, list[datetime]] = {}
    for at, wall in minutes_around(zone, change, margin):
        shown.setdefault(wall, []).append(at)
    found: set[datetime] = set()
    for wall, instants in shown.items():
        if matches(wall):
            found.update({"first": instants[:1], "last": instants[-1:], "both": instants}[passes])
    wall, end = min(shown), max(shown)
    while wall < end:
        if wall not in shown and into_gap and matches(wall):
            found.add(change)
        wall += MINUTE
    return sorted(found)


def changes(zone: str, first_year: int, last_year: int) -> list[datetime]:
    """Every offset change of those years, to the minute."""
    there = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(there).utcoffset()

    at, found = datetime(first_year, 1, 1, tzinfo=UTC), []
    while at.year <= last_year:
        later = at + timedelta(hours=6)
        if offset(at) != offset(later):
            found.append(next(m for n in range(1, 361) if offset(m := at + n * MINUTE) != offset(at)))
        at = later
    return found
