"""What flags and arguments may hold: durations, instants, zones, KEY=VALUE. A bad one is a mistake in usage (2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from asched.errors import ScheduleError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Kind(click.ParamType):  # type: ignore[type-arg]
    """A value that `read` reads from its text; what it raises as ScheduleError or ValueError is said."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except (ScheduleError, ValueError) as error:
            self.fail(str(error), param, ctx)


LONGEST = timedelta(days=36_525)  # a century: what is added to today, or taken from it, is still a date


def read_duration(text: str) -> timedelta:
    """At most a century. Raises ScheduleError, ValueError."""
    from asched.core.text.durations import parse_duration

    found = parse_duration(text)
    if found > LONGEST:
        raise ValueError(f"{text!r} is more than a century")
    return found


def _instant(text: str) -> datetime:
    from asched.core.grammar.instants import FIRST_YEAR, LAST_YEAR

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no instant: write it as 2026-12-24T17:30") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{text!r} is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return found


def _moment(text: str) -> datetime | time:
    """A time of day, which the next one is meant by, or an instant."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        return _instant(text)


def next_moment(given: datetime | time, home: ZoneInfo, now: datetime) -> datetime:
    """The instant that is meant, in UTC: of a time of day, the next time that the clocks of `home` show it."""
    if isinstance(given, datetime):
        return in_zone(given, home)
    today = now.astimezone(home).date()
    days = (today + timedelta(days=ahead) for ahead in range(3))
    moments = (in_zone(datetime.combine(day, given), home) for day in days)
    return next(moment for moment in moments if moment > now)


def _zone(key: str) -> ZoneInfo:
    from asched.core.localtime.zones import zone

    return zone(key)


def _argument(text: str) -> tuple[str, object]:
    import json

    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise ValueError(f"{text!r}: write KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def in_zone(given: datetime, home: ZoneInfo) -> datetime:
    """The instant that is meant, in UTC: without an offset it is on the clocks of `home`, as in schedules. A time that
    they skip is the first instant after the gap, one that they show twice the first of the two.
    """
    from asched.core.localtime.zones import instant_of

    return given.astimezone(UTC) if given.tzinfo is not None else instant_of(given, home.key)


DURATION = Kind("duration", read_duration)
INSTANT = Kind("instant", _instant)
MOMENT = Kind("moment", _moment)
ZONE = Kind("zone", _zone)
ARGUMENT = Kind("key=value", _argument)
