"""Instants as people say them today: "now", "03:00", "tomorrow 11:00", "sat 09:00", "yesterday", or written out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from asched.core.grammar.instants import read_date, read_instants
from asched.core.localtime.timeofday import format_time, parse_time
from asched.core.localtime.weekdays import EVERY_DAY, parse_weekdays
from asched.core.localtime.zones import zone
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError

HELP = 'as in "03:00", "tomorrow 11:00", "sat 09:00", "yesterday" or "2026-12-24T17:30"'

_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}
_WEEK = 7
_DATE = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = pattern(
    r"(?P<time>noon|midnight|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?P<offset>z|[+-][0-9]{2}:?[0-9]{2})?", re.IGNORECASE
)


def read_moment(text: str, tz: str, now: datetime, *, back: bool = False) -> datetime:
    """The instant, in UTC, that is meant at `now` where clocks show the time of `tz`. A time alone, or one on a
    weekday, is the next such after `now`; with `back` the latest such that is not after it. Where clocks show a time
    twice, a day with a time means the first. A day alone is its beginning. Raises ScheduleError.
    """
    words = text.lower().split()
    if words == ["now"]:
        return now
    *days, last = [word for word in words if word != "at"] or [""]
    clock = _CLOCK.fullmatch(last)
    if clock is not None and not any(_DATE.fullmatch(day) for day in days):
        return _said(text, days, clock, tz, now, back)
    try:
        day = read_day(text, tz, now, back=back)
        return read_instants(text.strip(), tz)[0] if day is None else _begins(day, tz)
    except ScheduleError as error:
        raise ScheduleError(error.message, text=text, help=HELP) from None


def read_day(text: str, tz: str, now: datetime, *, back: bool = False) -> date | None:
    """The day that "yesterday", "sat" and "2026-12-24" mean; None where the text says no whole day. A weekday is the
    next one after today; with `back` the latest, which may be today. Raises ScheduleError for what is no date.
    """
    word, today = text.strip().lower(), now.astimezone(zone(tz)).date()
    if word in _DAYS:
        return today + timedelta(days=_DAYS[word])
    if _DATE.fullmatch(word):
        return read_date(word)
    weekdays = _named(word)
    near = [day for day in _around(today) if len(weekdays) == 1 and day.isoweekday() % _WEEK in weekdays]
    found = [day for day in near if (day <= today) == back]
    return (max(found) if back else min(found)) if found else None


def _begins(day: date, tz: str) -> datetime:
    """Where clocks skip midnight, a day begins just after."""
    return read_instants(f"{day.isoformat()}T00:00", tz)[0]


def _said(text: str, days: list[str], clock: re.Match[str], tz: str, now: datetime, back: bool) -> datetime:
    """A time of day, on a day that is named or not."""
    written = format_time(parse_time(clock["time"])).rjust(5, "0") + (clock["offset"] or "").upper()
    today = now.astimezone(zone(tz)).date()
    if len(days) == 1 and days[0] in _DAYS:
        return _at(today + timedelta(days=_DAYS[days[0]]), written, tz)[0]
    weekdays = _weekdays(text, days)
    near = (at for day in _around(today) if day.isoweekday() % _WEEK in weekdays for at in _at(day, written, tz))
    found = [at for at in near if (at <= now) == back]
    return max(found) if back else min(found)


def _weekdays(text: str, days: list[str]) -> tuple[int, ...]:
    if not days:
        return EVERY_DAY
    found = parse_weekdays(days[0]) if len(days) == 1 else ()
    if len(found) != 1:
        raise ScheduleError(f'"{text}" is not an instant', text=text, help=HELP)
    return found


def _named(word: str) -> tuple[int, ...]:
    """Of weekdays; none where it names none."""
    try:
        return parse_weekdays(word) if word.isalpha() else ()
    except ScheduleError:
        return ()


def _around(today: date) -> Iterator[date]:
    """Far enough to meet each weekday before now and after it, wherever in the day that is."""
    return (today + timedelta(days=away) for away in range(-_WEEK - 1, _WEEK + 2))


def _at(day: date, clock: str, tz: str) -> tuple[datetime, ...]:
    return tuple(at.astimezone(UTC) for at in read_instants(f"{day.isoformat()}T{clock}", tz, "both"))
