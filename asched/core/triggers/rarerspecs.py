"""Triggers from their specs, of each kind but the two that most jobs have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from asched.core.localtime.calendars import Calendar, calendar_from_spec, span_from_spec
from asched.core.localtime.recurrence import parse_recurrence
from asched.core.localtime.windows import windows_from_spec
from asched.core.text.durations import parse_duration
from asched.core.triggers.at import At
from asched.core.triggers.blackout import Blackout
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.calendarinterval import CalendarInterval, day_of_token
from asched.core.triggers.delayed import In
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.interval import AfterFinish
from asched.core.triggers.minus import Minus
from asched.core.triggers.once import OncePerWindow
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.rrule import RRule
from asched.core.triggers.specs import from_spec
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.watch import Watch
from asched.core.triggers.within import Within
from asched.errors import ScheduleError


def from_rarer_spec(spec: Mapping[str, Any]) -> Trigger:
    """Of another kind than `from_spec` knows itself. Raises KeyError, TypeError, ValueError or ScheduleError."""
    match spec["kind"]:
        case "varied_every":
            low, high = parse_duration(spec["low"]), parse_duration(spec["high"])
            return VariedEvery(low, high, _instant(spec["anchor"]))
        case "after_finish":
            return AfterFinish(parse_duration(spec["period"]))
        case "at":
            return At(datetime.fromisoformat(spec["instant"]))
        case "startup":
            return Startup(spec["once_per_boot"])
        case "watch":
            return Watch(spec["path"], spec["event"])
        case "any_of":
            return AnyOf(tuple(from_spec(member) for member in spec["triggers"]))
        case "excluding":
            return Excluding(from_spec(spec["trigger"]), _calendars(spec), spec["tz"], spec["shift"])
        case "blackout":
            windows = tuple(windows_from_spec(one) for one in spec["windows"])
            spans = tuple(span_from_spec(span) for span in spec["spans"])
            return Blackout(from_spec(spec["trigger"]), windows, spans, spec["owed"])
        case "only_on":
            return OnlyOn(from_spec(spec["trigger"]), _calendars(spec), spec["tz"])
        case "calendar_interval":
            return _calendar_interval(spec)
        case "rrule":
            start = spec["start"]
            since = None if start is None else datetime.fromisoformat(start)
            return RRule(parse_recurrence(spec["rule"]), spec["tz"], spec["dst"], since)
        case "all_of":
            return AllOf(tuple(from_spec(member) for member in spec["triggers"]))
        case "minus":
            return Minus(from_spec(spec["trigger"]), from_spec(spec["other"]))
        case "bounded":
            trigger, start, end = from_spec(spec["trigger"]), _instant(spec["start"]), _instant(spec["end"])
            return Bounded(trigger, start, end, spec["times"])
        case "within":
            return Within(from_spec(spec["trigger"]), windows_from_spec(spec["windows"]))
        case "once_per_window":
            return OncePerWindow(windows_from_spec(spec["windows"]))
        case "in":
            return In(parse_duration(spec["delay"]))
        case other:
            raise ScheduleError(f'unknown kind of trigger "{other}"')


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _calendars(spec: Mapping[str, Any]) -> tuple[Calendar, ...]:
    return tuple(calendar_from_spec(calendar) for calendar in spec["calendars"])


def _calendar_interval(spec: Mapping[str, Any]) -> CalendarInterval:
    return CalendarInterval(
        count=spec["count"],
        unit=spec["unit"],
        times=tuple(spec["times"]),
        on=tuple(day_of_token(token) for token in spec["on"]),
        month=spec["month"],
        tz=spec["tz"],
        dst=spec["dst"],
        skip_short=spec["skip_short"],
        anchor=_instant(spec["anchor"]),
    )
