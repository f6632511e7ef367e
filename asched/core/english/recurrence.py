"""A recurrence rule in English: see `explain`."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Sequence

from asched.core.english.calendars import options
from asched.core.localtime.recurrence import Recurrence
from asched.core.text.wording import listed, nth, weekday_name
from asched.core.triggers.rrule import RRule

_UNITS = {
    "YEARLY": "year",
    "MONTHLY": "month",
    "WEEKLY": "week",
    "DAILY": "day",
    "HOURLY": "hour",
    "MINUTELY": "minute",
    "SECONDLY": "second",
}
_FEW = 6


def explain_rrule(made: RRule) -> str:
    """ "every 2 weeks on Monday at 09:00 (Europe/Berlin), counted from 2026-01-05 09:00:00"."""
    rule, unit = made.rule, _UNITS[made.rule.freq]
    every = f"every {rule.interval} {unit}s" if rule.interval > 1 else f"every {unit}"
    parts = [every, *_days(rule), _times(rule), _positions(rule), options(made.tz, made.dst)]
    since = f", counted from {made.start:%Y-%m-%d %H:%M:%S}" if made.start is not None else ""
    return " ".join(part for part in parts if part) + since + _end(rule)


def _days(rule: Recurrence) -> list[str]:
    said = []
    if rule.byday:
        said.append("on " + listed([_weekday(place, day) for place, day in rule.byday]))
    if rule.bymonthday:
        said.append(f"on the {listed(_counted(rule.bymonthday))} of the month")
    if rule.byyearday:
        said.append(f"on the {listed(_counted(rule.byyearday))} day of the year")
    if rule.byweekno:
        said.append(f"in the {listed(_counted(rule.byweekno))} week of the year")
    if rule.bymonth:
        said.append("in " + listed([month_name[month] for month in rule.bymonth]))
    return said


def _weekday(place: int, day: int) -> str:
    name = weekday_name(day + 1)
    return name if not place else f"the {_counted([place])[0]} {name}"


def _counted(places: Sequence[int]) -> list[str]:
    """ "3rd", "last", "2nd to last"."""
    return [nth(place) if place > 0 else "last" if place == -1 else f"{nth(-place)} to last" for place in places]


def _times(rule: Recurrence) -> str:
    hours, minutes, seconds = rule.byhour, rule.byminute, rule.bysecond or (0,)
    if hours and minutes and len(hours) * len(minutes) * len(seconds) <= _FEW:
        ending = "" if seconds == (0,) else ":{:02}"
        clocks = [f"{h:02}:{m:02}" + ending.format(s) for h in hours for m in minutes for s in seconds]
        return f"at {listed(clocks)}"
    named = {"hour": hours, "minute": minutes, "second": rule.bysecond}
    said = [f"{name}{'s' if len(of) > 1 else ''} {listed(list(map(str, of)))}" for name, of in named.items() if of]
    return f"at {', '.join(said)}" if said else ""


def _positions(rule: Recurrence) -> str:
    return f"(the {listed(_counted(rule.bysetpos))} of these in each {_UNITS[rule.freq]})" if rule.bysetpos else ""


def _end(rule: Recurrence) -> str:
    if rule.count is not None:
        return f", {rule.count} time{'s' if rule.count > 1 else ''}"
    if rule.until is None:
        return ""
    return f", until {rule.until:%Y-%m-%d %H:%M:%S}{' UTC' if rule.until.tzinfo else ''}"
