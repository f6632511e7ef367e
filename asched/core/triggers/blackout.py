"""Maintenance windows: what falls into one is not due, or is due when it is over."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.localtime.budget import answered, one_budget, spend
from asched.core.localtime.calendars import Span
from asched.core.localtime.spans import merged_spans
from asched.core.localtime.windows import Windows
from asched.core.localtime.zones import EPOCH
from asched.core.triggers.binding import BOUNDED, MINUS, bracketed
from asched.core.triggers.protocol import Trigger, instant_text
from asched.core.triggers.search import Search
from asched.core.triggers.startup import Startup
from asched.core.triggers.wrapping import refuse_what_has_nothing_beside_starts
from asched.errors import ScheduleError

_TICK = timedelta(microseconds=1)
_BACK = timedelta(days=8)  # recurring windows leave a gap in each week, or nothing at all
_SAID = 20  # spans


@dataclass(frozen=True, slots=True)
class Blackout:
    """The instants of `trigger` outside of `windows`, which recur, and of `spans`, which have zones.

    With `owed`, what fell into one is due once, when it ends. Windows that meet or overlap are one. Starts of the
    scheduler are no instants: they stay. Raises ScheduleError for what is counted from the end of a run, and when
    the windows leave nothing at all.
    """

    trigger: Trigger
    windows: tuple[Windows, ...] = ()
    spans: tuple[Span, ...] = ()
    owed: bool = False
    _starts: tuple[datetime, ...] = field(init=False, repr=False, compare=False)  # of the spans, those that meet as one
    _ends: tuple[datetime, ...] = field(init=False, repr=False, compare=False)
    _search: Search = field(default_factory=Search, init=False, repr=False, compare=False)

    steady: ClassVar[bool] = False  # windows stand on the wall
    relative: ClassVar[bool] = False
    quick: ClassVar[bool] = False
    binding: ClassVar[int] = MINUS

    def __post_init__(self) -> None:
        refuse_what_has_nothing_beside_starts(self.trigger, "blackout")
        if not self.windows and not self.spans:
            raise ScheduleError("a blackout needs a window", help='as in "between 02:00 and 04:00 on sunday"')
        if any(span.start.tzinfo is None for span in self.spans):
            raise ScheduleError("the spans of a blackout need a time zone")
        object.__setattr__(self, "windows", tuple(sorted(set(self.windows), key=lambda each: (each.text(), each.tz))))
        object.__setattr__(self, "spans", tuple(sorted(set(self.spans), key=Span.spec)))
        merged = merged_spans((span.start, span.end) for span in sorted(self.spans, key=lambda each: each.start))
        object.__setattr__(self, "_starts", tuple(start for start, _ in merged))
        object.__setattr__(self, "_ends", tuple(end for _, end in merged))
        with one_budget():
            free = self._leaves(self._ends[-1] if merged else EPOCH)
        if free is None:
            raise ScheduleError("this can never fire: its blackout has no end")

    def next_after(self, instant: datetime) -> datetime | None:
        """Goes from inside a window straight to its end. Raises ScheduleError after many of them."""
        if not self.owed:
            return self._search.first(self.trigger.next_after, instant, self._leaves, self)
        return answered(self._with_owed, instant, self.text)

    def _with_owed(self, instant: datetime) -> datetime | None:
        owed = self._owed_after(instant)
        if owed is not None:
            return owed
        at = self.trigger.next_after(instant)
        return None if at is None else self._leaves(at)

    def covered(self, instant: datetime) -> tuple[str, str] | None:
        """("blackout", which) of the window that covers that instant."""
        for window in self.windows:
            if window.leaves(instant) != instant:
                return "blackout", window.text()
        return next((("blackout", _said(span)) for span in self.spans if span.start <= instant < span.end), None)

    def spec(self) -> dict[str, object]:
        return {
            "kind": "blackout",
            "trigger": self.trigger.spec(),
            "windows": [window.spec() for window in self.windows],
            "spans": [span.spec() for span in self.spans],
            "owed": self.owed,
        }

    def text(self) -> str:
        """For people: blackouts stand beside a schedule."""
        said = [window.text() for window in self.windows] + [_said(span) for span in self.spans[:_SAID]]
        said += [f"{len(self.spans) - _SAID} spans more"] if len(self.spans) > _SAID else []
        later = ", due when it ends" if self.owed else ""
        return f"{bracketed(self.trigger, BOUNDED)} but not {'; '.join(said)}{later}"

    def anchored(self, at: datetime) -> Blackout:
        return replace(self, trigger=self.trigger.anchored(at))

    @property
    def startup(self) -> Startup | None:
        return self.trigger.startup

    def _owed_after(self, instant: datetime) -> datetime | None:
        """The end of what `instant` lies in, if something fell into that."""
        end = self._leaves(instant)
        if end is None or end == instant:
            return None
        first = self.trigger.next_after(self._begin(instant) - _TICK)
        return end if first is not None and first < end else None

    def _leaves(self, instant: datetime) -> datetime | None:
        """`instant` itself outside of all windows and spans, else the first instant that is; None: never again."""
        at: datetime | None = instant
        while True:
            before = at
            for leaves in self._leaving:
                spend(3)
                at = None if at is None else leaves(at)
            if at == before:
                return at

    @property
    def _leaving(self) -> Iterable[Callable[[datetime], datetime | None]]:
        yield from (window.leaves for window in self.windows)
        yield self._end_of_span

    def _end_of_span(self, instant: datetime) -> datetime:
        """`instant` itself outside of all spans."""
        place = bisect_right(self._starts, instant) - 1
        return instant if place < 0 else max(instant, self._ends[place])

    def _begin(self, instant: datetime) -> datetime:
        """When what `instant` lies in began: found going forward from some instant before it that lies in nothing."""
        at, free, back = instant, None, _BACK
        while at > EPOCH and (free is None or free > instant):
            at, back = max(EPOCH, at - back), 2 * back
            free = self._leaves(at)
        at = at if free is None or free > instant else free
        while True:
            entered = self._enters(at)
            end = self._leaves(entered)
            if end is None or end > instant:
                return entered
            at = end

    def _enters(self, instant: datetime) -> datetime:
        """The first instant, from this one on, inside of one; there is one."""
        found = [window.at_or_after(instant) for window in self.windows]
        place = bisect_right(self._ends, instant)
        found += [max(start, instant) for start in self._starts[place : place + 1]]
        return min(at for at in found if at is not None)


def _said(span: Span) -> str:
    return f"from {instant_text(span.start)} until {instant_text(span.end)}"
