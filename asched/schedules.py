"""Schedules as values: what `cron`, `every`, `at` and `schedule` make, to be asked, explained, and combined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from asched.core.cron import Cron, DayRule, Dst
from asched.core.durations import as_duration
from asched.core.explain import explain_trigger
from asched.core.phrases import parse_schedule
from asched.core.triggers.at import At
from asched.core.triggers.interval import Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import any_of
from asched.core.zones import zone
from asched.engine.clock import SystemClock
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due. Hashable; equal when it means the same. Instants are given in `tz`."""

    trigger: Trigger
    tz: str = "UTC"

    def next(self, after: datetime | None = None) -> datetime | None:
        """The first instant strictly later than `after` (an aware datetime; now when left out); None: never again."""
        after = SystemClock().now() if after is None else _aware(after)
        found = _standing(self.trigger, after).next_after(after)
        return None if found is None else found.astimezone(ZoneInfo(self.tz))

    def upcoming(self, n: int = 5, after: datetime | None = None) -> list[datetime]:
        """The next `n` instants."""
        found: list[datetime] = []
        start = after = SystemClock().now() if after is None else _aware(after)
        trigger = _standing(self.trigger, start)
        while len(found) < n and (instant := trigger.next_after(after)) is not None:
            found.append(instant.astimezone(ZoneInfo(self.tz)))
            after = instant
        return found

    def explain(self) -> str:
        """One English sentence."""
        return explain_trigger(self.trigger)

    def __or__(self, other: Schedule) -> Schedule:
        """Due whenever either is."""
        return Schedule(any_of((self.trigger, other.trigger)), self.tz)

    def __str__(self) -> str:
        return self.trigger.text()


def cron(expression: str, *, tz: str = "UTC", dst: Dst = "auto", day_rule: DayRule = "crontab") -> Schedule:
    """A cron expression (5 fields; 6 with seconds first; 7 with the year last) in an IANA time zone.

    Raises ScheduleError for one that is not understood, or can never fire.
    """
    return Schedule(Cron(expression, zone(tz).key, dst, day_rule), tz)


def every(period: str | float | timedelta, *, anchor: datetime | None = None) -> Schedule:
    """At anchor + k · period, for ever, without drift. Without an anchor it is when the job is first scheduled."""
    return Schedule(Every(as_duration(period), None if anchor is None else _aware(anchor)))


def at(when: str | datetime, *, tz: str = "UTC") -> Schedule:
    """Once. An ISO text without an offset, or a naive datetime, is local time in `tz`."""
    if isinstance(when, datetime):
        return Schedule(At(when if when.tzinfo else when.replace(tzinfo=zone(tz))), tz)
    trigger = parse_schedule(when, tz=tz)
    if not isinstance(trigger, At):
        raise ScheduleError("not an instant", text=when, help='write it as "2026-12-24T17:30"')
    return Schedule(trigger, tz)


def schedule(
    text: str | Sequence[str], *, tz: str = "UTC", dst: Dst = "auto", day_rule: DayRule = "crontab"
) -> Schedule:
    """Any text of the schedule grammar, or several of them: "daily at 02:30", "every 10m", "0 9 * * mon-fri"."""
    return Schedule(parse_schedule(text, tz=zone(tz).key, dst=dst, day_rule=day_rule), tz)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ScheduleError(f"{instant.isoformat()} has no time zone", help="give it one: .replace(tzinfo=…)")
    return instant


def _standing(trigger: Trigger, at: datetime) -> Trigger:
    """An interval that is not anchored yet begins at `at`, as it would if it were scheduled then."""
    return trigger.anchored(at)
