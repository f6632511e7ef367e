"""Instants of a trigger inside an interval, found with `next_after` alone.

They serve catch-up, where millions may lie between: each function asks for a bounded number of them.
A relative trigger (`AfterFinish`) has no instants of its own and does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from asched.core.triggers.protocol import Series

_SHORTEST = timedelta(microseconds=1)


def between(trigger: Series, after: datetime, until: datetime, limit: int) -> list[datetime]:
    """The first instants in (after, until], at most `limit`."""
    return list(islice(each(trigger, after, until), max(0, limit)))


def latest_between(trigger: Series, after: datetime, until: datetime, n: int) -> tuple[list[datetime], bool]:
    """The latest `n` instants in (after, until], in order, and whether there are earlier ones.

    The window (start, until] is widened from the end until it holds `n`, then narrowed until it holds few
    enough to be listed: some hundred questions for n = 1, whatever lies between.
    """
    if n <= 0:
        return [], bool(between(trigger, after, until, 1))
    few = between(trigger, after, until, n + 1)
    if len(few) <= n:
        return few, False
    return _narrow(trigger, *_widen(trigger, after, until, n), until, n), True


def each(trigger: Series, after: datetime, until: datetime) -> Iterator[datetime]:
    """The instants in (after, until], one by one."""
    at = trigger.next_after(after)
    while at is not None and at <= until:
        yield at
        at = trigger.next_after(at)


def _widen(trigger: Series, after: datetime, until: datetime, n: int) -> tuple[datetime, datetime]:
    """Two starts: from the first on there are `n` instants or more, from the second on fewer."""
    width, fewer = _first_width(trigger, until, n), until
    while width < until - after:
        start = until - width
        if len(between(trigger, start, until, n)) == n:
            return start, fewer
        width, fewer = width * 2, start
    return after, fewer


def _first_width(trigger: Series, until: datetime, n: int) -> timedelta:
    """As wide as the next `n` instants would be, going by the distance of two; most triggers are regular."""
    first = trigger.next_after(until)
    second = trigger.next_after(first) if first else None
    distance = second - first if first and second else timedelta(seconds=1)
    return min(distance, timedelta(days=366)) * (n + 1)


def _narrow(trigger: Series, start: datetime, fewer: datetime, until: datetime, n: int) -> list[datetime]:
    """The latest `n`, given at least `n` after `start` and fewer than `n` after `fewer`."""
    enough = 4 * n + 16
    while True:
        found = between(trigger, start, until, enough + 1)
        if len(found) <= enough:
            return found[-n:]
        start = found[-n - 1]
        while True:
            middle = start + max(_SHORTEST, (fewer - start) / 2)
            if len(between(trigger, middle, until, n)) == n:
                start = middle
                break
            fewer = middle
