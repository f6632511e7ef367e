"""What was arranged for a single fire, as people and programs read it."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from asched.cli import show
from asched.core.occurrence import Added, Moved, Occurrence, Skipped
from asched.service.arranging import occurrence_json


def say_arranged(one: Occurrence, zone: ZoneInfo, *, beside: bool) -> str:
    """Seen from the instant of the schedule, or (`beside`) from where it was moved to: "skipped by ana: holiday"."""
    match one:
        case Skipped():
            said = "skipped"
        case Moved(scheduled_at=at, to=to) if beside:
            said = f"moved from {_near(at, to, zone)}"
        case Moved(scheduled_at=at, to=to):
            said = f"{'brought forward' if to < at else 'moved'} to {_near(to, at, zone)}"
        case Added():
            said = "added"
        case _:
            assert_never(one)
    return f"{said} by {one.by}" + (f": {one.reason}" if one.reason else "")


def _near(instant: datetime, other: datetime, zone: ZoneInfo) -> str:
    """The time alone where the other is of the same day."""
    here, there = instant.astimezone(zone), other.astimezone(zone)
    if here.date() != there.date() or here.utcoffset() != there.utcoffset():
        return show.when(instant, zone)
    return f"{here:%H:%M:%S}" if here.second else f"{here:%H:%M}"


def arranged_json(one: Occurrence, zone: ZoneInfo) -> dict[str, object]:
    """As the verbs that arrange it print it, with instants in that zone."""
    found = occurrence_json(one)
    return {
        key: value.astimezone(zone) if isinstance(value, datetime) else value
        for key, value in found.items()
        if key != "job"
    }
