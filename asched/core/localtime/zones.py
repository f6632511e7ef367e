"""Time zones: looking one up, and the instants at which its offset from UTC changes.

Any change of the offset counts, not only daylight saving time: half an hour in Lord Howe, two hours at
Troll, a political decision, a skipped day. Instants are seconds since 1970 UTC inside this room's fast
paths and aware UTC datetimes at its edges; wall times are seconds since 1970 as a local clock shows them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from asched.core.dataclass import dataclass
from asched.errors import ScheduleError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DAY = 86_400
_BLOCK_BITS = 25  # a block is 2**25 seconds, about 388 days
_RULES = 1 << 31  # seconds: from 2038 on no zone changes twice within a month
_MARGIN = 2 * _DAY  # more than any offset change moves the clock


def zone(key: str) -> ZoneInfo:
    """The zone of that IANA key, case-sensitive. Raises ScheduleError with the nearest keys."""
    try:
        return ZoneInfo(key)
    except (LookupError, ValueError, OSError):  # unknown; a path that leaves the database; a folder
        raise ScheduleError(f'unknown time zone "{key}"', help=_nearest_zones(key)) from None


def _nearest_zones(key: str) -> str:
    if key.lower() == "local":
        return '"local" is resolved when a configuration is loaded; here, write the IANA key itself'
    if key.endswith("Standard Time"):
        return 'that is a name of Windows: write an IANA key such as "Europe/Berlin"'
    known = {name.lower(): name for name in available_timezones()}
    cities = {name.rsplit("/", 1)[-1]: known[name] for name in sorted(known)}
    wanted = key.strip().lower().replace(" ", "_")
    exact = known.get(wanted) or cities.get(wanted)
    close = [exact] if exact else [known[name] for name in get_close_matches(wanted, known, n=3)]
    if not close:
        return 'write an IANA key such as "Europe/Berlin" or "UTC"'
    return "did you mean " + " or ".join(f'"{name}"' for name in close) + "?"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Instants [start, end) with one offset, and the offsets of the neighbours, all in seconds.

    An end that is merely as far as we looked has a neighbour with the same offset.
    """

    start: int
    end: int
    before: int
    offset: int
    after: int


class Offsets:
    """The offset changes of one zone, found by looking at it once a day and bisecting.

    Once a week where changes follow a rule for all time to come; a zone that has none is not looked at.

    `tests/core/test_zones.py` holds the result against the transition tables of every zone.
    """

    def __init__(self, of: tzinfo) -> None:
        self._zone = of
        self._changes: dict[int, list[int]] = {}
        self._stretches: dict[int, tuple[Stretch, ...]] = {}

    def stretch(self, instant: int) -> Stretch:
        """The stretch in which that instant (seconds) lies."""
        block = instant >> _BLOCK_BITS
        for stretch in self._stretches.get(block) or self._load(block):
            if instant < stretch.end:
                return stretch
        raise AssertionError("a block's stretches reach past its end")

    def changes(self, after: int, until: int) -> list[int]:
        """Every instant in (after, until] from which another offset holds."""
        blocks = range(after >> _BLOCK_BITS, (until >> _BLOCK_BITS) + 1)
        return [at for block in blocks for at in self._changes_in(block) if after < at <= until]

    def offset(self, instant: int) -> int:
        """Seconds east of UTC at that instant."""
        there = datetime.fromtimestamp(instant, self._zone).utcoffset()
        assert there is not None
        return there.days * _DAY + there.seconds

    def _load(self, block: int) -> tuple[Stretch, ...]:
        """A block's stretches. Their outer ends keep a margin from what lies beyond the neighbour blocks,

        so that a fold across the edge of what was read is never cut in two.
        """
        low, high = (block - 1) << _BLOCK_BITS, (block + 2) << _BLOCK_BITS
        edges = [low + _MARGIN, *self.changes(low + _MARGIN, high - _MARGIN - 1), high - _MARGIN]
        stretches = [
            Stretch(start, end, self.offset(start - 1), self.offset(start), self.offset(end))
            for start, end in pairwise(edges)
        ]
        first, past = block << _BLOCK_BITS, (block + 1) << _BLOCK_BITS
        loaded = tuple(s for s in stretches if s.end > first and s.start < past)
        self._stretches[block] = loaded
        return loaded

    def _changes_in(self, block: int) -> list[int]:
        if self._zone.utcoffset(None) is not None:  # it has one offset for ever
            return []
        if block not in self._changes:
            start, end = block << _BLOCK_BITS, (block + 1) << _BLOCK_BITS
            self._changes[block] = self._look(start - 1, end - 1)
        return self._changes[block]

    def _look(self, after: int, until: int) -> list[int]:
        found, here, offset = [], after, self.offset(after)
        while here < until:
            there = min(here + (_DAY if here < _RULES else 7 * _DAY), until)
            if (offset_there := self.offset(there)) != offset:
                found.append(self._bisect(here, there))
            here, offset = there, offset_there
        return found

    def _bisect(self, old: int, new: int) -> int:
        offset = self.offset(old)
        while new - old > 1:
            middle = (old + new) // 2
            old, new = (middle, new) if self.offset(middle) == offset else (old, middle)
        return new


@cache  # at most as many as there are zones
def offsets(key: str) -> Offsets:
    """The offset changes of the zone with that key, shared by all who ask. Raises ScheduleError."""
    return Offsets(zone(key))


def offset_changes(key: str, after: datetime, until: datetime) -> list[datetime]:
    """Every instant in (after, until] from which another offset holds in that zone."""
    found = offsets(key).changes(_seconds(after), _seconds(until))
    return [EPOCH + timedelta(seconds=at) for at in found]


def instants_of(wall: datetime, key: str) -> tuple[datetime, ...]:
    """When a clock in that zone shows the naive time `wall`: once, never (in a gap) or twice (in a fold)."""
    there = zone(key)
    passes = sorted({wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1)})
    return tuple(at for at in passes if at.astimezone(there).replace(tzinfo=None) == wall)


def instant_of(wall: datetime, key: str) -> datetime:
    """When a clock in that zone first shows the naive time `wall`, or has passed it: just after the gap it lies in."""
    passes = instants_of(wall, key)
    return passes[0] if passes else after_gap(wall, key)


def after_gap(wall: datetime, key: str) -> datetime:
    """The first instant after the gap in which the naive time `wall` lies."""
    there = zone(key)
    # Read with the later offset a skipped time lies before the change, with the earlier one after it.
    low, high = sorted(wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
    (at,) = offset_changes(key, low, high)
    return at


def _seconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(seconds=1)
