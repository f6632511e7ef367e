"""What is odd about a cron expression: right, and probably not what was meant.

Each rule answers with at most a few oddities; whoever wants one of them says so with an option, as its help tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.localtime.cron import Cron
from asched.core.localtime.cronfields import DAY, HOUR, MINUTE, SECOND, YEAR, Field
from asched.core.localtime.zones import offset_changes
from asched.core.text.pattern import pattern
from asched.core.triggers.instants import between

HORIZON = timedelta(days=548)  # 18 months: each offset change of a year comes at least once

_SMALLEST = timedelta(microseconds=1)
_SHOWN = 3  # times of day that are listed
_STEPPED = pattern(r"(?P<item>(?:\*|(?P<low>\d+)-(?P<high>\d+))/(?P<step>\d+))")
_INTERVALS = {SECOND: "s", MINUTE: "m", HOUR: "h", DAY: "d"}


@dataclass(frozen=True, slots=True)
class Oddity:
    """`field` is what is to blame, None for the whole expression."""

    message: str
    help: str = ""
    field: Field | None = None


def odd_cron(cron: Cron, now: datetime) -> Iterator[Oddity]:
    """Everything odd about it, seen from `now`."""
    yield from odd_fields(cron)
    yield from _hours(cron, now)
    yield from odd_offset_changes(cron, now)


def odd_fields(cron: Cron) -> Iterator[Oddity]:
    """What is odd about it even where only some of its instants count."""
    yield from _days(cron)
    yield from _steps(cron)


def _days(cron: Cron) -> Iterator[Oddity]:
    day, weekday = cron.fields.day, cron.fields.weekday
    if cron.day_rule != "crontab":
        return
    if not day.unrestricted and not weekday.unrestricted:
        yield Oddity(
            f'either day is enough: it runs on "{day.text}" of the month, and on "{weekday.text}" too',
            'day_rule = "and" asks for both; two schedules say that either is meant',
            weekday,
        )
    for starred, other in ((day, weekday), (weekday, day)):
        if starred.unrestricted and not starred.full and not other.unrestricted:
            yield Oddity(
                f'"{starred.text}" has a star: only days that fit both it and "{other.text}" count',
                'day_rule = "and" says that both are meant; without a star, as in "1-31/2", either is enough',
                starred,
            )


def _steps(cron: Cron) -> Iterator[Oddity]:
    for part in cron.fields.written:
        if part.unit is not YEAR and not part.special:
            yield from _step(part)


def _step(part: Field) -> Iterator[Oddity]:
    unit = part.unit
    for item in _STEPPED.finditer(part.text):
        step = int(item["step"])
        whole = item["low"] is None or (int(item["low"]), int(item["high"])) == (unit.low, unit.low + unit.cycle - 1)
        if not whole or unit.cycle % step == 0:
            continue
        last = unit.low + (unit.cycle - 1) // step * step
        letter = _INTERVALS.get(unit)
        again = f"{_AT_LATEST[unit.name]}: after {unit.name} {last} comes {unit.name} {unit.low}"
        yield Oddity(
            f'"{item["item"]}" starts again {again}',
            f'"every {step}{letter}" keeps the distance' if letter else "",
            part,
        )


_AT_LATEST = {
    "second": "every minute",
    "minute": "every hour",
    "hour": "every day",
    "day": "every month",
    "month": "every year",
    "weekday": "every week",
}


def _hours(cron: Cron, now: datetime) -> Iterator[Oddity]:
    hour = cron.fields.hour
    if hour.full and not cron.interval_like and cron.dst == "auto" and offset_changes(cron.tz, now, now + HORIZON):
        yield Oddity(
            f'"{hour.text}" is every hour, and no star: when clocks go back, the repeated hour is left out',
            'write "*" to have it too; dst = "first" says that this is meant',
            hour,
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """An offset change, and the wall times of an expression that clocks skip then, or show twice."""

    at: datetime
    low: datetime
    high: datetime
    times: list[datetime]  # naive


def odd_offset_changes(cron: Cron, now: datetime) -> Iterator[Oddity]:
    """What clocks that are changed do to it. What keeps its cadence all day long, and what says what it wants (`dst`),
    is not concerned."""
    if cron.dst != "auto" or cron.fields.hour.full:
        return
    gaps: list[_Change] = []
    folds: list[_Change] = []
    for at in offset_changes(cron.tz, now, now + HORIZON):
        met = _met(cron, at)
        if met.times:
            (gaps if _wall(at, cron) == met.high else folds).append(met)
    if gaps:
        yield _in_gap(cron, gaps)
    if folds and cron.interval_like:  # else the first pass counts, and it runs once, as on every day
        yield _in_fold(cron, folds)


def _met(cron: Cron, at: datetime) -> _Change:
    edges = sorted((_wall(at - _SMALLEST, cron) + _SMALLEST, _wall(at, cron)))
    low, high = edges
    named = replace(cron, tz="UTC")  # of which instants are wall times
    found = between(named, _as_utc(low) - _SMALLEST, _as_utc(high) - _SMALLEST, 100)
    return _Change(at, low, high, [one.replace(tzinfo=None) for one in found])


def _wall(instant: datetime, cron: Cron) -> datetime:
    return instant.astimezone(ZoneInfo(cron.tz)).replace(tzinfo=None)


def _as_utc(wall: datetime) -> datetime:
    return wall.replace(tzinfo=ZoneInfo("UTC"))


def _in_gap(cron: Cron, gaps: list[_Change]) -> Oddity:
    first = gaps[0]
    there = first.at.astimezone(ZoneInfo(cron.tz))
    clocks = f"on {first.low:%Y-%m-%d} clocks in {cron.tz} go from {first.low:%H:%M} to {_clock(first)}"
    if cron.next_after(first.at - _SMALLEST) == first.at:
        becomes = f"{_verb(first.times, 'is', 'are')} moved to {there.isoformat(sep=' ', timespec='minutes')}"
        help = 'another time of day avoids it; dst = "skip" leaves it out, dst = "first" says that this is meant'
    else:
        becomes = f"{_verb(first.times, 'is', 'are')} left out"
        help = 'dst = "first" runs it right after, dst = "skip" says that this is meant'
    return Oddity(f"{clocks}: {_listed(first.times)} {becomes}{_again(gaps)}", help)


def _in_fold(cron: Cron, folds: list[_Change]) -> Oddity:
    first = folds[0]
    clocks = f"on {first.low:%Y-%m-%d} clocks in {cron.tz} go back from {first.high:%H:%M} to {first.low:%H:%M}"
    help = 'another time of day avoids it; dst = "first" runs it once, dst = "both" says that this is meant'
    return Oddity(f"{clocks}: {_listed(first.times)} {_verb(first.times, 'comes', 'come')} twice{_again(folds)}", help)


def _clock(gap: _Change) -> str:
    """When clocks skip a whole day, the time alone says nothing."""
    return f"{gap.high:%H:%M}" if gap.high.date() == gap.low.date() else f"{gap.high:%Y-%m-%d %H:%M}"


def _listed(times: list[datetime]) -> str:
    """Of many, the first ones."""
    to_the_minute = all(time.second == 0 for time in times)
    texts = [f"{time:%H:%M}" if to_the_minute else f"{time:%H:%M:%S}" for time in times[:_SHOWN]]
    rest = len(times) - len(texts)
    return ", ".join(texts) + (" …" if rest else "")


def _verb(times: list[datetime], one: str, several: str) -> str:
    return one if len(times) == 1 else several


def _again(changes: list[_Change]) -> str:
    more = [f"{change.low:%Y-%m-%d}" for change in changes[1:]]
    return f"; so also on {' and '.join(more)}" if more else ""
