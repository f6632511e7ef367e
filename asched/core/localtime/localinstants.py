"""From wall times to instants: what an offset change does to a rule that speaks of local time.

Any rule that can name its next wall time gets the zone rules of the time contract (T4 to T6) from here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from asched.core.localtime.budget import spend
from asched.core.localtime.walltimes import DAY_SECONDS, LAST_YEAR
from asched.core.localtime.zones import EPOCH, Offsets, Stretch

Dst = Literal["auto", "skip", "first", "last", "both"]

_END = int(datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC).timestamp())
_MARGIN = 2 * DAY_SECONDS  # more than two wall times of one instant can differ, all over the world


class Walls(Protocol):
    """A set of wall times, in seconds since 1970 as a local clock shows them."""

    def at_or_after(self, wall: int) -> int | None:
        """The first that is not before `wall`, or None when there is none."""
        ...


class LocalInstants:
    """The instants at which clocks in one zone show one of these wall times, until 2199.

    `dst` says what becomes of wall times that an offset change skips (a gap) or repeats (a fold); "auto" depends
    on whether the rule is interval-like. See `Cron` for the table.
    """

    __slots__ = ("_first_pass", "_gap_fires", "_last", "_offsets", "_second_pass", "_walls")

    def __init__(self, walls: Walls, zone: Offsets, dst: Dst, *, interval_like: bool = False) -> None:
        self._walls = walls
        self._offsets = zone
        if dst == "auto":
            dst = "both" if interval_like else "first"
            self._gap_fires = not interval_like
        else:
            self._gap_fires = dst != "skip"
        self._first_pass = dst != "last"
        self._second_pass = dst in ("last", "both")
        self._last: tuple[int, datetime | None] = (-1, None)

    @property
    def passes(self) -> tuple[bool, bool]:
        """Whether times in a fold count in its first pass, and in its second."""
        return self._first_pass, self._second_pass

    def next_after(self, instant: datetime) -> datetime | None:
        """The first one strictly after `instant` (aware), in UTC."""
        since = instant - EPOCH
        start = max(since.days * DAY_SECONDS + since.seconds + 1, 0)
        asked, answer = self._last  # many jobs have this rule, and are due, or begin, at the same instant
        if asked != start:
            found = self.at_or_after(start)
            answer = None if found is None else EPOCH + timedelta(seconds=found)
            self._last = start, answer
        return answer

    def at_or_after(self, instant: int) -> int | None:
        """In seconds since 1970. Stretch by stretch: within one, instants and wall times differ by a constant."""
        start: int | None = max(instant, 0)
        while start is not None and start < _END:
            stretch = self._offsets.stretch(start)
            found = self._within(stretch, start)
            if found is not None:
                return found
            spend()
            start = self._resume(stretch)
        return None

    def _within(self, stretch: Stretch, start: int) -> int | None:
        if start == stretch.start and self._gap_fires and self._any_in_gap(stretch):
            return start
        offset = stretch.offset
        low, high = start + offset, stretch.end + offset
        if not self._second_pass:
            low = max(low, stretch.start + stretch.before)
        if not self._first_pass:
            high = min(high, stretch.end + stretch.after)
        wall = self._walls.at_or_after(low)
        return wall - offset if wall is not None and wall < high else None

    def _any_in_gap(self, stretch: Stretch) -> bool:
        low, high = stretch.start + stretch.before, stretch.start + stretch.offset
        wall = self._walls.at_or_after(low) if low < high else None
        return wall is not None and wall < high

    def _resume(self, stretch: Stretch) -> int | None:
        """The next stretch, or far ahead: a rare rule must not walk through every year in between."""
        wall = self._walls.at_or_after(stretch.end + stretch.offset - _MARGIN)
        return None if wall is None else max(stretch.end, wall - _MARGIN)
