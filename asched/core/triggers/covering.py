"""Where one schedule has every instant of another: what is taken out there is left in one leap, not one by one.

It is asked of what a schedule is made of, and of fields of cron expressions that lie in each other; of anything else
nothing is known, and nothing lost but time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from asched.core.localtime.cron import Cron
from asched.core.localtime.walltimes import DAY_SECONDS
from asched.core.localtime.windows import Windows
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.interval import Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import AnyOf
from asched.core.triggers.within import Within

Leap = Callable[[datetime], datetime | None]
"""From an instant to a later one before which there is nothing that the other has not; to itself when that is not
known, to None when there is nothing ever after."""


def leap_over(trigger: Trigger, other: Trigger) -> Leap | None:
    """Over what `other` has of `trigger`; None when nothing is known about the two."""
    whole = tuple(_supersets(trigger))
    if other in whole:
        return _for_ever
    match other:
        case AnyOf(members):
            leaps = [leap for member in members if (leap := leap_over(trigger, member)) is not None]
            return _furthest(leaps) if leaps else None
        case Within(inner, windows):
            leap = leap_over(trigger, inner)
            return None if leap is None else _inside(windows, leap)
        case Cron():
            units = [unit for one in whole if isinstance(one, Cron) and (unit := _unit(one, other)) is not None]
            return (lambda at: other.past_units(at, max(units))) if units else None
        case Every():
            return _since(other) if any(isinstance(one, Every) and _hits(one, other) for one in whole) else None
        case _:
            return None


def _supersets(trigger: Trigger) -> Iterator[Trigger]:
    """It, and what has all of its instants."""
    yield trigger
    match trigger:
        case Within(inner, _) | Bounded(inner, _, _, _):
            yield from _supersets(inner)
        case AllOf(members):
            for member in members:
                yield from _supersets(member)
        case _:
            pass


def _unit(cron: Cron, other: Cron) -> int | None:
    """A minute, hour or day, in seconds: in each of which `other` names anything it names all that `cron` does."""
    mine, its = cron.fields, other.fields
    passes = all(there or not here for here, there in zip(cron.passes, other.passes, strict=True))
    if cron.tz != other.tz or not passes or not set(mine.second.values) <= set(its.second.values):
        return None
    if not set(mine.minute.values) <= set(its.minute.values):
        return 60
    return DAY_SECONDS if set(mine.hour.values) <= set(its.hour.values) else 3600


def _hits(interval: Every, other: Every) -> bool:
    """Whether every instant of the one is one of the other's, once both have begun."""
    if interval.anchor is None or other.anchor is None:
        return False
    nothing = timedelta(0)
    return interval.period % other.period == (interval.anchor - other.anchor) % other.period == nothing


def _since(other: Every) -> Leap:
    return lambda at: at if other.anchor is None or at <= other.anchor else None


def _for_ever(at: datetime) -> None:
    return None


def _furthest(leaps: Sequence[Leap]) -> Leap:
    def leap(at: datetime) -> datetime | None:
        ends = [each(at) for each in leaps]
        return None if None in ends else max(end for end in ends if end is not None)

    return leap


def _inside(windows: Windows, leap: Leap) -> Leap:
    def inside(at: datetime) -> datetime | None:
        ends = [end for end in (leap(at), windows.leaves(at)) if end is not None]
        return min(ends, default=None)

    return inside
