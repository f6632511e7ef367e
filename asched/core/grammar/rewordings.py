"""What people write that the grammar has in other words: a "did you mean" that works when it is typed.

Only a text that is not understood gets here, and nothing is suggested that is not understood itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from asched.core.dataclass import dataclass
from asched.core.localtime.weekdays import EVERY_DAY, format_weekdays, parse_weekdays
from asched.core.localtime.zones import zone
from asched.core.text.paths import write_path
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError

_LONGEST = 500  # characters; nobody types more by hand

_TIME = r"(?:[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?|noon|midnight)"
_HOUR = rf"(?:{_TIME}|[0-9]{{1,2}})(?:\s*[ap]m\b)?"
_HOURS = rf"{_HOUR}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_HOUR})*"
_TIMES = rf"{_TIME}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_TIME})*"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATES = rf"{_DATE}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_DATE})*"
_DAYS = r"[a-z]+(?:(?:\s*[,-]\s*|\s+and\s+)[a-z]+)*"
_START = r"(?:^|(?<=[|&(])|(?<=[|&(]\s))"
_END = r"(?=\s*$|\s*[|&)]|\s+(?:from|until|between|on|[0-9]+\s+times?)\b)"


@dataclass(frozen=True, slots=True)
class _Rewording:
    """`message` stands for the complaint about `pattern`; "" where there is a good one already. `beside`, a template of
    the match, is what the new words alone do not say.
    """

    pattern: re.Pattern[str]
    reworded: Callable[[re.Match[str]], str]
    message: str = ""
    beside: str = ""


def reworded(error: ScheduleError, text: str, read: Callable[[str], object]) -> ScheduleError:
    """The complaint about `text`, with what `read` does understand, if that is known; else `error` itself."""
    said, blamed = text.strip() if len(text) <= _LONGEST else "", None
    for each in _REWORDINGS:
        if (match := each.pattern.search(said)) is None or (new := each.pattern.sub(each.reworded, said)) == said:
            continue
        said, blamed = new, blamed or (each, match)
        with suppress(ScheduleError):
            read(said)
            return _suggesting(error, text, said, *blamed)
    return error


def _suggesting(error: ScheduleError, text: str, said: str, by: _Rewording, match: re.Match[str]) -> ScheduleError:
    """`match` is of the text as it was written, without the blanks around it."""
    help = f'did you mean "{said}"{match.expand(by.beside)}?'
    if not by.message:
        return ScheduleError(error.message, text=text, span=error.span, help=help)
    start = len(text) - len(text.lstrip()) + match.end() - len(match[0].lstrip())
    return ScheduleError(by.message, text=text, span=(start, start + len(match[0].strip())), help=help)


def _of(pattern: str, reworded: Callable[[re.Match[str]], str], message: str = "", beside: str = "") -> _Rewording:
    return _Rewording(re.compile(pattern, re.IGNORECASE), reworded, message, beside)


_CLOCK = pattern(r"(?P<hour>[0-9]{1,2})(?P<rest>(?::[0-9]{2}){0,2})\s*(?P<half>[ap]m)?", re.IGNORECASE)


def _clock(said: str) -> str:
    """ "8" and "8am" are "08:00", "8:30pm" is "20:30"; what has no such hour stays as it is."""
    match = _CLOCK.fullmatch(said)
    if match is None or not (match["half"] or said.isdecimal()):
        return said
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return said
        hour = hour % 12 + 12 * (match["half"].lower() == "pm")
    return f"{hour:02}{match['rest'] or ':00'}"


def _clocks(said: str) -> str:
    return re.sub(_HOUR, lambda match: _clock(match[0]), said, flags=re.IGNORECASE)


def _window(match: re.Match[str]) -> str:
    return f"between {_clock(match['start'])} and {_clock(match['end'])}"


def _windows(match: re.Match[str]) -> str:
    times = re.findall(_TIME, match[0], re.IGNORECASE)
    return "between " + ", ".join(f"{a} and {b}" for a, b in zip(times[::2], times[1::2], strict=True))


def _other_days(match: re.Match[str]) -> str:
    """Those that are left when these are taken out; what names no days stays as it is."""
    try:
        out = parse_weekdays(match["days"])
    except ScheduleError:
        return match[0]
    return f"on {format_weekdays(day for day in EVERY_DAY if day not in out)}"


def _quoted(match: re.Match[str]) -> str:
    return f"{match['word']} {write_path(match['path'])} {match['event']}"


def _without_zone(match: re.Match[str]) -> str:
    """Only what the database knows is a zone."""
    try:
        zone(match["zone"])
    except ScheduleError:
        return match[0]
    return ""


_ZONE = r"(?P<zone>[a-z]+(?:/[a-z0-9_+-]+)+|UTC|GMT)"
_ZONE_SAID = "a schedule names no zone"
_ZONE_BESIDE = r", with \g<zone> as the option tz"


def _watched(match: re.Match[str]) -> str:
    return f"while {match['queue']} has files" if match["queue"] else f"when {match['changing']} changes"


_REWORDINGS = (
    _of(rf"^(?:CRON_)?TZ={_ZONE}\s+", _without_zone, _ZONE_SAID, _ZONE_BESIDE),
    _of(rf"\s+{_ZONE}$", _without_zone, _ZONE_SAID, _ZONE_BESIDE),
    _of(
        r"\b(?:when\s+(?P<queue>[^\s|&][^|&]*?)\s+has\s+files|while\s+(?P<changing>[^\s|&][^|&]*?)\s+changes)\b",
        _watched,
        '"when" goes with "changes", and "while" with "has files"',
    ),
    _of(
        rf"\b(?P<word>every|after|in)\s+(?P<number>[0-9]+(?:\.[0-9]+)?){_END}",
        lambda match: f"{match['word']} {match['number']}s",
    ),
    _of(
        r"\b(?P<word>when|while)\s+(?P<path>[/~].*?)\s+(?P<event>changes|has\s+files)\b",
        _quoted,
        "this path needs quotes: something in it means something in a schedule",
    ),
    _of(
        r"^(?P<count>[0-9]+\s+times?),?\s+(?P<rest>[^|&()]+)$",
        lambda match: f"{match['rest']} {match['count']}",
        "how many times stands behind a schedule, not before it",
    ),
    _of(
        rf"\bfrom\s+(?P<start>{_HOUR})\s*(?:to|until|till|-)\s*(?P<end>{_HOUR})(?=[\s|&)]|$)",
        _window,
        '"from" takes a day or an instant; a window of the day is "between"',
    ),
    _of(rf"\bbetween\s+(?P<start>{_HOUR})\s*(?:and|to|until|till|-)\s*(?P<end>{_HOUR})(?=[\s|&)]|$)", _window),
    _of(rf"\bbetween\s+{_TIME}\s+and\s+{_TIME}(?:\s+and\s+{_TIME}\s+and\s+{_TIME})+(?=[\s|&)]|$)", _windows),
    _of(
        rf"\bexcept\s+between\s+(?P<end>{_TIME})\s+and\s+(?P<start>{_TIME}){_END}",
        _window,
        '"except" takes instants or days; to leave out hours, say the others',
    ),
    _of(
        rf"\bexcept\s+(?:on\s+)?(?P<days>{_DAYS}){_END}",
        _other_days,
        '"except" takes instants or dates; to leave out weekdays, say the others',
    ),
    _of(
        rf"^(?P<whole>[^|&()]+\s+except\s+{_DATES})\s+(?P<rest>(?:from|until|between|on|[0-9]+\s+times?)\b[^|&()]*)$",
        lambda match: f"({match['whole']}) {match['rest']}",
    ),
    _of(rf"\bat\s+(?P<times>{_HOURS}){_END}", lambda match: f"at {_clocks(match['times'])}"),
    _of(rf"{_START}at\s+(?={_TIME})", lambda match: "daily at ", "at this time, on which days?"),
    _of(
        rf"\bat\s+(?P<times>{_TIMES})\s+on\s+(?P<days>{_DAYS})(?=\s*$)",
        lambda match: f"on {match['days']} at {match['times']}",
    ),
    _of(
        rf"{_START}(?P<days>(?:every\s+)?{_DAYS})\s+(?P<times>{_HOURS}){_END}",
        lambda match: f"{match['days']} at {_clocks(match['times'])}",
        'between days and a time stands "at"',
    ),
    _of(
        rf"{_START}(?P<days>(?:every\s+)?{_DAYS})(?=\s*(?:$|[|&)]))",
        lambda match: f"{match['days']} at 09:00",
        "on these days, at what time?",
    ),
)
