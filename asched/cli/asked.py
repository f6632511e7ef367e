"""Which instants of a job are meant by the TIME in JOB@TIME, looking back: one, those of a day, the last, the next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

import click

from asched.cli.jobat import day_named, moment
from asched.core.localtime.zones import after_gap, instants_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?P<fraction>[.,][0-9]+)?)?")
_OFFSET = re.compile(r"[0-9](?:z|[+-][0-9]{2}:?[0-9]{2})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AtInstant:
    """`exact_to`: as fine as it was written, to a minute or to a second. `skipped` is the wall time that was written,
    where no clock showed it."""

    at: datetime
    exact_to: timedelta
    skipped: datetime | None = None


@dataclass(frozen=True, slots=True)
class AtDay:
    """All of a day: instants in [since, until)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class AtEdge:
    """The last one that has passed, or the next one to come."""

    which: Literal["last", "next"]


When = AtInstant | AtDay | AtEdge


def read_time(text: str, now: datetime, home: ZoneInfo) -> When:
    """Raises click.UsageError for what is not understood."""
    said = text.strip().lower()
    if said in ("", "last"):
        return AtEdge("last")
    if said == "next":
        return AtEdge("next")
    if (day := day_named(said, home.key, now)) is not None:
        return _day(day, home)
    at = moment(text.strip(), home.key, now, back=True)
    return AtInstant(at, _exact_to(said), _skipped(said, at, home))


def _day(day: date, home: ZoneInfo) -> AtDay:
    try:
        since, until = (_midnight(one, home) for one in (day, day + timedelta(days=1)))
    except OverflowError:
        raise click.UsageError(f"{day} is beyond the calendar") from None
    return AtDay(since, until)


def _midnight(day: date, home: ZoneInfo) -> datetime:
    """Where clocks skip midnight, a day begins just after."""
    midnight = datetime.combine(day, time())
    passes = instants_of(midnight, home.key)
    return passes[0] if passes else after_gap(midnight, home.key)


def _exact_to(text: str) -> timedelta:
    match = _CLOCK.search(text)
    if match is None or match["second"] is None:
        return timedelta(minutes=1)
    return timedelta(seconds=1) if match["fraction"] is None else timedelta(microseconds=1)


def _skipped(text: str, at: datetime, home: ZoneInfo) -> datetime | None:
    """The wall time that was written, if clocks skip it: then `at` is just after the gap."""
    match = _CLOCK.search(text)
    if match is None or _OFFSET.search(text):
        return None
    clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    wall = datetime.combine(at.astimezone(home).date(), clock)
    return None if instants_of(wall, home.key) else wall
