"""Times of day as people write them, in seconds since midnight: "8:00", "17:05:30", "noon"."""

from __future__ import annotations

from asched.core.localtime.walltimes import DAY_SECONDS
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError

_NAMED = {"noon": "12:00", "midnight": "00:00"}
_TIME = pattern(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?")


def parse_time(text: str, *, up_to_midnight: bool = False) -> int:
    """Raises ScheduleError. The end of the day, "24:00" and then "midnight" too, is understood when it is asked for."""
    named = {**_NAMED, "midnight": "24:00"} if up_to_midnight else _NAMED
    clock = _TIME.fullmatch(named.get(text.lower(), text))
    hour, minute, second = (int(part or 0) for part in clock.groups()) if clock else (99, 0, 0)
    time = (hour * 60 + minute) * 60 + second
    if time > DAY_SECONDS or (time == DAY_SECONDS and not up_to_midnight):
        raise ScheduleError(f'"{text}" is not a time of day', text=text, help='as in "02:30" or "17:05:30"')
    return time


def format_time(time: int) -> str:
    """As `parse_time` reads it: "02:30", with seconds where there are some."""
    minutes, second = divmod(time, 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{clock}:{second:02}" if second else clock
