"""Intervals whose length varies between two bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.text.durations import format_duration
from asched.core.triggers.protocol import as_utc, instant_text, later
from asched.errors import ScheduleError

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class VariedEvery:
    """Every `low` to `high`: no gap is shorter or longer, and the mean is exactly in the middle, for ever.

    Instant k = 1, 2, 3, … is anchor + k · mean, moved by up to a quarter of (high - low) either way by a hash of
    (anchor, k): so each instant is known without those before it, in every process the same. (Two neighbours
    moved apart are half of (high - low) further from each other than the mean, which is `high`.)
    """

    low: timedelta
    high: timedelta
    anchor: datetime | None = None

    steady: ClassVar[bool] = True
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.low <= timedelta(0):
            raise ScheduleError(f"a period of {format_duration(self.low)} is not longer than nothing")
        if self.low >= self.high:
            written = f"{format_duration(self.low)} to {format_duration(self.high)}"
            raise ScheduleError(f"{written} goes from the shorter period to the longer one")
        if self.anchor is not None:
            object.__setattr__(self, "anchor", as_utc(self.anchor))

    @property
    def startup(self) -> None:
        return None

    def anchored(self, at: datetime) -> VariedEvery:
        return replace(self, anchor=at) if self.anchor is None else self

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError while it has no anchor."""
        if self.anchor is None:
            raise ScheduleError("an interval needs an anchor before it has instants", text=self.text())
        # The instant before this one is earlier than `instant`, and the second one after it later.
        number = max(1, 2 * _whole(instant - self.anchor) // (_whole(self.low) + _whole(self.high)))
        while (found := self._number(self.anchor, number)) is not None and found <= instant:
            number += 1
        return found

    def _number(self, anchor: datetime, k: int) -> datetime | None:
        """The k-th instant; None past the year 9999. In quarters of a microsecond all of it is whole numbers."""
        low, high = _whole(self.low), _whole(self.high)
        spread = 2 * (high - low)
        digest = blake2b(f"{anchor.isoformat()}\n{k}".encode(), digest_size=8).digest()
        moved = int.from_bytes(digest, "big") % spread - spread // 2
        return later(anchor, _MICROSECOND, (2 * k * (low + high) + moved) // 4)

    def spec(self) -> dict[str, object]:
        anchor = None if self.anchor is None else self.anchor.isoformat()
        low, high = format_duration(self.low), format_duration(self.high)
        return {"kind": "varied_every", "low": low, "high": high, "anchor": anchor}

    def text(self) -> str:
        since = "" if self.anchor is None else f" from {instant_text(self.anchor)}"
        return f"every {format_duration(self.low)} to {format_duration(self.high)}{since}"


def _whole(duration: timedelta) -> int:
    """In microseconds."""
    return duration // _MICROSECOND
