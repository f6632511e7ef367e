"""Whether an instant stands where clocks were changed: skipped, just after the change, or shown twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from asched.core.hindsight.verdict import ClockChange
from asched.core.localtime.zones import EPOCH, instants_of, offset_changes, offsets, zone

_REACH = timedelta(hours=25)  # no change of an offset is larger, but for a skipped day


def clock_change(instant: datetime, wall: datetime | None, key: str) -> ClockChange | None:
    """`wall` is the wall time that was asked for, where it was one. Of several changes the nearest that matters."""
    skipped = wall if wall is not None and not instants_of(wall, key) else None
    for at in offset_changes(key, instant - _REACH, instant + _REACH):
        step = _step(at, key)
        twin = _twin(instant, at, step)
        if at == instant or twin is not None:
            entered = at.astimezone(zone(key)).replace(tzinfo=None)
            return ClockChange(at, entered - step, entered, skipped, twin)
    return None


def _step(at: datetime, key: str) -> timedelta:
    second = (at - EPOCH) // timedelta(seconds=1)
    of = offsets(key)
    return timedelta(seconds=of.offset(second) - of.offset(second - 1))


def _twin(instant: datetime, at: datetime, step: timedelta) -> datetime | None:
    """Set back by `-step`: what clocks showed that long before the change, they show again after it."""
    if at <= instant < at - step:
        return instant + step
    return instant - step if at + step <= instant < at else None
