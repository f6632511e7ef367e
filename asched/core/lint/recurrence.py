"""What is odd about a recurrence rule: right, and probably not what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from asched.core.lint.cron import Oddity
from asched.core.triggers.rrule import RRule


def odd_rrule(rrule: RRule) -> Iterator[Oddity]:
    """`rrule` has its start. Raises what it raises when it is asked."""
    until = rrule.rule.until
    if until is None or until.tzinfo is not None or until.time() != time():
        return
    lost = _after_midnight(rrule, until)
    if lost is not None:
        yield Oddity(
            f"UNTIL={until:%Y%m%d} is the midnight with which that day begins: its fire at {lost:%H:%M} is left out",
            f"UNTIL={until:%Y%m%d}T235959 has that day, too",
        )


def _after_midnight(rrule: RRule, day: datetime) -> datetime | None:
    """When, on that day, it would be due next if it went on."""
    zone = ZoneInfo(rrule.tz)
    endless = replace(rrule, rule=replace(rrule.rule, until=None))
    found = endless.next_after(day.replace(tzinfo=zone))
    there = None if found is None else found.astimezone(zone)
    return there if there is not None and there.date() == day.date() else None
