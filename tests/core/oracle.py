"""A brute-force oracle for cron in a time zone: obvious, and without a line shared with asched.

It looks at every minute (or second) of real time in a span, asks the zone what clocks show then, and applies the
rules of the time contract one by one. What clocks show is laid out on an axis of its own, and each value of each
field is a set of bits on it, so that one expression costs a few operations on long integers however long the span.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
NAMES = {
    "month": {name: number for number, name in enumerate(MONTHS, 1)},
    "weekday": {name: number for number, name in enumerate(WEEKDAYS)},
}
BOUNDS = {"second": (0, 59), "minute": (0, 59), "hour": (0, 23), "month": (1, 12), "year": (1970, 2099)}
ORDER = ("second", "minute", "hour", "day", "month", "weekday", "year")


def split(expression: str) -> dict[str, str]:
    words = expression.upper().split()
    if len(words) == 5:
        words = ["0", *words]
    return dict(zip(ORDER, words + ["*"] * (7 - len(words)), strict=True))


def numbers(text: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """The values of a field without special days, walking round from `high` to `low` where a range wraps."""
    found: set[int] = set()
    for item in text.split(","):
        body, _, step = item.partition("/")
        if body in ("*", "?"):
            first, last = low, high
        else:
            ends = [(names or {}).get(end) if end in (names or {}) else int(end) for end in body.split("-")]
            first, last = ends[0], ends[-1]
            if len(ends) == 1 and step:
                last = high
        value, walked = first, 0
        while True:
            if walked % int(step or 1) == 0:
                found.add(value)
            if value == last:
                break
            value, walked = (low if value == high else value + 1), walked + 1
    return found


def day_items(text: str) -> Iterator[Callable[[date], bool]]:
    for item in text.split(","):
        if item in ("LW", "WL"):
            yield lambda day: day == max(workdays(day))
        elif item.startswith("L"):
            back = int(item[2:] or 0)
            yield lambda day, back=back: length(day) - day.day == back
        elif item.endswith("W"):
            wanted = int(item[:-1])
            yield (
                lambda day, wanted=wanted: (
                    day == min(workdays(day), key=lambda one: abs(one.day - min(wanted, length(day))))
                )
            )
        else:
            values = numbers(item, 1, 31)
            yield lambda day, values=values: day.day in values


def weekday_items(text: str) -> Iterator[Callable[[date], bool]]:
    names = NAMES["weekday"]
    for item in text.split(","):
        if "#" in item:
            name, nth = item.split("#")
            (wanted,) = (n % 7 for n in numbers(name, 0, 7, names))
            yield lambda day, wanted=wanted, nth=int(nth): weekday(day) == wanted and (day.day + 6) // 7 == nth
        elif item.endswith("L"):
            (wanted,) = (n % 7 for n in numbers(item[:-1], 0, 7, names))
            yield lambda day, wanted=wanted: weekday(day) == wanted and day.day + 7 > length(day)
        else:
            # Sunday is 7 too, at the end of a range; one that begins with it goes on with Monday.
            if item.startswith("7-"):
                item = "0" + item[1:].replace("-7", "-0")
            high = 7 if "7" in item.partition("/")[0] else 6
            values = {n % 7 for n in numbers(item, 0, high, names)}
            yield lambda day, values=values: weekday(day) in values


def weekday(day: date) -> int:
    return day.isoweekday() % 7


def length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def workdays(day: date) -> list[date]:
    month = [day.replace(day=n) for n in range(1, length(day) + 1)]
    return [one for one in month if one.isoweekday() <= 5]


class Span:
    """Every minute, or with `seconds` every second, from `start` to `end` (both included, whole minutes)."""

    def __init__(self, zone: str, start: datetime, end: datetime, *, seconds: bool = False) -> None:
        self.unit = timedelta(seconds=1) if seconds else MINUTE
        self.start, self.end = start, end
        there, at, walls = ZoneInfo(zone), start, []
        while at <= end:
            walls.append(at.astimezone(there).replace(tzinfo=None))
            at += self.unit
        self.low = min(walls)
        self.size = (max(walls) - self.low) // self.unit + 1
        self.shown: dict[int, list[int]] = {}  # a place on the axis of wall times: when clocks show it
        self.skipped: dict[int, int] = {}  # the others: the first moment after the gap
        self._lay(walls)
        self._bits: dict[tuple[str, int], int] = {}
        self._days: list[tuple[date, int]] = []
        self._tabulate()

    def _lay(self, walls: list[datetime]) -> None:
        previous = None
        for moment, wall in enumerate(walls):
            place = (wall - self.low) // self.unit
            self.shown.setdefault(place, []).append(moment)
            if previous is not None and place > previous + 1:
                self.skipped.update(dict.fromkeys(range(previous + 1, place), moment))
            previous = place
        self.skipped = {place: moment for place, moment in self.skipped.items() if place not in self.shown}

    def _tabulate(self) -> None:
        """Which places show which second, minute, hour, month, year; and which belong to which day."""
        days: dict[date, int] = {}
        wall = self.low
        for place in range(self.size):
            for name in BOUNDS:
                key = (name, getattr(wall, name))
                self._bits[key] = self._bits.get(key, 0) | 1 << place
            days[wall.date()] = days.get(wall.date(), 0) | 1 << place
            wall += self.unit
        self._days = list(days.items())

    def matching(self, expression: str, day_rule: str) -> int:
        """The places whose wall time the expression names, skipped ones too: T2."""
        fields = split(expression)
        found = (1 << self.size) - 1
        for name, (low, high) in BOUNDS.items():
            values = numbers(fields[name], low, high, NAMES.get(name))
            field = 0
            for value in values:
                field |= self._bits.get((name, value), 0)
            found &= field
        return found & self._matching_days(fields["day"], fields["weekday"], day_rule)

    def _matching_days(self, days: str, weekdays: str, day_rule: str) -> int:
        by_day, by_weekday = list(day_items(days)), list(weekday_items(weekdays))
        both = day_rule == "and" or any("*" in text or text == "?" for text in (days, weekdays))
        found = 0
        for day, places in self._days:
            fits = any(item(day) for item in by_day), any(item(day) for item in by_weekday)
            if all(fits) if both else any(fits):
                found |= places
        return found

    def fires(self, expression: str, dst: str = "auto", day_rule: str = "crontab") -> list[datetime]:
        """All of them in the span: T3 to T5."""
        if dst == "auto":
            fields = split(expression)
            starred = any(fields[name].startswith("*") for name in ("second", "minute", "hour"))
            into_gap, passes = (False, "both") if starred else (True, "first")
        else:
            into_gap, passes = dst != "skip", {"skip": "first"}.get(dst, dst)
        moments: set[int] = set()
        for place in places(self.matching(expression, day_rule)):
            if shown := self.shown.get(place):
                moments.update({"first": shown[:1], "last": shown[-1:], "both": shown}[passes])
            elif into_gap:
                moments.add(self.skipped[place])
        return [self.start + moment * self.unit for moment in sorted(moments)]


def places(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    text = bin(bits)[:1:-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)


@lru_cache(maxsize=64)
def window(zone: str, change: datetime, margin: timedelta) -> Span:
    return Span(zone, change - margin, change + margin)


def fires(
    expression: str, zone: str, change: datetime, margin: timedelta, dst: str = "auto", day_rule: str = "crontab"
) -> list[datetime]:
    """All fires within `margin` of `change`."""
    return window(zone, change, margin).fires(expression, dst, day_rule)


def changes(zone: str, first_year: int, last_year: int) -> list[datetime]:
    """Every offset change of those years, to the minute."""
    there = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(there).utcoffset()

    at, found = datetime(first_year, 1, 1, tzinfo=UTC), []
    here = offset(at)
    while at.year <= last_year:
        later = at + timedelta(hours=12)
        if here != (there_then := offset(later)):
            found.append(next(m for n in range(1, 721) if offset(m := at + n * MINUTE) != here))
        at, here = later, there_then
    return found
