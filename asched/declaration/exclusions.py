"""What a job's schedule leaves out: the options `except`, `shift` and `blackout`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from asched.core.dataclass import dataclass
from asched.core.grammar.instants import INSTANT, read_end, read_instants
from asched.core.grammar.windows import read_windows
from asched.core.localtime.calendars import Calendar, Span
from asched.core.localtime.windows import Windows
from asched.core.text.pattern import pattern
from asched.core.text.pointing import read_part
from asched.core.triggers.blackout import Blackout
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import refuse_what_never_fires
from asched.declaration.faults import Fault, Path, did_you_mean, shown, unknown_option
from asched.errors import ScheduleError

_SPAN = pattern(rf"\s*from\s+(?P<start>{INSTANT})\s+until\s+(?P<end>{INSTANT})\s*", re.IGNORECASE)
_WINDOW_EXAMPLE = 'as in "between 02:00 and 04:00 on sunday" or "from 2026-12-24T18:00 until 2026-12-27T06:00"'
_NO_CALENDARS = 'write a table [calendars.NAME], or Scheduler(calendars={"NAME": asched.holidays("DE")})'


@dataclass(frozen=True, slots=True)
class WrittenBlackout:
    """The windows as texts, each with its path: what they mean depends on the job's zone."""

    windows: tuple[tuple[Path, str], ...]
    owed: bool = False


def read_except(value: object, path: Path, faults: list[Fault]) -> tuple[tuple[Path, str | Calendar], ...]:
    """A reader, as those in `optionvalues`: one calendar or several, each by its name or as a value."""
    if isinstance(value, str | Calendar):
        return ((path, value),)
    if not isinstance(value, Sequence) or not all(isinstance(one, str | Calendar) for one in value):
        faults.append(Fault(path, f"except must be a list of calendars, not {shown(value)}", 'as in ["de"]'))
        return ()
    return tuple(((*path, place), one) for place, one in enumerate(value))


def read_blackout(value: object, path: Path, faults: list[Fault]) -> WrittenBlackout:
    """A reader: a window, a list of them, or a table with `windows` and `owed`."""
    if isinstance(value, Mapping):
        return _read_table(value, path, faults)
    if isinstance(value, str):
        return WrittenBlackout(((path, value),))
    if not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
        faults.append(Fault(path, f"blackout must be a list of windows, not {shown(value)}", _WINDOW_EXAMPLE))
        return WrittenBlackout(())
    return WrittenBlackout(tuple(((*path, place), one) for place, one in enumerate(value)))


def _read_table(table: Mapping[str, object], path: Path, faults: list[Fault]) -> WrittenBlackout:
    for key in table:
        if key not in ("windows", "owed"):
            faults.append(unknown_option((*path, key), ("windows", "owed")))
    owed = table.get("owed", False)
    if not isinstance(owed, bool):
        faults.append(Fault((*path, "owed"), f"blackout.owed must be true or false, not {shown(owed)}"))
    if "windows" not in table:
        faults.append(Fault(path, "blackout needs its windows", _WINDOW_EXAMPLE))
    elif isinstance(table["windows"], Mapping):
        faults.append(Fault((*path, "windows"), "blackout.windows must be a list of windows", _WINDOW_EXAMPLE))
    windows = read_blackout(table.get("windows", ()), (*path, "windows"), faults).windows
    return WrittenBlackout(windows, bool(owed))


def with_exclusions(
    trigger: Trigger, values: Mapping[str, Any], tz: str, calendars: Mapping[str, Calendar], faults: list[Fault]
) -> Trigger:
    """The trigger without what these options leave out. What is wrong goes to `faults`."""
    trigger = _except(trigger, values, tz, calendars, faults)
    blackout = values.get("blackout")
    if blackout is None or not blackout.windows:
        return trigger
    windows: list[Windows] = []
    spans: list[Span] = []
    for path, text in blackout.windows:
        _read_window(text, tz, path, windows, spans, faults)
    if not windows and not spans:
        return trigger
    return _made("blackout", lambda: Blackout(trigger, tuple(windows), tuple(spans), blackout.owed), trigger, faults)


def _except(
    trigger: Trigger, values: Mapping[str, Any], tz: str, calendars: Mapping[str, Calendar], faults: list[Fault]
) -> Trigger:
    shift = values.get("shift", "none")
    if "except" not in values and shift != "none":
        faults.append(Fault(("shift",), "shift says where to, and there is no except to say from where", "add except"))
    named = [_calendar(path, one, calendars, faults) for path, one in values.get("except", ())]
    chosen = tuple(calendar for calendar in named if calendar is not None)
    if not chosen or len(chosen) < len(named):
        return trigger
    return _made("except", lambda: Excluding(trigger, chosen, tz, shift), trigger, faults)


def _calendar(
    path: Path, one: str | Calendar, calendars: Mapping[str, Calendar], faults: list[Fault]
) -> Calendar | None:
    if isinstance(one, Calendar) or one in calendars:
        return one if isinstance(one, Calendar) else calendars[one]
    help = did_you_mean(one, calendars) if calendars else _NO_CALENDARS
    faults.append(Fault(path, f'unknown calendar "{one}"', help, text=one))
    return None


def _made(option: str, make: Callable[[], Trigger], trigger: Trigger, faults: list[Fault]) -> Trigger:
    try:
        made = make()
        refuse_what_never_fires(made)
        return made
    except ScheduleError as error:
        help = error.help or f"this job can go without: {option} = []"
        faults.append(Fault((option,), f"{option}: {error.message}", help))
        return trigger


def _read_window(
    text: str, tz: str, path: Path, windows: list[Windows], spans: list[Span], faults: list[Fault]
) -> None:
    try:
        if span := _SPAN.fullmatch(text):
            spans.append(_read_span(text, span, tz))
        else:
            windows.append(read_part(text, 0, len(text), lambda said: read_windows(said, tz)))
    except ScheduleError as error:
        faults.append(Fault(path, error.message, error.help or _WINDOW_EXAMPLE, error.span, text=text))


def _in_order(start: str, end: str) -> bool:
    """Whether local times would be, if no clock were ever set."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if first.tzinfo is not None or last.tzinfo is not None:
        return False
    return first < last or start == end == first.date().isoformat()


def _read_span(text: str, match: re.Match[str], tz: str) -> Span:
    """Complains in the words that stand there: in UTC it would often be another day."""
    start = read_part(text, *match.span("start"), lambda said: read_instants(said, tz)[0])
    end = read_part(text, *match.span("end"), lambda said: read_end(said, tz))
    whole_day = timedelta(microseconds=1 if end.microsecond else 0)  # of a date its last instant was read
    if end + whole_day > start:
        return Span(start, end + whole_day)
    why = f"clocks in {tz} skip it" if _in_order(match["start"], match["end"]) else "it must end after it begins"
    message = f"nothing lies between {match['start']} and {match['end']}: {why}"
    raise ScheduleError(message, text=text, span=(match.start("start"), match.end("end")), help=_WINDOW_EXAMPLE)
