"""Needs: "at 08:30, if the import succeeded today". Another job's success within a window, whenever it was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.text.durations import format_duration

KEPT = 1000  # of a needed job's successes

_BUCKET = timedelta(minutes=15)  # every zone's midnight falls between two of them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Need:
    """`job` has to have succeeded for an instant on the day of the fire, in the zone of the job that needs it; or, with
    `within`, for one that is no longer before the fire's."""

    job: str
    within: timedelta | None = None

    @property
    def text(self) -> str:
        when = "that day" if self.within is None else f"within {format_duration(self.within)}"
        return f"{self.job} succeeded {when}"

    def window(self, scheduled_at: datetime, timezone: str) -> tuple[datetime, datetime | None]:
        """The instants that count, for a fire of that one: from (inclusive) and until (exclusive; None: open)."""
        if self.within is not None:
            return scheduled_at - self.within, None
        day = scheduled_at.astimezone(ZoneInfo(timezone)).date()
        first, following = (
            datetime.combine(one, time(), ZoneInfo(timezone)).astimezone(UTC) for one in (day, day + timedelta(days=1))
        )
        return first, following


class Successes:
    """For which instants jobs succeeded: the latest in each quarter of an hour, which is all that a window asks for."""

    def __init__(self) -> None:
        self._of: dict[str, dict[int, datetime]] = {}
        self._last: dict[str, datetime] = {}  # of those that nobody needs, at present: all that is kept

    def note(self, job: str, scheduled_at: datetime) -> None:
        self._put(job, scheduled_at)
        if (last := self._last.pop(job, None)) is not None:
            self._put(job, last)

    def note_last(self, job: str, scheduled_at: datetime) -> None:
        """Nobody needs it, but somebody may at any moment: then the latest counts."""
        last = self._last.get(job)
        if last is None:
            last = max(self._of.pop(job, {}).values(), default=scheduled_at)
        self._last[job] = scheduled_at if scheduled_at > last else last

    def latest(self, job: str) -> datetime | None:
        return max(self._known(job), default=None)

    def meet(self, need: Need, scheduled_at: datetime, timezone: str) -> bool:
        since, until = need.window(scheduled_at, timezone)
        return any(since <= one and (until is None or one < until) for one in self._known(need.job))

    def _known(self, job: str) -> Iterable[datetime]:
        last = self._last.get(job)
        return self._of.get(job, {}).values() if last is None else (last,)

    def _put(self, job: str, scheduled_at: datetime) -> None:
        buckets = self._of.setdefault(job, {})
        place = (scheduled_at - _EPOCH) // _BUCKET
        buckets[place] = max(scheduled_at, buckets.get(place, scheduled_at))
        while len(buckets) > KEPT:
            del buckets[min(buckets)]
