"""The part of the schedule grammar that counts days, weeks, months and years on the calendar.

    every 3 days at 09:00                        counted from its anchor, as all of these
    every 2 weeks on monday, thursday at 09:00   also `every other week on mon-fri`, `every week on monday`
    every 3 months on the 31st at 08:00          its last day, where a month has none; `skipping short months`: not then
    every month on the last friday at 17:00      also `the last day`, `the last workday`, `the second tuesday`
    every 2 years on march 1 at 08:00            also `on the last friday of november`

Each may end with `from INSTANT`: the first fire is the first matching time at or after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches

from asched.core.dataclass import dataclass
from asched.core.grammar.instants import INSTANT, read_instants
from asched.core.localtime.localinstants import Dst
from asched.core.localtime.monthdays import LastDay, LastWeekday, LastWorkday, NthWeekday
from asched.core.localtime.timeofday import parse_time
from asched.core.localtime.weekdays import SETS, WEEKDAYS, weekday_number
from asched.core.text.lists import Item, list_items
from asched.core.text.pattern import pattern
from asched.core.text.pointing import read_part
from asched.core.text.wording import ORDINALS
from asched.core.triggers.calendarinterval import MONTHS, CalendarInterval, Day, Unit
from asched.errors import ScheduleError

_PHRASE = pattern(
    r"\s*every\s+(?:(?P<count>[0-9]+|other)\s+)?(?P<unit>day|week|month|year)s?\b"
    r"(?:\s+on\s+(?P<on>.*?))?"
    r"(?:\s+at\s+(?P<times>.*?))?"
    r"(?P<skip>,?\s+skipping\s+short\s+months)?"
    rf"(?:\s+from\s+(?P<anchor>{INSTANT}))?\s*",
    re.IGNORECASE,
)
_NUMBER = pattern(r"(?:the\s+)?(?:day\s+)?([0-9]{1,2})(?:st|nd|rd|th)?", re.IGNORECASE)
_NAMED = pattern(r"(?:the\s+)?(?P<place>last|first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th)\s+(?P<what>[a-z]+)")
_EXAMPLES = {
    "day": "every 3 days at 09:00",
    "week": "every 2 weeks on monday at 09:00",
    "month": "every 3 months on the 1st at 08:00",
    "year": "every 2 years on march 1 at 08:00",
}


def parse_calendar_interval(text: str, tz: str, dst: Dst) -> CalendarInterval | None:
    """The interval that `text` names, or None when it is another kind of schedule.

    Raises ScheduleError for one that is begun and not understood; its span counts in `text`.
    """
    match = _PHRASE.fullmatch(text)
    if match is None or not _is_ours(match):
        return None
    return _Reader(text, match, tz, dst).read()


def _is_ours(match: re.Match[str]) -> bool:
    """A daily time of day is cron's, and a length of days or weeks an interval's."""
    unit, on_calendar = match["unit"].lower(), match["on"] is not None or match["times"] is not None
    if unit == "day":
        return on_calendar and match["count"] is not None
    return on_calendar or (unit in ("month", "year") and match["count"] is not None)


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    match: re.Match[str]
    tz: str
    dst: Dst

    def read(self) -> CalendarInterval:
        unit = self._unit()
        count = {None: 1, "other": 2}.get(self.match["count"] and self.match["count"].lower())
        on, month = self._on(unit)
        times = self._times(unit)
        count = int(self.match["count"]) if count is None else count
        if count < 1:
            raise self._wrong(f"every {count} {unit}s is never", *self.match.span("count"), "count from 1")
        if unit == "week" and not on:
            unit, count = "day", 7 * count  # the weekday is the anchor's
        return self._made(count, unit, times, on, month)

    def _made(
        self, count: int, unit: Unit, times: tuple[int, ...], on: tuple[Day, ...], month: int | None
    ) -> CalendarInterval:
        skip = self.match["skip"] is not None
        if skip and unit not in ("month", "year"):
            raise self._wrong(f"no {unit} is a short month", *self.match.span("skip"), "leave it out")
        try:
            return CalendarInterval(count, unit, times, on, month, self.tz, self.dst, skip, self._anchor())
        except ScheduleError as error:
            if error.text:
                raise
            raise self._wrong(error.message, *self.match.span("on"), error.help) from None

    def _unit(self) -> Unit:
        found: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "year": "year"}
        return found[self.match["unit"].lower()]

    def _times(self, unit: Unit) -> tuple[int, ...]:
        if not self.match["times"]:
            raise self._wrong("at what time?", 0, len(self.text), f'as in "{_EXAMPLES[unit]}"')
        return tuple(self._time(item) for item in self._items("times"))

    def _time(self, item: Item) -> int:
        return read_part(self.text, item.start, item.end, parse_time)

    def _on(self, unit: Unit) -> tuple[tuple[Day, ...], int | None]:
        if not self.match["on"]:
            if unit in ("month", "year"):
                raise self._wrong("on which day?", 0, len(self.text), f'as in "{_EXAMPLES[unit]}"')
            return (), None
        match unit:
            case "day":
                raise self._wrong(
                    "a number of days needs no day to be on", *self.match.span("on"), f'as in "{_EXAMPLES["day"]}"'
                )
            case "week":
                return tuple(day for item in self._items("on") for day in self._weekdays(item)), None
            case "month":
                return tuple(self._month_day(item, item.words) for item in self._items("on")), None
            case "year":
                return self._days_of_year()

    def _weekdays(self, item: Item) -> Iterator[int]:
        for part in SETS.get(item.words, item.words).split(","):
            first, dash, last = part.partition("-")
            low = self._weekday(first.strip(), item)
            high = self._weekday(last.strip(), item) if dash else low
            yield from ((low + ahead) % 7 for ahead in range((high - low) % 7 + 1))

    def _weekday(self, name: str, item: Item) -> int:
        if (number := weekday_number(name)) is not None:
            return number
        close = get_close_matches(name, [*WEEKDAYS, *SETS], n=1)
        raise self._not_a(item, "a weekday", f'did you mean "{close[0]}"?' if close else 'as in "monday" or "mon-fri"')

    def _month_day(self, item: Item, words: str) -> Day:
        if (number := _NUMBER.fullmatch(words)) and 1 <= int(number[1]) <= 31:
            return int(number[1])
        named = _NAMED.fullmatch(words)
        what = named["what"] if named else ""
        if named and named["place"] == "last" and what in ("day", "workday"):
            return LastDay() if what == "day" else LastWorkday()
        weekday = None if what.endswith("s") else weekday_number(what)  # one of them
        if named and weekday is not None:
            return LastWeekday(weekday) if named["place"] == "last" else NthWeekday(weekday, _place(named["place"]))
        help = 'as in "the 31st", "the last day", "the last workday" or "the second tuesday"'
        raise self._not_a(item, "a day of the month", help)

    def _days_of_year(self) -> tuple[tuple[Day, ...], int]:
        """ "march 1", "1 march", "the 1st of march", "the last friday of november"; all in one month."""
        days: list[Day] = []
        months: list[int] = []
        for item in self._items("on"):
            words = item.words.split()
            found = [place for place, word in enumerate(words) if _month(word)]
            if found:
                months.append(_month(words[found[0]]))
            rest = " ".join(word for place, word in enumerate(words) if place not in found and word != "of")
            if rest or not found:
                days.append(self._month_day(item, rest or item.words))
        if len(set(months)) != 1:
            message = "in which month?" if not months else "one month, please: write two schedules"
            raise self._wrong(message, *self.match.span("on"), f'as in "{_EXAMPLES["year"]}"')
        if not days:
            raise self._wrong("on which day?", *self.match.span("on"), f'as in "{_EXAMPLES["year"]}"')
        return tuple(days), months[0]

    def _anchor(self) -> datetime | None:
        if not self.match["anchor"]:
            return None
        return read_part(self.text, *self.match.span("anchor"), lambda said: read_instants(said, self.tz)[0])

    def _items(self, group: str) -> list[Item]:
        return list_items(self.text, *self.match.span(group))

    def _not_a(self, item: Item, what: str, help: str) -> ScheduleError:
        return self._wrong(f'"{self.text[item.start : item.end]}" is not {what}', item.start, item.end, help)

    def _wrong(self, message: str, start: int, end: int, help: str = "") -> ScheduleError:
        return ScheduleError(message, text=self.text, span=(start, end), help=help)


def _place(word: str) -> int:
    return ORDINALS.index(word) if word in ORDINALS else int(word[0])


def _month(word: str) -> int:
    """1 to 12; 0 for what is no month."""
    return next((place for place, name in enumerate(MONTHS, 1) if word in (name, name[:3])), 0)
