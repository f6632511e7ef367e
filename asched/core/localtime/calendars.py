"""Calendars: named sets of local days, and of spans of time, that schedules leave out or keep to.

A calendar is a value with everything in it. What is computed, read from a file or asked of a function becomes dates
when a configuration is loaded; `until` says how far that knowledge goes.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime
from typing import Any

from asched.core.dataclass import dataclass
from asched.errors import ScheduleError

LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Span:
    """Instants from `start` to before `end`: both aware (kept in UTC), or both naive: local time, wherever that is."""

    start: datetime
    end: datetime
    label: str = ""

    def __post_init__(self) -> None:
        if (self.start.utcoffset() is None) != (self.end.utcoffset() is None):
            raise ScheduleError(f"of {self.start} and {self.end} only one has a time zone")
        if self.start.utcoffset() is not None:
            object.__setattr__(self, "start", self.start.astimezone(UTC))
            object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end <= self.start:
            raise ScheduleError(f"a span must end after it begins: {self.start} to {self.end}")

    def spec(self) -> list[str]:
        return [self.start.isoformat(), self.end.isoformat(), self.label]


def span_from_spec(spec: Sequence[str]) -> Span:
    """Raises ValueError for what is none."""
    start, end, label = spec
    return Span(datetime.fromisoformat(start), datetime.fromisoformat(end), label)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days with their labels, days of every year (month, day, label), weekdays (0 is Sunday), and spans.

    In which zone a day is local is the schedule's to say. `until` is the last day that its days and spans know of,
    None when they are all there ever will be. Order and duplicates do not matter; labels of one day are joined.
    """

    name: str
    days: tuple[tuple[date, str], ...] = ()
    yearly: tuple[tuple[int, int, str], ...] = ()
    weekdays: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()
    until: date | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ScheduleError("a calendar needs a name")
        for month, day, _ in self.yearly:
            if not (1 <= month <= 12 and 1 <= day <= monthrange(LEAP_YEAR, month)[1]):
                raise ScheduleError(f"no year has the day {month:02}-{day:02}", help='month and day, as in "12-24"')
        if not set(self.weekdays) <= set(range(7)):
            raise ScheduleError(f"weekdays go from 0 (Sunday) to 6, not {max(self.weekdays)}")
        labelled = _labelled(((month, day), label) for month, day, label in self.yearly)
        object.__setattr__(self, "days", _labelled(self.days))
        object.__setattr__(self, "yearly", tuple((month, day, label) for (month, day), label in labelled))
        object.__setattr__(self, "weekdays", tuple(sorted(set(self.weekdays))))
        object.__setattr__(self, "spans", tuple(sorted(set(self.spans), key=_place)))

    @property
    def is_one_day(self) -> bool:
        """See `day_calendar`."""
        return [(self.name, "")] == [(day.isoformat(), label) for day, label in self.days]

    def __or__(self, other: Calendar) -> Calendar:
        """The days of both; it keeps its name."""
        return joined(self.name, (self, other))

    def spec(self) -> dict[str, object]:
        return {
            "name": self.name,
            "days": [[day.isoformat(), label] for day, label in self.days],
            "yearly": [[f"{month:02}-{day:02}", label] for month, day, label in self.yearly],
            "weekdays": list(self.weekdays),
            "spans": [span.spec() for span in self.spans],
        }


def calendar_from_spec(spec: Mapping[str, Any]) -> Calendar:
    """Without its `until`. Raises ValueError, KeyError or TypeError for what is none."""
    return Calendar(
        name=spec["name"],
        days=tuple((date.fromisoformat(day), label) for day, label in spec["days"]),
        yearly=tuple((*month_and_day(day), label) for day, label in spec["yearly"]),
        weekdays=tuple(spec["weekdays"]),
        spans=tuple(span_from_spec(span) for span in spec["spans"]),
    )


def day_calendar(day: date) -> Calendar:
    """That day alone, which names itself."""
    return Calendar(day.isoformat(), days=((day, ""),))


def joined(name: str, calendars: Sequence[Calendar]) -> Calendar:
    """The days of all of them. It knows as far as the one that knows least."""
    return Calendar(
        name=name,
        days=tuple(day for calendar in calendars for day in calendar.days),
        yearly=tuple(day for calendar in calendars for day in calendar.yearly),
        weekdays=tuple(day for calendar in calendars for day in calendar.weekdays),
        spans=tuple(span for calendar in calendars for span in calendar.spans),
        until=min((calendar.until for calendar in calendars if calendar.until is not None), default=None),
    )


def month_and_day(text: str) -> tuple[int, int]:
    """ "12-24" as (12, 24). Raises ValueError."""
    month, _, day = text.partition("-")
    return int(month), int(day)


def _labelled(days: Iterable[tuple[Any, str]]) -> tuple[tuple[Any, str], ...]:
    """Sorted, each once."""
    labels: dict[Any, dict[str, None]] = {}
    for day, label in days:
        labels.setdefault(day, {})[label] = None
    return tuple((day, "; ".join(sorted(filter(None, labels[day])))) for day in sorted(labels))


def _place(span: Span) -> str:
    return json.dumps([span.start.isoformat(), span.end.isoformat(), span.label])
