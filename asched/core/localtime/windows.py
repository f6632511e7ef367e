"""Windows of local time: spans of the day, on some weekdays, in a zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Any

from asched.core.dataclass import dataclass
from asched.core.localtime.spans import merged_spans
from asched.core.localtime.timeofday import format_time, parse_time
from asched.core.localtime.walltimes import DAY_SECONDS, LAST_YEAR
from asched.core.localtime.weekdays import EVERY_DAY, format_weekdays
from asched.core.localtime.zones import EPOCH, offsets, zone
from asched.errors import ScheduleError

Span = tuple[int, int]
ALL_DAY: Span = (0, DAY_SECONDS)

_END = int(datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC).timestamp())  # nothing is looked for past it, as in cron
_THURSDAY = 4  # 1970-01-01


@dataclass(frozen=True, slots=True)
class Windows:
    """The instants at which clocks in `tz` show a time in one of `spans`, on `weekdays`.

    A span is (start, end) in seconds since midnight: the start is in it, the end is not. One whose end is not after
    its start passes midnight, and belongs to the day on which it begins. `weekdays` are those days, 0 is Sunday.
    What clocks show is all that counts: of a repeated hour both passes lie in a window, of a skipped one nothing.
    """

    spans: tuple[Span, ...]
    tz: str = "UTC"
    weekdays: tuple[int, ...] = EVERY_DAY
    _week: tuple[tuple[Span, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone(self.tz)
        if not self.spans or not self.weekdays:
            raise ScheduleError("windows need a span of the day, and a weekday")
        for start, end in self.spans:
            if start == end:
                same = format_time(start)
                raise ScheduleError(f"nothing lies between {same} and {same}", help='all day is "00:00 and 24:00"')
        object.__setattr__(self, "spans", tuple(sorted({(start, end or DAY_SECONDS) for start, end in self.spans})))
        object.__setattr__(self, "weekdays", tuple(sorted(set(self.weekdays))))
        object.__setattr__(self, "_week", tuple(tuple(merged_spans(sorted(self._on(day)))) for day in EVERY_DAY))

    @property
    def all_day(self) -> bool:
        return self.spans == (ALL_DAY,)

    @property
    def longest(self) -> timedelta:
        """As clocks show it; a day when a span is the whole day."""
        return timedelta(seconds=max(_length(span) for span in self.spans))

    @property
    def shortest(self) -> timedelta:
        return timedelta(seconds=min(_length(span) for span in self.spans))

    def at_or_after(self, instant: datetime) -> datetime | None:
        """`instant` itself when it lies in a window, else the beginning of the next; None past the year 2199."""
        since = instant - EPOCH
        found = self._second_at_or_after(max(0, since.days * DAY_SECONDS + since.seconds))
        return None if found is None else max(instant, EPOCH + timedelta(seconds=found))

    def leaves(self, instant: datetime) -> datetime | None:
        """`instant` itself when it lies in no window, else the end of the one it lies in and of those that follow

        without a gap; None when that is past the year 2199, or never.
        """
        since = instant - EPOCH
        start = max(0, since.days * DAY_SECONDS + since.seconds)
        found = self._second_outside(start)
        return None if found is None else max(instant, EPOCH + timedelta(seconds=found))

    def spec(self) -> dict[str, object]:
        spans = [[format_time(start), format_time(end)] for start, end in self.spans]
        return {"spans": spans, "tz": self.tz, "weekdays": list(self.weekdays)}

    def text(self) -> str:
        """As the grammar reads it, given the same zone."""
        spans = ", ".join(f"{format_time(start)} and {format_time(end)}" for start, end in self.spans)
        days = "" if self.weekdays == EVERY_DAY else f"on {format_weekdays(self.weekdays)}"
        return days if days and self.all_day else f"between {spans} {days}".rstrip()

    def _on(self, day: int) -> Iterable[Span]:
        """The spans of such a weekday, what is left of those of the day before included."""
        for start, end in self.spans:
            if day in self.weekdays:
                yield start, end if end > start else DAY_SECONDS
            if end <= start and (day - 1) % 7 in self.weekdays:
                yield 0, end

    def _second_at_or_after(self, start: int) -> int | None:
        """Stretch by stretch: within one, instants and wall times differ by a constant."""
        while start < _END:
            stretch = offsets(self.tz).stretch(start)
            wall = self._wall_at_or_after(start + stretch.offset)
            if wall < stretch.end + stretch.offset:
                return wall - stretch.offset
            start = stretch.end
        return None

    def _second_outside(self, start: int) -> int | None:
        while start < _END:
            stretch = offsets(self.tz).stretch(start)
            wall = self._wall_outside(start + stretch.offset)
            if wall is None:
                return None
            if wall < stretch.end + stretch.offset:
                return wall - stretch.offset
            start = stretch.end
        return None

    def _wall_outside(self, wall: int) -> int | None:
        first, time = divmod(wall, DAY_SECONDS)
        for day in range(first, first + 9):
            spans = self._week[(day + _THURSDAY) % 7]
            place = bisect_right(spans, (time, DAY_SECONDS)) - 1
            if place >= 0:
                time = max(time, spans[place][1])
            if time < DAY_SECONDS:
                return day * DAY_SECONDS + time
            time = 0
        return None  # a week of them leaves no gap

    def _wall_at_or_after(self, wall: int) -> int:
        day, time = divmod(wall, DAY_SECONDS)
        while True:  # a week has a window
            spans = self._week[(day + _THURSDAY) % 7]
            place = bisect_right(spans, time, key=_end)
            if place < len(spans):
                return day * DAY_SECONDS + max(spans[place][0], time)
            day, time = day + 1, 0


def windows_from_spec(spec: Mapping[str, Any]) -> Windows:
    spans = tuple((parse_time(start), parse_time(end, up_to_midnight=True)) for start, end in spec["spans"])
    return Windows(spans, spec["tz"], tuple(int(day) for day in spec["weekdays"]))


def _length(span: Span) -> int:
    start, end = span
    return end - start if end > start else end - start + DAY_SECONDS


def _end(span: Span) -> int:
    return span[1]
