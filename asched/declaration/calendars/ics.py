"""iCalendar files (RFC 5545): their events as days and spans.

Read are DTSTART, DTEND or DURATION, SUMMARY, RRULE, EXDATE, RECURRENCE-ID with UID, and STATUS of each VEVENT; all else
is passed over. An event of whole days gives days, another one a span of time. No library: those there are bring a model
of the whole format, and what an exclusion needs of it is below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.localtime.calendars import Span
from asched.core.localtime.recurrence import parse_moment, parse_recurrence
from asched.core.localtime.recurringwalls import RecurringWalls
from asched.core.localtime.zones import instant_of, zone
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_DAY = timedelta(days=1)
_MOST = 10_000  # times of one event
_EARLIEST, _LATEST = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001  # what every zone has an instant for
_LONGEST = _LATEST - _EARLIEST

_LINE = pattern(r'(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[^:;=]+=(?:"[^"]*"|[^:;"]*))*):(?P<value>.*)')
_PARAMETER = pattern(r';([^:;=]+)=(?:"([^"]*)"|([^:;"]*))')
_ESCAPED = pattern(r"\\(.)")
_DURATION = pattern(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


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
    range: str | None = None

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
        return instant_of(min(max(wall, _EARLIEST), _LATEST), self.tz)

    @property
    def whole_days(self) -> bool:
        return len(self.value.split(",")[0].strip()) == 8


class _Event:
    """The properties of one VEVENT, and what they come to."""

    def __init__(self, properties: list[_Property], line: int) -> None:
        self._first = {each.name: each for each in reversed(properties)}
        if "DTSTART" not in self._first:
            raise ScheduleError(f"line {line}: an event without a DTSTART")
        self._start = self._first["DTSTART"]
        self._length = self._read_length()
        self._left_out = _LeftOut(self._start)
        for each in properties:
            if each.name == "EXDATE":
                self._left_out.add(each)
        self.uid, self.instead_of = self._value("UID"), self._first.get("RECURRENCE-ID")
        if self.instead_of is not None:
            _check_recurrence_id(self.instead_of, self.uid)

    def leave_out(self, moved: _Property) -> None:
        """Another event stands for the one that its RECURRENCE-ID names."""
        self._left_out.add(moved)

    def add_to(self, events: Events, first: int, last: int) -> None:
        """Cut to those years, so that what goes on for ever is no longer than what is asked for."""
        if self._value("STATUS").upper() == "CANCELLED":
            return
        label = _ESCAPED.sub(lambda escaped: " " if escaped[1] in "nN" else escaped[1], self._value("SUMMARY")).strip()
        for wall in self._walls(first, last):
            if wall in self._left_out:
                continue
            if self._start.whole_days:
                begin = wall.toordinal()
                days = range(
                    max(begin, date(first, 1, 1).toordinal()),
                    min(begin + max(1, self._length.days), date(last + 1, 1, 1).toordinal()),
                )
                events.days += [(date.fromordinal(day), label) for day in days]
            elif self._length:
                start, past = self._start.instant(wall), self._start.instant(datetime(last + 1, 1, 1))  # noqa: DTZ001
                events.spans.append(Span(start, start + min(self._length, past - start), label))

    def _walls(self, first: int, last: int) -> Iterator[datetime]:
        """Its beginnings in those years, or reaching into them, as a clock in its own zone shows them."""
        start, begins = self._start.moments()[0], datetime(first, 1, 1)  # noqa: DTZ001
        low = begins - min(self._length, begins - _EARLIEST)
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
            until = min(until, _LATEST.replace(tzinfo=UTC)).astimezone(ZoneInfo(self._start.tz))
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
            try:
                length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
            except OverflowError:
                return _LONGEST
            return min(length, _LONGEST)
        return _DAY if self._start.whole_days else timedelta(0)

    def _value(self, name: str) -> str:
        return self._first[name].value if name in self._first else ""


class _LeftOut:
    """Times at which an event is not, however they are written: as instants, or with a date alone as whole days."""

    def __init__(self, start: _Property) -> None:
        self._start = start
        self._days: set[date] = set()
        self._instants: set[datetime] = set()  # naive where they are written without a zone

    def add(self, named: _Property) -> None:
        walls = named.moments()
        if named.whole_days or self._start.whole_days:
            self._days.update(wall.date() for wall in walls)
            return
        self._instants.update(self._instant(named, wall) for wall in walls)

    def _instant(self, named: _Property, wall: datetime) -> datetime:
        """A time without a zone is in that of the start; beside a start without one, what is written counts."""
        there, here = named.instant(wall), self._start.instant(wall)
        return here if there.tzinfo is None or here.tzinfo is None else there

    def __contains__(self, wall: datetime) -> bool:
        instant = self._start.instant(wall)
        return wall.date() in self._days or instant in self._instants


def _check_recurrence_id(moved: _Property, uid: str) -> None:
    if not uid:
        raise ScheduleError(f"line {moved.line}: a RECURRENCE-ID without the UID of its event")
    if (moved.range or "").upper() == "THISANDFUTURE":
        raise ScheduleError(
            f"line {moved.line}: RANGE=THISANDFUTURE is not understood",
            help="end the old event with an UNTIL, and begin a new one",
        )


def read_ics(text: str, first: int, last: int) -> Events:
    """What falls into the years from `first` to `last`. Raises ScheduleError, which names the line."""
    if not text.lstrip("\ufeff \r\n").upper().startswith("BEGIN:VCALENDAR"):
        raise ScheduleError("this is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
    events = Events()
    found = list(_events(text))
    series = {event.uid: event for event in found if event.instead_of is None}
    for event in found:
        if event.instead_of is not None and event.uid in series:
            series[event.uid].leave_out(event.instead_of)
    for event in found:
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
        yield _Property(found["name"].upper(), found["value"], parameters.get("TZID"), number, parameters.get("RANGE"))


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
