"""Durations as people write them: "90s", "1h30m", "250ms", "1.5h", "2 days"."""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise

from asched.core.text.pattern import pattern
from asched.errors import ScheduleError

_MICROSECOND = timedelta(microseconds=1)

# Largest first: the order in which terms must be written, and in which they are printed.
_UNITS: dict[str, int] = {
    "w": 604_800_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}

_SPELLINGS: dict[str, str] = {
    **{unit: unit for unit in _UNITS},
    **dict.fromkeys(("week", "weeks"), "w"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("µs", "μs", "microsecond", "microseconds"), "us"),
}

_TERM = pattern(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zµμ]*)\s*", re.IGNORECASE)
_EXAMPLES = 'write a number and a unit (ms, s, m, h, d, w), as in "90s", "1h30m" or "250ms"'


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> timedelta:
    """The duration that `text` names: zero or more, in whole microseconds.

    Terms stand largest unit first, each unit once. Raises ScheduleError.
    """
    terms = _terms(text)
    for (_, larger, _), (_, size, span) in pairwise(terms):
        if size >= larger:
            raise ScheduleError("units go from large to small, each once", text=text, span=span, help='as in "1h30m"')
    places = max(len(number.partition(".")[2]) for number, _, _ in terms)
    total = sum(_without_point(number, places) * size for number, size, _ in terms)
    amount, rest = divmod(total, 10**places)
    if rest:
        raise ScheduleError("a duration is a whole number of microseconds", text=text)
    return _from_microseconds(amount, text)


def as_duration(value: str | int | float | timedelta) -> timedelta:
    """What a configuration may hold for a duration: a text, or a number of seconds."""
    match value:
        case timedelta():
            return value
        case str():
            return parse_duration(value)
        case bool():
            raise ScheduleError(f"{value} is not a duration", help=_EXAMPLES)
        case int() | float():
            return _from_seconds(value)


def format_duration(duration: timedelta) -> str:
    """The canonical text: whole terms, largest unit first; weeks only when nothing else is needed.

    `parse_duration` reads it back exactly. A negative duration, which only people read, gets a minus sign.
    """
    rest = duration // _MICROSECOND
    if rest < 0:
        return "-" + format_duration(-duration)
    if rest and rest % _UNITS["w"] == 0:
        return f"{rest // _UNITS['w']}w"
    terms = []
    for unit, size in list(_UNITS.items())[1:]:
        count, rest = divmod(rest, size)
        terms += [f"{count}{unit}"] if count else []
    return "".join(terms) or "0s"


def _terms(text: str) -> list[tuple[str, int, tuple[int, int]]]:
    """(number, microseconds in its unit, characters) of every term; all of the text must be terms."""
    terms, position = [], 0
    while match := _TERM.match(text, position):
        start, end = match.start(1), match.end(2)
        terms.append((match[1], _size(match[2], text, (start, end)), (start, end)))
        position = match.end()
    if not terms or position < len(text):
        raise ScheduleError("not a duration", text=text, span=_rest(text, position), help=_EXAMPLES)
    return terms


def _without_point(number: str, places: int) -> int:
    """`number` · 10^places, exactly."""
    whole, _, part = number.partition(".")
    return int(whole + part.ljust(places, "0"))


def _rest(text: str, position: int) -> tuple[int, int] | None:
    return (position, len(text)) if 0 < position < len(text) else None


def _size(unit: str, text: str, span: tuple[int, int]) -> int:
    if known := _SPELLINGS.get(unit.lower()):
        return _UNITS[known]
    if not unit:
        hint = f'did you mean "{text[span[0] : span[1]].strip()}s"?'
        raise ScheduleError("a duration needs a unit", text=text, span=span, help=hint)
    close = get_close_matches(unit.lower(), _SPELLINGS, n=1)
    hint = f'did you mean "{close[0]}"?' if close else _EXAMPLES
    raise ScheduleError(f'"{unit}" is not a unit of time', text=text, span=span, help=hint)


def _from_seconds(seconds: int | float) -> timedelta:
    from fractions import Fraction  # most durations are texts, and loading this takes a hundredth of loading asched

    try:
        return _from_microseconds(round(Fraction(seconds) * 1_000_000), str(seconds))
    except (ValueError, OverflowError):  # nan and the infinities
        raise ScheduleError(f"{seconds} is not a duration", help=_EXAMPLES) from None


def _from_microseconds(amount: int, text: str) -> timedelta:
    if amount < 0:
        raise ScheduleError("a duration cannot be negative", text=text)
    try:
        return timedelta(microseconds=amount)
    except OverflowError:
        raise ScheduleError("a duration this long cannot be kept", text=text) from None
