"""A recurrence rule of RFC 5545 in a time zone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.localtime.localinstants import Dst, LocalInstants
from asched.core.localtime.recurrence import Recurrence, format_moment, parse_moment, parse_recurrence
from asched.core.localtime.recurringwalls import RecurringWalls
from asched.core.localtime.zones import offsets, zone
from asched.core.text.pattern import pattern
from asched.core.text.pointing import read_part
from asched.errors import ScheduleError

_SECOND = timedelta(seconds=1)
_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_PROBE = datetime(1972, 1, 1)  # noqa: DTZ001

_START = r'DTSTART(?:;TZID="?(?P<tz>[^:;"\s]+)"?)?(?:;VALUE=DATE(?:-TIME)?)?'
_PREFIX = pattern(rf"\s*rrule:\s*(?:{_START}[=:](?P<start>[^;]*);)?", re.IGNORECASE)
_LINES = pattern(rf"\s*{_START}:(?P<start>\S+)\s+RRULE:(?=\S+\s*$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RRule:
    """The instants at which clocks in `tz` show a time that `rule` names, from `start` on.

    `start` is its DTSTART, a naive wall time: what the rule leaves open is taken from it, and INTERVAL and COUNT
    count from it. Without one it is counted from when it is anchored. What paces through the day (HOURLY and below)
    meets offset changes as an interval-like cron job does, all else as a fixed-time one.
    """

    rule: Recurrence
    tz: str = "UTC"
    dst: Dst = "auto"
    start: datetime | None = None

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False
    quick: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "tz", zone(self.tz).key)
        if self.start is not None and self.start.tzinfo is not None:
            raise ScheduleError("a recurrence starts at a local time, without a zone of its own")

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError while it has no start, and when it is not found within a bounded search."""
        if self.start is None:
            raise ScheduleError("a recurrence needs a start before it has instants", text=self.text())
        return _instants(self).next_after(instant)

    def spec(self) -> dict[str, object]:
        start = None if self.start is None else self.start.isoformat()
        return {"kind": "rrule", "rule": self.rule.text(), "tz": self.tz, "dst": self.dst, "start": start}

    def text(self) -> str:
        """With its zone where it has a start: that may be another one than the schedule's."""
        start = "" if self.start is None else f"DTSTART;TZID={self.tz}:{format_moment(self.start)};"
        return f"rrule:{start}{self.rule.text()}"

    def anchored(self, at: datetime) -> RRule:
        """It starts with the first whole second from then on."""
        if self.start is not None:
            return self
        wall = at.astimezone(ZoneInfo(self.tz)).replace(tzinfo=None)
        return replace(self, start=wall if not wall.microsecond else wall.replace(microsecond=0) + _SECOND)

    @property
    def startup(self) -> None:
        return None


def parse_rrule(text: str, tz: str, dst: Dst) -> RRule | None:
    """`rrule:FREQ=…`, with `DTSTART=…;` or `DTSTART;TZID=…:…;` before FREQ if it has one, or the RFC's two lines.

    None for another kind of schedule. Raises ScheduleError, with its span, for what is not understood or can never
    fire.
    """
    found = _PREFIX.match(text) or _LINES.match(text)
    if found is None:
        return None
    if found["tz"] is not None:
        tz = read_part(text, *found.span("tz"), lambda key: zone(key).key)
    rule = parse_recurrence(text, found.end())
    made = RRule(rule, tz, dst, _start(text, found, tz))
    _refuse_what_never_fires(made, text)
    return made


def _start(text: str, found: re.Match[str], tz: str) -> datetime | None:
    if found["start"] is None:
        return None
    try:
        written = parse_moment(found["start"].upper())
    except ValueError:
        help = 'as in "20260105T090000"'
        message = f'"{found["start"]}" is not a start'
        raise ScheduleError(message, text=text, span=found.span("start"), help=help) from None
    return written if written.tzinfo is None else written.astimezone(zone(tz)).replace(tzinfo=None)


def _refuse_what_never_fires(made: RRule, text: str) -> None:
    """Without a start it is known only of rules that count every period, and takes the best day to start from."""
    rule = made.rule if made.start is not None else replace(made.rule, interval=1)
    start = made.start if made.start is not None else _PROBE
    if made.start is None and rule.until is not None:
        rule = replace(rule, until=None)
    try:
        if RecurringWalls(rule, _seconds(start), _until(rule, made.tz)).at_or_after(0) is not None:
            return
    except ScheduleError as error:
        raise ScheduleError(error.message, text=text) from None
    raise ScheduleError("this can never fire: no day and time fit all of its parts", text=text)


@lru_cache(maxsize=4096)
def _instants(made: RRule) -> LocalInstants:
    assert made.start is not None
    walls = RecurringWalls(made.rule, _seconds(made.start), _until(made.rule, made.tz))
    return LocalInstants(walls, offsets(made.tz), made.dst, interval_like=made.rule.interval_like)


def _until(rule: Recurrence, tz: str) -> int | None:
    if rule.until is None:
        return None
    local = rule.until if rule.until.tzinfo is None else rule.until.astimezone(ZoneInfo(tz)).replace(tzinfo=None)
    return _seconds(local)


def _seconds(wall: datetime) -> int:
    return (wall - _WALL_EPOCH) // _SECOND
