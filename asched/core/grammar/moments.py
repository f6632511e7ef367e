"""Instants as people say them today: "now", "03:00", "tomorrow 11:00", "sat 09:00", or written out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from asched.core.grammar.instants import read_instants
from asched.core.localtime.timeofday import format_time, parse_time
from asched.core.localtime.weekdays import parse_weekdays
from asched.core.localtime.zones import zone
from asched.errors import ScheduleError

HELP = 'as in "03:00", "tomorrow 11:00", "sat 09:00" or "2026-12-24T17:30"'

_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}
_WEEK = 7


def read_moment(text: str, tz: str, now: datetime, *, back: bool = False) -> datetime:
    """The instant, in UTC, that is meant at `now` where clocks show the time of `tz`. A time alone, or one on a
    weekday, is the next such after `now`; with `back` the latest such that is not after it. Where clocks show a time
    twice, a day with a time means the first. Raises ScheduleError.
    """
    words = text.lower().split()
    if words == ["now"]:
        return now
    if words and ":" in words[-1] and "-" not in words[0]:
        return _said(text, words, tz, now, back)
    try:
        return read_instants(text.strip(), tz)[0]
    except ScheduleError as error:
        raise ScheduleError(error.message, text=text, help=HELP) from None


def _said(text: str, words: list[str], tz: str, now: datetime, back: bool) -> datetime:
    """A time of day, on a day that is named or not."""
    time, days = parse_time(words[-1]), [word for word in words[:-1] if word != "at"]
    today = now.astimezone(zone(tz)).date()
    if len(days) == 1 and days[0] in _DAYS:
        return _at(today + timedelta(days=_DAYS[days[0]]), time, tz)[0]
    weekdays = _weekdays(text, days)
    near = (at for day in _around(today) if day.isoweekday() % _WEEK in weekdays for at in _at(day, time, tz))
    found = [at for at in near if (at <= now) == back]
    return max(found) if back else min(found)


def _weekdays(text: str, days: list[str]) -> tuple[int, ...]:
    if not days:
        return tuple(range(_WEEK))
    try:
        found = parse_weekdays(days[0]) if len(days) == 1 else ()
    except ScheduleError:
        found = ()
    if len(found) != 1:
        raise ScheduleError(f'"{text}" is not an instant', text=text, help=HELP)
    return found


def _around(today: date) -> Iterator[date]:
    """Far enough to meet each weekday before now and after it, wherever in the day that is."""
    return (today + timedelta(days=away) for away in range(-_WEEK - 1, _WEEK + 2))


def _at(day: date, time: int, tz: str) -> tuple[datetime, ...]:
    written = f"{day.isoformat()}T{format_time(time).rjust(5, '0')}"
    return tuple(at.astimezone(UTC) for at in read_instants(written, tz, "both"))
