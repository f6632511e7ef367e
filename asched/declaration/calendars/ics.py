"""iCalendar files (RFC 5545): their events as days and spans.

Read are DTSTART, DTEND or DURATION, SUMMARY, RRULE, EXDATE and STATUS of each VEVENT; all else is passed over. An event
of whole days gives days, another one a span of time. No library: those there are bring a model of the whole format,
and what an exclusion needs of it is below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from asched.core.calendars import Span
from asched.core.recurrence import parse_moment, parse_recurrence
from asched.core.recurringwalls import RecurringWalls
from asched.core.zones import after_gap, instants_of, zone
from asched.errors import ScheduleError

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_DAY = timedelta(days=1)
_MOST = 10_000  # times of one event

_LINE = re.compile(r'(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[^:;=]+=(?:"[^"]*"|[^:;"]*))*):(?P<value>.*)')
_PARAMETER = re.compile(r';([^:;=]+)=(?:"([^"]*)"|([^:;"]*))')
_ESCAPED = re.compile(r"\\(.)")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass(slots=True)
class Events:
    """What a calendar gets from them."""

    days: list[tuple[date, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Property:
    """One line, unfolded; `line` counts from 1 in the file."""

    name: str
    value: str
    tz: str | None
    line: int

    def moments(self) -> list[datetime]:
        """Its dates and times as they are written, as naive wall times. Raises ScheduleError."""
        try:
            if self.tz is not None:
                zone(self.tz)
            return [parse_moment(each.strip().upper()).replace(tzinfo=None) for each in self.value.split(",")]
        except ScheduleError as error:
            raise ScheduleError(f"line {self.line}: {error.message}", help=error.help) from None
        except ValueError:
            raise ScheduleError(f'line {self.line}: "{self.value}" is not a date, or date and time') from None

    def instant(self, wall: datetime) -> datetime:
        """That wall time where this property has its zone: aware, or naive when it has none."""
        if self.value.upper().endswith("Z"):
            return wall.replace(tzinfo=UTC)
        if self.tz is None:
            return wall
        passes = instants_of(wall, self.tz)
        return passes[0] if passes else after_gap(wall, self.tz)


class _Event:
    """The properties of one VEVENT, and what they come to."""

    def __init__(self, properties: list[_Property], line: int) -> None:
        self._first = {each.name: each for each in reversed(properties)}
        if "DTSTART" not in self._first:
            raise ScheduleError(f"line {line}: an event without a DTSTART")
        self._start = self._first["DTSTART"]
        self._whole_days = len(self._start.value.strip()) == 8
        self._length = self._read_length()
        self._left_out = {wall for each in properties if each.name == "EXDATE" for wall in each.moments()}

    def add_to(self, events: Events, first: int, last: int) -> None:
        if self._value("STATUS").upper() == "CANCELLED":
            return
        label = _ESCAPED.sub(lambda escaped: " " if escaped[1] in "nN" else escaped[1], self._value("SUMMARY")).strip()
        for wall in self._walls(first, last):
            if wall in self._left_out:
                continue
            if self._whole_days:
                events.days += [(wall.date() + day * _DAY, label) for day in range(max(1, self._length.days))]
            elif self._length:
                begin = self._start.instant(wall)
                events.spans.append(Span(begin, begin + self._length, label))

    def _walls(self, first: int, last: int) -> Iterator[datetime]:
        """Its beginnings in those years, or reaching into them, as a clock in its own zone shows them."""
        start, low = self._start.moments()[0], datetime(first, 1, 1) - self._length  # noqa: DTZ001
        if "RRULE" not in self._first:
            if low <= start and start.year <= last:
                yield start
            return
        line = self._first["RRULE"]
        try:
            rule = parse_recurrence(line.value)
            walls = RecurringWalls(rule, _seconds(start), self._until(rule.until))
            at = walls.at_or_after(max(_seconds(start), _seconds(low)))
            for _ in range(_MOST):
                if at is None or (wall := _EPOCH + timedelta(seconds=at)).year > last:
                    return
                yield wall
                at = walls.at_or_after(at + 1)
        except ScheduleError as error:
            raise ScheduleError(f"line {line.line}: {error.message}", help=error.help) from None
        raise ScheduleError(f"line {line.line}: an event of more than {_MOST} times")

    def _until(self, until: datetime | None) -> int | None:
        if until is None:
            return None
        if until.tzinfo is not None and self._start.tz is not None:
            until = until.astimezone(ZoneInfo(self._start.tz))
        return _seconds(until.replace(tzinfo=None))

    def _read_length(self) -> timedelta:
        """Of a day, a day; of a moment, nothing."""
        if end := self._first.get("DTEND"):
            begins, ends = self._start.moments()[0], end.moments()[0]
            begin, finish = self._start.instant(begins), end.instant(ends)
            length = finish - begin if (begin.tzinfo is None) == (finish.tzinfo is None) else ends - begins
            if length < timedelta(0):
                raise ScheduleError(f"line {end.line}: the event ends before it begins")
            return length
        if duration := self._first.get("DURATION"):
            if not (found := _DURATION.fullmatch(duration.value.strip())):
                raise ScheduleError(f'line {duration.line}: "{duration.value}" is not a duration')
            weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
            return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        return _DAY if self._whole_days else timedelta(0)

    def _value(self, name: str) -> str:
        return self._first[name].value if name in self._first else ""


def read_ics(text: str, first: int, last: int) -> Events:
    """What falls into the years from `first` to `last`. Raises ScheduleError, which names the line."""
    if not text.lstrip("\ufeff \r\n").upper().startswith("BEGIN:VCALENDAR"):
        raise ScheduleError("this is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
    events = Events()
    for event in _events(text):
        event.add_to(events, first, last)
    return events


def _events(text: str) -> Iterator[_Event]:
    """Each VEVENT; what is nested in it (an alarm) has properties of its own, which are not the event's."""
    inside: list[str] = []
    properties: list[_Property] = []
    begun = 0
    for each in _properties(text):
        if each.name == "BEGIN":
            inside.append(each.value.strip().upper())
            if inside[-1] == "VEVENT":
                properties, begun = [], each.line
        elif each.name == "END":
            if inside and inside.pop() == "VEVENT":
                yield _Event(properties, begun)
        elif inside and inside[-1] == "VEVENT":
            properties.append(each)
    if inside:
        raise ScheduleError(f"the file ends within a {inside[-1]}: is all of it there?")


def _properties(text: str) -> Iterator[_Property]:
    for number, line in _unfolded(text):
        found = _LINE.fullmatch(line)
        if found is None:
            raise ScheduleError(f"line {number}: not a line of an iCalendar file: {line[:40]!r}")
        parameters = {key.upper(): quoted or plain for key, quoted, plain in _PARAMETER.findall(found["parameters"])}
        yield _Property(found["name"].upper(), found["value"], parameters.get("TZID"), number)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """A line that begins with a blank goes on where the one before it ended."""
    begun, whole = 0, ""
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if line[:1] in (" ", "\t") and begun:
            whole += line[1:]
            continue
        if whole.strip():
            yield begun, whole
        begun, whole = number, line
    if whole.strip():
        yield begun, whole


def _seconds(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(seconds=1)
