"""Schedules as values: what `cron`, `every`, `at` and `schedule` make, to be asked, explained, and combined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from asched.core.dataclass import dataclass
from asched.core.grammar.instants import not_far, read_end, read_instants
from asched.core.grammar.texts import refuse_endless_text
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.cron import Cron, DayRule, Dst
from asched.core.localtime.timeofday import parse_time
from asched.core.localtime.weekdays import parse_weekdays
from asched.core.localtime.windows import ALL_DAY, Windows
from asched.core.localtime.zones import zone
from asched.core.text.durations import as_duration
from asched.core.triggers.at import At
from asched.core.triggers.both import all_of
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.delayed import In
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.interval import Every
from asched.core.triggers.minus import Minus
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import refuse_what_may_never_fire, refuse_what_never_fires
from asched.core.triggers.union import any_of
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.within import Within
from asched.engine.clock import SystemClock
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due. Hashable; equal when it means the same. Instants are given in `tz`."""

    trigger: Trigger
    tz: str = "UTC"

    def next(self, after: datetime | None = None) -> datetime | None:
        """The first instant strictly later than `after` (an aware datetime between the years 1900 and 9000; now when

        left out); None: never again. Raises ScheduleError for another instant.
        """
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
        from asched.core.english.trigger import explain_trigger

        return explain_trigger(self.trigger)

    def __or__(self, other: Schedule) -> Schedule:
        """Due whenever either is."""
        if not isinstance(other, Schedule):
            raise _no_schedule(other, "|")
        return Schedule(any_of((self.trigger, other.trigger)), self.tz)

    def __and__(self, other: Schedule | Calendar) -> Schedule:
        """Due when both are, at the same instant; of a calendar, on its days. Raises ScheduleError where that can
        never be, as the others do.
        """
        if isinstance(other, Calendar):
            return self._made(OnlyOn(self.trigger, (other,), zone(self.tz).key))
        if not isinstance(other, Schedule):
            raise _no_schedule(other, "&")
        return self._made(all_of((self.trigger, other.trigger)))

    def __sub__(self, other: Schedule | Calendar) -> Schedule:
        """Due when this is and the other is not; of a calendar, not on its days."""
        if isinstance(other, Calendar):
            return self._made(Excluding(self.trigger, (other,), zone(self.tz).key))
        if not isinstance(other, Schedule):
            raise _no_schedule(other, "-")
        return self._made(Minus(self.trigger, other.trigger))

    def between(self, start: str | time, end: str | time, *, on: str = "daily", tz: str | None = None) -> Schedule:
        """Those in a window of local time: from `start`, which is in it, to `end`, which is not; "22:00" to "06:00"
        passes midnight. `on`: the weekdays on which it begins, as in "weekdays" or "mon,thu". In the schedule's zone
        unless there is another `tz`.
        """
        span = parse_time(_clock(start)), parse_time(_clock(end), up_to_midnight=True)
        return self._within(Windows((span,), zone(tz or self.tz).key, parse_weekdays(on)))

    def on(self, weekdays: str, *, tz: str | None = None) -> Schedule:
        """Those on these weekdays, as in "weekdays", "mon,thu" or "fri-sun"."""
        return self._within(Windows((ALL_DAY,), zone(tz or self.tz).key, parse_weekdays(weekdays)))

    def starting(self, start: str | datetime) -> Schedule:
        """Those from `start` on: an aware datetime, or a text, in the schedule's zone unless it has an offset.

        An interval without an anchor counts from there.
        """
        return self._made(
            Bounded(self.trigger, start=self._instant(start, lambda text: read_instants(text, self.tz)[0]))
        )

    def until(self, end: str | datetime) -> Schedule:
        """Those up to and with `end`; a date alone includes its whole day."""
        return self._made(Bounded(self.trigger, end=self._instant(end, lambda text: read_end(text, self.tz))))

    def times(self, n: int) -> Schedule:
        """The first `n` of them, counted from where it starts, else from when it is first scheduled."""
        return self._made(Bounded(self.trigger, times=n))

    def __str__(self) -> str:
        return self.trigger.text()

    def _within(self, windows: Windows) -> Schedule:
        within = Within(self.trigger, windows)
        refuse_what_may_never_fire(within)
        return Schedule(within, self.tz)

    def _made(self, trigger: Trigger) -> Schedule:
        refuse_what_never_fires(trigger)
        return Schedule(trigger, self.tz)

    def _instant(self, given: str | datetime, read: Callable[[str], datetime]) -> datetime:
        return read(given) if isinstance(given, str) else _aware(given)


def cron(expression: str, *, tz: str = "UTC", dst: Dst = "auto", day_rule: DayRule = "crontab") -> Schedule:
    """A cron expression (5 fields; 6 with seconds first; 7 with the year last) in an IANA time zone.

    Raises ScheduleError for one that is not understood, or can never fire.
    """
    refuse_endless_text(expression)
    return Schedule(Cron(expression, zone(tz).key, dst, day_rule), tz)


def every(
    period: str | float | timedelta, to: str | float | timedelta | None = None, *, anchor: datetime | None = None
) -> Schedule:
    """At anchor + k · period, for ever, without drift. Without an anchor it is when the job is first scheduled.

    With `to`, each gap is between the two, varying, and the mean in the middle does not drift.
    """
    anchor = None if anchor is None else _aware(anchor)
    if to is not None:
        return Schedule(VariedEvery(as_duration(period), as_duration(to), anchor))
    return Schedule(Every(as_duration(period), anchor))


def at(when: str | datetime, *, tz: str = "UTC") -> Schedule:
    """Once. An ISO text without an offset, or a naive datetime, is local time in `tz`; "in 10m" counts from when it
    is scheduled.
    """
    if isinstance(when, datetime):
        return Schedule(At(not_far(when) if when.tzinfo else not_far(when).replace(tzinfo=zone(tz))), tz)
    from asched.core.grammar.phrases import parse_schedule

    trigger = parse_schedule(when, tz=tz)
    if not isinstance(trigger, At | In):
        raise ScheduleError("not an instant", text=when, help='write it as "2026-12-24T17:30", or "in 10m"')
    return Schedule(trigger, tz)


def schedule(
    text: str | Sequence[str], *, tz: str = "UTC", dst: Dst = "auto", day_rule: DayRule = "crontab"
) -> Schedule:
    """Any text of the schedule grammar, or several of them: "daily at 02:30", "every 10m", "0 9 * * mon-fri"."""
    from asched.core.grammar.phrases import parse_schedule

    return Schedule(parse_schedule(text, tz=zone(tz).key, dst=dst, day_rule=day_rule), tz)


def _clock(given: str | time) -> str:
    return given if isinstance(given, str) else given.isoformat()


def _no_schedule(other: object, sign: str) -> TypeError:
    if isinstance(other, Calendar):
        return TypeError(
            f'"{sign}" takes no calendar, whose days are no instants: "&" keeps to them, "-" leaves them out'
        )
    return TypeError(f'"{sign}" takes a schedule, not {type(other).__name__}: make one with schedule("…")')


def _aware(instant: object) -> datetime:
    if not isinstance(instant, datetime):
        raise TypeError(f"an instant is an aware datetime, not {instant!r}")
    if instant.tzinfo is None:
        raise ScheduleError(f"{instant.isoformat()} has no time zone", help="give it one: .replace(tzinfo=…)")
    return not_far(instant)


def _standing(trigger: Trigger, at: datetime) -> Trigger:
    """An interval that is not anchored yet begins at `at`, as it would if it were scheduled then."""
    return trigger.anchored(at)
