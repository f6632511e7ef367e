"""What stands on the calendar, in English: see `explain`."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Sequence

from asched.core.localtime.calendars import Calendar
from asched.core.localtime.timeofday import format_time
from asched.core.text.wording import listed, nth, weekday_name
from asched.core.triggers.calendarinterval import CalendarInterval, month_day_text
from asched.core.triggers.excluding import Excluding


def explain_calendar_interval(interval: CalendarInterval) -> str:
    """ "every 2 weeks on Monday at 09:00 (Europe/Berlin)"."""
    every = f"every {interval.count} {interval.unit}s" if interval.count > 1 else f"every {interval.unit}"
    times = listed([format_time(time) for time in interval.times])
    anchor = interval.anchor
    since = f", counted from {anchor:%Y-%m-%d %H:%M:%S} UTC" if anchor is not None else ""
    return " ".join(f"{every} {_on(interval)} at {times} {options(interval.tz, interval.dst)}".split()) + since


def explain_exclusion(excluding: Excluding) -> str:
    """ "except on the days of de; what falls on them moves to the next day that is free"."""
    moved = f"; what falls on them moves to the {excluding.shift} day that is free" if excluding.shift != "none" else ""
    return f"except on {_excluded(excluding)}{moved}"


def _excluded(excluding: Excluding) -> str:
    """Days that name themselves need no more words than their zone."""
    named = explain_calendars(excluding.calendars)
    if all(calendar.is_one_day for calendar in excluding.calendars):
        return f"{named} {options(excluding.tz, '')}".rstrip()
    return f"the days of {named}"


def explain_calendars(calendars: Sequence[Calendar]) -> str:
    """ "de", "de and company"."""
    return listed([calendar.name for calendar in calendars])


def options(tz: str, dst: str) -> str:
    """ "(Europe/Berlin, dst: skip)"; nothing for UTC and the default."""
    said = [tz] if tz != "UTC" else []
    said += [f"dst: {dst}"] if dst not in ("auto", "") else []
    return f"({', '.join(said)})" if said else ""


def _on(interval: CalendarInterval) -> str:
    days = interval.on
    if not days:
        return ""
    if interval.unit == "week":
        monday_first = sorted((day for day in days if isinstance(day, int)), key=lambda day: (day - 1) % 7)
        return "on " + listed([weekday_name(day) for day in monday_first])
    numbers = [nth(day) for day in days if isinstance(day, int)]
    named = [_titled(month_day_text(day)) for day in days if not isinstance(day, int)]
    month = f" of {month_name[interval.month]}" if interval.month else ""
    return f"on the {listed([*numbers, *named])}{month}{_short(interval)}"


def _short(interval: CalendarInterval) -> str:
    longest = max((day for day in interval.on if isinstance(day, int)), default=0)
    if longest <= 28 or (interval.month not in (None, 2)):
        return ""
    month = "month" if interval.month is None else "February"
    return f" (not in a shorter {month})" if interval.skip_short else f" (the last day of a shorter {month})"


def _titled(text: str) -> str:
    """ "second friday" with the capital that its weekday has."""
    first, _, name = text.rpartition(" ")
    return text if name in ("day", "workday") else f"{first} {name.title()}"
