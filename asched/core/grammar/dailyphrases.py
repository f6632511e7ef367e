"""The part of the schedule grammar that names times of day, and minutes past the hour: all of it is cron's.

daily at 02:30            also `every day at`, `weekdays at`, `mon,thu at 09:00, 17:00`, `sat and sun at noon`
hourly at :15             also `every hour at :00 and :30`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from asched.core.localtime.timeofday import parse_time
from asched.core.localtime.weekdays import weekday_field
from asched.core.text.lists import list_items
from asched.core.text.pattern import pattern
from asched.core.text.pointing import read_part
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import any_of
from asched.errors import ScheduleError

_HOURLY = pattern(r"\s*(?:hourly|every\s+hour)\s+at\s+(?P<minutes>:.*)", re.IGNORECASE)
_DAILY = pattern(
    r"\s*(?P<days>[a-z,-]+(?:\s+[a-z,-]+)*?)\s+at\s+(?P<times>(?:[0-9]|noon\b|midnight\b).*)", re.IGNORECASE
)


def parse_daily(text: str, cron: Callable[[str], Trigger]) -> Trigger | None:
    """What `text` names, of what `cron` makes of expressions; None when it is another kind of schedule.

    Raises ScheduleError for one that is begun and not understood; its span counts in `text`.
    """
    if match := _HOURLY.fullmatch(text):
        minutes = read_part(text, *match.span("minutes"), _minutes)
        return cron(f"{_numbers(minutes)} * * * *")
    if match := _DAILY.fullmatch(text):
        days = read_part(text, *match.span("days"), weekday_field)
        items = list_items(text, match.start("times"), len(text.rstrip()))
        times = [read_part(text, item.start, item.end, parse_time) for item in items]
        return any_of([cron(f"{clock} * * {days}") for clock in _merged(times)])
    return None


def _minutes(text: str) -> list[int]:
    minutes = [item.words for item in list_items(text)]
    if not all(re.fullmatch(":[0-5][0-9]", minute) for minute in minutes):
        raise ScheduleError("not minutes past the hour", text=text, help='as in ":15" or ":00, :30"')
    return [int(minute[1:]) for minute in minutes]


def _merged(times: Iterable[int]) -> list[str]:
    """Cron's time fields for them, as few expressions as hours with the same minute allow."""
    hours: dict[tuple[int, int], list[int]] = {}
    for time in times:
        hours.setdefault((time % 60, time // 60 % 60), []).append(time // 3600)
    return [
        f"{second} {minute} {_numbers(of)}" if second else f"{minute} {_numbers(of)}"
        for (second, minute), of in sorted(hours.items())
    ]


def _numbers(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(set(numbers))))
