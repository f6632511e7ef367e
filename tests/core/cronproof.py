"""Cron held against the oracle around every offset change of every zone: what the tests run a sample of, or all.

Zones that change at the same instants by the same amounts are one rule set, and proved once.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from oracle import Span, changes

from asched.core.localtime.cron import Cron
from asched.errors import ScheduleError

FIRST_YEAR, LAST_YEAR = 2024, 2037
MARGIN, SECONDS_MARGIN = timedelta(hours=26), timedelta(minutes=135)  # clocks move by two hours at most
TICK = timedelta(microseconds=1)

TYPICAL = [
    "* * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *", "0,30 2 * * *", "30 2,3 * * *", "*/30 2 * * *",
    "30 1 * * *", "*/30 1 * * *", "0 0-23 * * *", "0 0 * * *", "59 23 * * *", "15 2 * * 0", "0 */3 * * *",
    "50 */3 * * *", "7-59/10 0-3 * * *", "15 0 1-31/2 * 0", "30 23-2 L * 5L", "0 22-4/3 LW,15W * SUN#2",
]  # fmt: skip
TYPICAL_SECONDS = ["* 30 2 * * *", "*/20 15 0-3 * * *", "5,50 30 1 * * *", "15 */20 * * * *", "0 0 0 * * * 2024-2037"]


@dataclass(frozen=True, slots=True)
class RuleSet:
    zone: str  # the first of those that have it
    zones: int
    changes: tuple[datetime, ...]


def rule_sets(keys: Iterable[str] | None = None) -> list[RuleSet]:
    """Of these zones, else of all that there are; those without a change are among them."""
    sharing: dict[object, list[str]] = defaultdict(list)
    for key in sorted(keys or available_timezones()):
        at, there = tuple(changes(key, FIRST_YEAR, LAST_YEAR)), ZoneInfo(key)
        first = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
        sharing[at, tuple(one.astimezone(there).utcoffset() for one in (first, *at))].append(key)
    return [RuleSet(keys[0], len(keys), at) for (at, _), keys in sharing.items()]  # type: ignore[misc]


@dataclass(slots=True)
class Tally:
    """What was compared, and what was not equal."""

    windows: int = 0
    expressions: int = 0
    fires: int = 0
    queries: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.windows} windows, {self.expressions} expressions, "
            f"{self.fires} fires, {self.queries} stateless queries, {len(self.differences)} differences"
        )


def prove(places: Iterable[tuple[str, datetime]], seed: int, by_minute: int, by_second: int) -> Tally:
    """Around each (zone, instant): the typical expressions, and so many random ones."""
    tally, dice = Tally(), random.Random(seed)
    for zone, at in places:
        span = Span(zone, at - MARGIN, at + MARGIN)
        for expression in [*TYPICAL, *_some(dice, span, zone, by_minute)]:
            _compare(tally, dice, span, zone, expression)
        if by_second:
            span = Span(zone, at - SECONDS_MARGIN, at + SECONDS_MARGIN, seconds=True)
            for expression in [*TYPICAL_SECONDS, *_some(dice, span, zone, by_second, seconds=True)]:
                _compare(tally, dice, span, zone, expression)
        tally.windows += 1 + bool(by_second)
    return tally


def _some(dice: random.Random, span: Span, zone: str, count: int, *, seconds: bool = False) -> Iterator[str]:
    made = 0
    while made < count:
        expression = random_expression(dice, span, zone, seconds=seconds)
        if _satisfiable(expression):
            made += 1
            yield expression


def _satisfiable(expression: str) -> bool:
    try:
        Cron(expression)
    except ScheduleError as error:
        if "can never fire" not in error.message:
            raise
        return False
    return True


def _compare(tally: Tally, dice: random.Random, span: Span, zone: str, expression: str) -> None:
    dst = dice.choice(("auto", "auto", "auto", "skip", "first", "last", "both"))
    rule = dice.choice(("crontab", "crontab", "crontab", "and"))
    try:
        cron = Cron(expression, zone, dst, rule)  # type: ignore[arg-type]
    except ScheduleError:  # with both days asked for, it can never fire
        cron = None
    expected = span.fires(expression, dst, rule)
    actual = list(_fires(cron, span)) if cron else []
    tally.expressions += 1
    tally.fires += len(expected)
    if actual != expected:
        odd = sorted(set(actual) ^ set(expected))[:4] or "order"
        tally.differences.append(f"{expression} {zone} dst={dst} day_rule={rule}: {odd}")
    for after in _instants(dice, span) if cron else ():
        tally.queries += 1
        if not _follows(cron.next_after(after), after, expected, span):  # type: ignore[union-attr]
            tally.differences.append(f"{expression} {zone} dst={dst} day_rule={rule}: after {after}")


def _fires(cron: Cron, span: Span) -> Iterator[datetime]:
    at = cron.next_after(span.start - TICK)
    while at is not None and at <= span.end:
        yield at
        at = cron.next_after(at)


def _instants(dice: random.Random, span: Span) -> list[datetime]:
    """Three inside the span, two of them to the microsecond; and one up to two years before it."""
    width = (span.end - span.start) // TICK
    inside = [span.start + dice.randrange(width) * TICK for _ in range(2)]
    whole = span.start + dice.randrange(width // 60_000_000) * timedelta(minutes=1)
    return [*inside, whole, span.start - dice.randrange(730 * 86_400) * timedelta(seconds=1)]


def _follows(found: datetime | None, after: datetime, fires: list[datetime], span: Span) -> bool:
    """Is `found` what the oracle's fires say, as far as they go?"""
    if found is not None and (found <= after or found < span.start):
        return after < found
    later = bisect_right(fires, after)
    if later < len(fires):
        return found == fires[later]
    return found is None or found > span.end


