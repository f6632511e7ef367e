"""A trigger as one English sentence, the same on every surface."""

from __future__ import annotations

from datetime import datetime, timedelta

from asched.core.english.calendars import explain_calendar_interval, explain_calendars, explain_exclusion
from asched.core.english.cron import cron_sentence
from asched.core.english.recurrence import explain_rrule
from asched.core.localtime.cron import Cron
from asched.core.localtime.timeofday import format_time
from asched.core.localtime.weekdays import EVERY_DAY
from asched.core.localtime.windows import Windows
from asched.core.text.wording import amounts, each, listed, weekday_runs
from asched.core.triggers.at import At
from asched.core.triggers.binding import MINUS, binding
from asched.core.triggers.blackout import Blackout
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.calendarinterval import CalendarInterval
from asched.core.triggers.delayed import In
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.minus import Minus
from asched.core.triggers.once import OncePerWindow
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.rrule import RRule
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.watch import Watch
from asched.core.triggers.within import Within


def explain_trigger(trigger: Trigger) -> str:
    """When it is due, without a capital and a full stop. UTC is not mentioned, any other zone is."""
    match trigger:
        case Cron():
            return cron_sentence(trigger)
        case Every(period, anchor):
            return f"every {each(period)}{_counted_from(anchor)}"
        case VariedEvery(low, high, anchor):
            return f"every {amounts(low)} to {amounts(high)}, varying{_counted_from(anchor)}"
        case CalendarInterval():
            return explain_calendar_interval(trigger)
        case RRule():
            return explain_rrule(trigger)
        case Excluding():
            return f"{_left(trigger.trigger)}, {explain_exclusion(trigger)}"
        case Blackout(inner, windows, spans, owed):
            said = [_in_windows(one) for one in windows] + [
                f"from {_said(one.start)} to {_said(one.end)}" for one in spans
            ]
            later = "; what falls in there is due when it ends" if owed else ""
            return f"{_left(inner)}, not {listed(said, 'nor')}{later}"
        case OnlyOn():
            return f"{_part(trigger.trigger)}, only on the days of {explain_calendars(trigger.calendars)}"
        case AfterFinish(period):
            return f"{amounts(period)} after the end of the previous run"
        case At(instant):
            return f"once, at {_said(instant)}"
        case Startup(once_per_boot):
            return "once after each boot of the machine" if once_per_boot else "at every start of the scheduler"
        case Watch(path, event):
            return f"when {path} has changed" if event == "changes" else f"as long as there are files in {path}"
        case In(delay):
            return f"once, {amounts(delay)} after it is scheduled"
        case OncePerWindow(windows):
            return f"once {'a day ' if windows.weekdays == EVERY_DAY else ''}{_in_windows(windows)}"
        case AnyOf(triggers):
            return "; and ".join(explain_trigger(member) for member in triggers)
        case AllOf(triggers):
            return "whenever these coincide: " + "; with ".join(_part(member) for member in triggers)
        case Minus(minuend, other):
            return f"{_part(minuend)}, except {_part(other)}"
        case Within(inner, windows):
            return f"{_part(inner)}, {_in_windows(windows)}"
        case Bounded(inner, start, end, times):
            return f"{_part(inner)}, {_bounds(start, end, times)}"
        case _:
            return trigger.text()


def _counted_from(anchor: datetime | None) -> str:
    return f", counted from {anchor:%Y-%m-%d %H:%M:%S} UTC" if anchor else ""


def _part(trigger: Trigger) -> str:
    """A sentence inside a sentence: in parentheses when it is made of several."""
    return f"({explain_trigger(trigger)})" if binding(trigger) <= MINUS else explain_trigger(trigger)


def _left(trigger: Trigger) -> str:
    """What an exclusion takes from; one after the other needs no parentheses."""
    return explain_trigger(trigger) if isinstance(trigger, Excluding | Blackout) else _part(trigger)


def _in_windows(windows: Windows) -> str:
    """ "between 08:00 and 18:00 on Monday to Friday (Europe/Berlin)"."""
    spans = [f"between {format_time(start)} and {format_time(end)}" for start, end in windows.spans]
    said = [] if windows.all_day else [listed(spans, "or")]
    said += [] if windows.weekdays == EVERY_DAY else [f"on {weekday_runs(windows.weekdays)}"]
    said += [f"({windows.tz})"] if windows.tz != "UTC" else []
    return " ".join(said or ["all day"])


def _bounds(start: datetime | None, end: datetime | None, times: int | None) -> str:
    said = [f"from {_said(start)}"] if start else []
    said += [_up_to(end)] if end else []
    said += [f"{times} time{'s' if times > 1 else ''} in all"] if times else []
    return ", ".join(said)


def _up_to(end: datetime) -> str:
    """The last instant of a day is one before midnight."""
    following = end + timedelta(microseconds=1)
    return f"until {_said(end)}" if following.microsecond else f"before {_said(following)}"


def _said(instant: datetime) -> str:
    return f"{instant.replace(tzinfo=None).isoformat(' ')} UTC"
