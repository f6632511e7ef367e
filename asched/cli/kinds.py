"""What flags and arguments may hold: durations, instants, zones, KEY=VALUE. A bad one is a mistake in usage (2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as it was said, and understood: "yesterday", "03:00", "2026-12-24T17:30"."""

    text: str

    def at(self, home: ZoneInfo, now: datetime, *, back: bool = False) -> datetime:
        """The instant that is meant at `now`, in UTC: without an offset it is on the clocks of `home`. A time of day is
        the next such; with `back` the latest."""
        from asched.core.grammar.moments import read_moment

        return read_moment(self.text, home.key, now, back=back)


def read_said(text: str) -> Moment:
    """Raises ScheduleError for what is no instant; that depends neither on the zone nor on when it is asked."""
    from asched.core.grammar.moments import read_moment

    read_moment(text, "UTC", datetime(2000, 1, 1, tzinfo=UTC))
    return Moment(text)


def _since(text: str) -> timedelta | Moment:
    """A length of time up to now, or an instant."""
    from asched.core.grammar.moments import HELP

    try:
        return read_duration(text)
    except ScheduleError:
        pass
    try:
        return read_said(text)
    except ScheduleError:
        message = f'"{text}" is neither a length of time, as in "36h", nor an instant'
        raise ScheduleError(message, text=text, help=HELP) from None


def since_when(given: timedelta | Moment, home: ZoneInfo, now: datetime) -> datetime:
    """The past instant that is meant. Raises click.BadParameter for one that is to come."""
    since = now - given if isinstance(given, timedelta) else given.at(home, now, back=True)
    if since > now:
        from asched.cli import show

        raise click.BadParameter(f"{show.when(since, home)} is to come", param_hint="--since")
    return since


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


DURATION = Kind("duration", read_duration)
INSTANT = Kind("instant", read_said)
SINCE = Kind("duration or instant", _since)
ZONE = Kind("zone", _zone)
ARGUMENT = Kind("key=value", _argument)