def random_expression(dice: random.Random, span: Span, zone: str, *, seconds: bool = False) -> str:
    """Of the whole dialect, and likely to mean something in that span."""
    middle = (span.start + (span.end - span.start) / 2).astimezone(ZoneInfo(zone))
    near = [(middle + timedelta(hours=h)).hour for h in range(-3, 4)]
    days = sorted({(middle + timedelta(days=d)).day for d in (-1, 0, 1)})
    fields = [
        _field(dice, 0, 59),
        _field(dice, 0, 23, near),
        _one_of(dice, "*", "*", "?", _field(dice, 1, 31, days), _special_day(dice, days)),
        _one_of(dice, "*", "*", _field(dice, 1, 12, [middle.month]), _named(dice, "JAN FEB MAR APR OCT NOV DEC")),
        _one_of(dice, "*", "*", "0", _field(dice, 0, 7), _named(dice, "SUN MON FRI SAT"), _special_weekday(dice)),
    ]
    if seconds:
        fields.insert(0, _field(dice, 0, 59))
        fields += dice.choice(([], [], [_one_of(dice, "*", str(middle.year), f"{middle.year - 3}/3", "2024-2037/2")]))
    return " ".join(fields)


def _one_of(dice: random.Random, *choices: str) -> str:
    return dice.choice(choices)


def _field(dice: random.Random, low: int, high: int, near: list[int] | None = None) -> str:
    if dice.random() < 0.2:
        return "*"
    return ",".join(_item(dice, low, high, near or []) for _ in range(dice.choice((1, 1, 1, 2, 3))))


def _item(dice: random.Random, low: int, high: int, near: list[int]) -> str:
    first, last = (dice.choice(near) if near and dice.random() < 0.7 else dice.randint(low, high) for _ in range(2))
    step = dice.randint(1, high - low) if dice.random() < 0.3 else dice.randint(1, 8)
    step = min(step, 7 if high == 7 else high)
    return dice.choice(
        (f"{first}", f"{first}", f"{first}-{last}", f"{first}-{last}/{step}", f"{first}/{step}", f"*/{step}")
    )


def _special_day(dice: random.Random, days: list[int]) -> str:
    items = ["L", "LW", f"L-{dice.randint(1, 6)}", f"{dice.choice(days)}W", f"{dice.randint(1, 31)}W", str(days[0])]
    return ",".join(dice.sample(items, dice.choice((1, 1, 2))))


def _special_weekday(dice: random.Random) -> str:
    items = [f"0#{dice.randint(1, 5)}", f"{dice.randint(0, 7)}#{dice.randint(1, 5)}", "0L", f"{dice.randint(0, 7)}L"]
    return ",".join(dice.sample([*items, "FRI#3", "sun#1", "SATL", "6"], dice.choice((1, 1, 2))))


def _named(dice: random.Random, names: str) -> str:
    first, last = dice.sample(names.split(), 2)
    return dice.choice((first, first.lower(), f"{first},{last}", f"{first}-{last}", f"{first}-{last}/2"))
