"""Brute force for rules that stand on the calendar: day by day, with nothing but datetime and zoneinfo.

It shares no code with asched: a rule is a predicate over days and a list of times, and a wall time is looked for
among the instants of real time, minute by minute.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from asched.core.triggers.protocol import Trigger

MINUTE = timedelta(minutes=1)


def days(first: date, count: int) -> Iterator[date]:
    for ahead in range(count):
        yield first + timedelta(days=ahead)


def last_day(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def instants(wall: datetime, key: str, dst: str = "auto") -> list[datetime]:
    """When a fixed-time rule fires for that wall time (a whole minute), found by looking at a clock in the zone."""
    there = ZoneInfo(key)
    passes = sorted({wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1)})
    shown = [at for at in passes if at.astimezone(there).replace(tzinfo=None) == wall]
    if shown:
        return {"last": shown[-1:], "both": shown}.get(dst, shown[:1])
    if dst == "skip":
        return []
    at = min(passes)
    while at.astimezone(there).replace(tzinfo=None) < wall:
        at += MINUTE
    return [at]


def fires(matches: Callable[[date], bool], times: Iterable[time], first: date, count: int, key: str, dst: str = "auto"):
    """All instants on the matching ones among `count` days."""
    times = list(times)
    found: set[datetime] = set()
    for day in days(first, count):
        if matches(day):
            for at in times:
                found.update(instants(datetime.combine(day, at), key, dst))
    return sorted(found)


def walked(trigger: Trigger, after: datetime, until: datetime) -> list[datetime]:
    """Every instant in (after, until], by asking for the next one; fails when they do not increase."""
    found: list[datetime] = []
    at = trigger.next_after(after)
    while at is not None and at <= until:
        assert at > after
        assert at.tzinfo is UTC
        found.append(at)
        after, at = at, trigger.next_after(at)
    return found
