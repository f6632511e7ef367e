"""Days that are named by their place in the month: its last day, its second Friday, ...

Each has one pure method, `day(length, first)`: its day in a month of `length` days whose 1st falls on
weekday `first` (Sunday is 0), or None when this month has no such day.
"""

from __future__ import annotations

from asched.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class LastDay:
    """`L`, or `L-3`: the last day of the month, or that many days before it."""

    back: int = 0

    def day(self, length: int, first: int) -> int | None:
        return length - self.back if self.back < length else None


@dataclass(frozen=True, slots=True)
class LastWorkday:
    """`LW`: the last Monday to Friday of the month."""

    def day(self, length: int, first: int) -> int | None:
        return _nearest_workday(length, length, first)


@dataclass(frozen=True, slots=True)
class NearestWorkday:
    """`15W`: the Monday to Friday nearest to the 15th, never in another month.

    `31W` in a shorter month is the one nearest to its last day, as croniter has it.
    """

    to: int

    def day(self, length: int, first: int) -> int | None:
        return _nearest_workday(min(self.to, length), length, first)


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """`5#2`: the second Friday."""

    weekday: int
    nth: int

    def day(self, length: int, first: int) -> int | None:
        day = 1 + (self.weekday - first) % 7 + 7 * (self.nth - 1)
        return day if day <= length else None


@dataclass(frozen=True, slots=True)
class LastWeekday:
    """`5L`: the last Friday."""

    weekday: int

    def day(self, length: int, first: int) -> int | None:
        return length - (first + length - 1 - self.weekday) % 7


MonthDay = LastDay | LastWorkday | NearestWorkday | NthWeekday | LastWeekday


def _nearest_workday(day: int, length: int, first: int) -> int:
    match (first + day - 1) % 7:
        case 6:  # Saturday
            return day - 1 if day > 1 else day + 2
        case 0:  # Sunday
            return day + 1 if day < length else day - 2
        case _:
            return day
