"""The fields of a cron expression: text in, sets of values out, every complaint with its place.

A field is a list of `*`, `a`, `a-b` (wrapping when a > b), each with an optional `/step`, where `a/step`
runs to the field's end; names for months and weekdays; `?` for an unrestricted day. In the day of month also
`L`, `L-3`, `LW`, `15W`; in the weekday `5#2` and `5L`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from difflib import get_close_matches

from asched.core.dataclass import dataclass
from asched.core.localtime.monthdays import LastDay, LastWeekday, LastWorkday, MonthDay, NearestWorkday, NthWeekday
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class Unit:
    """What one field counts: its bounds, and the names that stand for values."""

    name: str
    low: int
    high: int
    cycle: int  # how many distinct values there are; a wrapping range goes round in it
    names: Mapping[str, int] = field(default_factory=dict, hash=False)


def _numbered(first: int, names: str) -> dict[str, int]:
    return {name: number for number, name in enumerate(names.split(), first)}


SECOND = Unit("second", 0, 59, 60)
MINUTE = Unit("minute", 0, 59, 60)
HOUR = Unit("hour", 0, 23, 24)
DAY = Unit("day", 1, 31, 31)
MONTH = Unit("month", 1, 12, 12, _numbered(1, "jan feb mar apr may jun jul aug sep oct nov dec"))
WEEKDAY = Unit("weekday", 0, 7, 7, _numbered(0, "sun mon tue wed thu fri sat"))  # 7 is Sunday too
YEAR = Unit("year", 1970, 2099, 130)

LAYOUTS = {
    5: (MINUTE, HOUR, DAY, MONTH, WEEKDAY),
    6: (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY),
    7: (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR),
}
_SECONDS_FIRST = "six fields are read as: second minute hour day month weekday"


@dataclass(frozen=True, slots=True)
class Field:
    """One field, read. `values` are sorted; a weekday is 0 (Sunday) to 6."""

    unit: Unit
    text: str
    span: tuple[int, int]
    values: tuple[int, ...]
    special: tuple[MonthDay, ...] = ()

    @property
    def starts_with_star(self) -> bool:
        """What makes a job interval-like."""
        return self.text.startswith("*")

    @property
    def unrestricted(self) -> bool:
        """A day field that does not take part in "either day field": it contains a star, or is `?`."""
        return "*" in self.text or self.text == "?"

    @property
    def full(self) -> bool:
        return len(self.values) == self.unit.cycle


@dataclass(frozen=True, slots=True)
class Fields:
    """A whole expression, read."""

    second: Field
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field
    year: Field
    written: tuple[Field, ...]  # those that the text holds, in its order

    @property
    def expression(self) -> str:
        """The canonical text: one space between fields, names and letters in upper case."""
        return " ".join(part.text for part in self.written)


def read_fields(expression: str) -> Fields:
    """Reads 5 fields, 6 (seconds first) or 7 (year last). Raises ScheduleError pointing at what is wrong."""
    words = list(re.finditer(r"\S+", expression))
    if len(words) not in LAYOUTS:
        raise ScheduleError(
            f"a cron expression has 5 fields, 6 (seconds first) or 7 (year last), not {len(words)}",
            text=expression,
            help=_help_for_count(expression, len(words)),
        )
    units = LAYOUTS[len(words)]
    read = tuple(
        _Reader(expression, word.start(), unit, len(words)).read(word.group())
        for word, unit in zip(words, units, strict=True)
    )
    named = {part.unit.name: part for part in read}
    named.setdefault("second", Field(SECOND, "0", (0, 0), (0,)))
    named.setdefault("year", Field(YEAR, "*", (0, 0), tuple(range(YEAR.low, YEAR.high + 1))))
    return Fields(**named, written=read)


def _help_for_count(expression: str, count: int) -> str:
    if count == 4:
        return f'minute hour day month weekday: did you mean "{" ".join(expression.split())} *"?'
    return 'minute hour day month weekday, as in "30 2 * * *"'


_NUMBER = pattern(r"[0-9]{1,4}")
_STEP = pattern(r"[0-9]{1,9}")  # int() refuses thousands of digits, with an error of its own
_RANGE = pattern(r"(?P<low>[^-/*?#]+)(?:-(?P<high>[^-/*?#]+))?(?:/(?P<step>[^-/*?#]+))?")
_STAR = pattern(r"\*(?:/(?P<step>[^-/*?#]+))?")
_LAST_DAY = pattern(r"L(?:-(?P<back>[0-9]{1,2}))?")
_NEAREST = pattern(r"(?P<day>[0-9]{1,2})W")
_NTH = pattern(r"(?P<weekday>[0-9A-Z]+)#(?P<nth>[0-9]{1,4})")
_LAST_WEEKDAY = pattern(r"(?P<weekday>[0-9]|[A-Z]{3})L")
_ELSEWHERE = pattern(r"[0-9A-Z]+(?:(?P<to>-[0-9A-Z]+)#[0-9L]|#L)")  # as other tools have it
_DICE = pattern(r"[HR](?:[(/].*)?")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one field; knows where it stands, so that each complaint points at its characters."""

    expression: str
    start: int
    unit: Unit
    count: int

    def read(self, text: str) -> Field:
        values: set[int] = set()
        special: list[MonthDay] = []
        at = self.start
        for item in text.split(","):
            if named := self._special(item.upper(), at):
                special.append(named)
            else:
                values.update(self._plain(item, at))
            at += len(item) + 1
        span = (self.start, self.start + len(text))
        return Field(self.unit, text.upper(), span, tuple(sorted(values)), tuple(dict.fromkeys(special)))

    def _special(self, item: str, at: int) -> MonthDay | None:
        if self.unit is DAY:
            return self._special_day(item, at)
        return self._special_weekday(item, at) if self.unit is WEEKDAY else None

    def _special_day(self, item: str, at: int) -> MonthDay | None:
        if item in ("LW", "WL"):
            return LastWorkday()
        if match := _LAST_DAY.fullmatch(item):
            back = int(match["back"] or 0)
            if back > 30:
                raise self._wrong("no month has a day that far before its last", at, item)
            return LastDay(back)
        if item[:1] == "W" and _NEAREST.fullmatch(item[1:] + "W"):
            raise self._wrong(f'"{item}" is not a day', at, item, f'did you mean "{item[1:]}W"?')
        if match := _NEAREST.fullmatch(item):
            return NearestWorkday(self._value(match["day"], at))
        return None

    def _special_weekday(self, item: str, at: int) -> MonthDay | None:
        if match := _NTH.fullmatch(item):
            weekday, nth = self._value(match["weekday"], at) % 7, int(match["nth"])
            if not 1 <= nth <= 5:
                raise self._wrong(f"a month has no weekday number {nth}: 1-5", at, item)
            return NthWeekday(weekday, nth)
        if match := _LAST_WEEKDAY.fullmatch(item):
            return LastWeekday(self._value(match["weekday"], at) % 7)
        if item == "L" or re.fullmatch("L[0-7]", item):
            last = f'the last Friday is "5L"; did you mean "{item[1:] or 6}L"?'
            raise self._wrong(f'"{item}" is not a weekday', at, item, last)
        if "#" in item and (elsewhere := _ELSEWHERE.fullmatch(item)):
            help = 'each day by itself, as in "MON#1,TUE#1"' if elsewhere["to"] else f'did you mean "{item[:-2]}L"?'
            raise self._wrong(f'"{item}" is not a weekday', at, item, help)
        return None

    def _plain(self, item: str, at: int) -> set[int]:
        if item == "?" and self.unit in (DAY, WEEKDAY) and at == self.start:
            return set(range(self.unit.low, self.unit.low + self.unit.cycle))
        if match := _STAR.fullmatch(item):
            step = self._step(match["step"], at + 2, item)
            return set(range(self.unit.low, self.unit.low + self.unit.cycle, step))
        if self.unit is DAY and re.search(r"[-/].*W$", item.upper()):
            raise self._wrong("W goes with a single day", at, item, 'as in "15W"')
        if (match := _RANGE.fullmatch(item)) and not _DICE.fullmatch(item.upper()):
            return self._range(match, item, at)
        raise self._not_understood(item, at)

    def _range(self, match: re.Match[str], item: str, at: int) -> set[int]:
        low = self._value(match["low"], at)
        step = self._step(match["step"], at + match.start("step"), item)
        if match["high"]:
            high = self._value(match["high"], at + match.start("high"), ends=True)
        else:
            high = low if match["step"] is None else max(low, self.unit.low + self.unit.cycle - 1)
        if low <= high:
            return {self._once(value) for value in range(low, high + 1, step)}
        if self.unit is YEAR:
            swapped = f'did you mean "{high}-{low}"?'
            raise self._wrong(f"years do not wrap: {low} is after {high}", at, item, swapped)
        distance = (high - low) % self.unit.cycle
        return {self._once(low + ahead) for ahead in range(0, distance + 1, step)}

    def _once(self, value: int) -> int:
        """The value within one cycle: past the end it starts again, and weekday 7 is 0."""
        return (value - self.unit.low) % self.unit.cycle + self.unit.low

    def _step(self, text: str | None, at: int, item: str) -> int:
        if text is None:
            return 1
        if not _STEP.fullmatch(text) or int(text) == 0:
            raise self._wrong(f'step "{text}" is not a whole number from 1', at, text)
        if int(text) > self.unit.cycle:
            raise self._wrong(
                f"step {int(text)} is wider than the {self.unit.name} field ({self.unit.cycle})",
                at,
                text,
                self._help_for_step(int(text), item),
            )
        return int(text)

    def _help_for_step(self, step: int, item: str) -> str:
        letter = {"second": "s", "minute": "m", "hour": "h"}.get(self.unit.name)
        return f'did you mean "every {step}{letter}"?' if letter and item.startswith("*") else ""

    def _value(self, text: str, at: int, *, ends: bool = False) -> int:
        """`ends`: it is the end of a range."""
        if text.lower() in self.unit.names:
            return self.unit.names[text.lower()]
        if not _NUMBER.fullmatch(text):
            raise self._not_understood(text, at)
        value = int(text)
        if not self.unit.low <= value <= self.unit.high:
            bounds = f"{self.unit.low}-{self.unit.high}"
            message = f"{self.unit.name} {value} is out of range {bounds}"
            raise self._wrong(message, at, text, self._help_for_value(value, at, text, ends))
        return value

    def _help_for_value(self, value: int, at: int, text: str, ends: bool) -> str:
        """Minute 61 is likely to be minute 1, hour 24 midnight; nobody knows what day 32 was to be. A range to 60 goes
        to the end.
        """
        if self.unit not in (SECOND, MINUTE, HOUR) or value >= 2 * self.unit.cycle:
            return _SECONDS_FIRST if self.count == 6 else _RANGES.get(self.unit.name, "")
        likely = self.unit.high if ends and value == self.unit.cycle else value % self.unit.cycle
        meant = self.expression[:at] + str(likely) + self.expression[at + len(text) :]
        try:
            read_fields(meant)
        except ScheduleError:
            return ""
        return f'did you mean "{" ".join(meant.split())}"?'

    def _not_understood(self, item: str, at: int) -> ScheduleError:
        if not item:
            return self._wrong(f"an empty item in the {self.unit.name} field", at, " ", "a comma too many?")
        if dice := _DICE.fullmatch(item.upper()):
            return self._wrong(_DICE_SAYS[dice.group()[0]], at, item, _DICE_HELP)
        if item == "?":
            return self._wrong(f'"?" is not a {self.unit.name}', at, item, 'did you mean "*"?')
        if close := get_close_matches(item.lower()[:3], self.unit.names, n=1, cutoff=0.6):
            return self._wrong(f'"{item}" is not a {self.unit.name}', at, item, f'did you mean "{close[0]}"?')
        return self._wrong(f'"{item}" is not a {self.unit.name}', at, item)

    def _wrong(self, message: str, at: int, item: str, help: str = "") -> ScheduleError:
        help = help or (_SECONDS_FIRST if self.count == 6 else "")
        return ScheduleError(message, text=self.expression, span=(at, at + len(item)), help=help)


_RANGES = {
    "day": "days are 1-31, and the last one of a month is L",
    "month": "months are 1-12, or jan-dec",
    "weekday": "weekdays are 0-7, where 0 and 7 are Sunday, or sun-sat",
}
_DICE_HELP = "write a fixed value, and give the job a jitter to spread the load"
_DICE_SAYS = {
    "R": "R is refused: it would mean another time after every restart",
    "H": "H is not supported here: it needs the name of a job",
}
