"""Lists, ranges and lengths of time in English."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import pairwise

ORDINALS = ("", "first", "second", "third", "fourth", "fifth")


def nth(number: int) -> str:
    """ "1st", "22nd", "13th"."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def weekday_name(weekday: int) -> str:
    """0 is Sunday."""
    return day_name[(weekday - 1) % 7]


def weekday_runs(weekdays: Iterable[int]) -> str:
    """ "Monday to Friday", "Saturday and Sunday": Monday first."""
    return runs(sorted(weekday or 7 for weekday in weekdays), weekday_name)


def counted(name: str, values: Sequence[int]) -> str:
    return f"{name}{'s' if len(values) > 1 else ''} {runs(values, str)}"


def runs(values: Sequence[int], name: Callable[[int], str]) -> str:
    """ "1 to 5 and 9": three or more in a row are a range."""
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(values), 1) if b != a + 1), len(values)]
    named: list[str] = []
    for start, end in pairwise(starts):
        run = [name(value) for value in values[start:end]]
        named += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
    return listed(named)


def listed(items: Sequence[str], word: str = "and") -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def each(period: timedelta) -> str:
    """What follows "every": "10 seconds", and "hour" for exactly one."""
    said = amounts(period)
    return said if " and " in said else said.removeprefix("1 ")


def amounts(duration: timedelta) -> str:
    rest = duration // timedelta(microseconds=1)
    said = []
    for name, size in _SIZES.items():
        count, rest = divmod(rest, size)
        said += [f"{count} {name}{'s' if count > 1 else ''}"] if count else []
    return listed(said or ["0 seconds"])


_SIZES = {
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
    "microsecond": 1,
}
