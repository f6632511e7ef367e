"""Instants as people write them: ISO texts, in a zone unless they have an offset."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from asched.core.localtime.cron import Dst
from asched.core.localtime.zones import after_gap, instants_of
from asched.core.text.pattern import pattern
from asched.errors import Refused, ScheduleError

FIRST_YEAR, LAST_YEAR = 1900, 9000  # far from the ends of the calendar, where other zones have no instants any more

INSTANT = r"\S+(?:\s+[0-9]{1,2}:\S+)?"  # where one stands in a phrase: with a T, or a blank, before the time

_EXAMPLE = 'as in "2026-12-24T17:30" or "2026-12-24T17:30+01:00"'
_DATE = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_instants(text: str, tz: str, dst: Dst = "auto") -> tuple[datetime, ...]:
    """In UTC; two where `dst` is "both" and clocks show that time twice. Raises ScheduleError."""
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        raise ScheduleError(f'"{text}" is not an instant', text=text, help=_EXAMPLE) from None
    refuse_far(written, text)
    if written.utcoffset() is not None:
        return (written.astimezone(UTC),)
    return _on_the_wall(written, text, tz, dst)


def refuse_far(written: date, text: str) -> None:
    """Raises ScheduleError for a day or an instant near the ends of the calendar."""
    if not FIRST_YEAR <= written.year <= LAST_YEAR:
        raise ScheduleError(f'"{text}" is not between the years {FIRST_YEAR} and {LAST_YEAR}', text=text)


def not_far(instant: datetime) -> datetime:
    """`instant`, of somebody's code. Raises ScheduleError as `refuse_far` does."""
    refuse_far(instant, instant.isoformat())
    return instant


def read_date(text: str) -> date:
    """A whole day. Raises ScheduleError."""
    try:
        written = date.fromisoformat(text)
    except ValueError:
        raise ScheduleError(f'"{text}" is not a day', text=text, help='as in "2026-12-24"') from None
    refuse_far(written, text)
    return written


def read_end(text: str, tz: str) -> datetime:
    """The last instant that "until" such a text includes: of a date alone, the last one of that day.

    Raises ScheduleError.
    """
    try:
        last = read_instants(text, tz, "last")[-1]
    except ScheduleError as error:
        help = error.help or 'a schedule without "until" has no end'
        raise ScheduleError(error.message, text=text, help=help) from None
    if not _DATE.fullmatch(text):
        return last
    following = datetime.fromisoformat(text) + timedelta(days=1)
    return _on_the_wall(following, text, tz, "auto")[0] - timedelta(microseconds=1)


def _on_the_wall(wall: datetime, text: str, tz: str, dst: Dst) -> tuple[datetime, ...]:
    """A naive time, with the same rules for gaps and folds as a fixed-time cron job."""
    passes = instants_of(wall, tz)
    if not passes and dst == "skip":
        raise ScheduleError(f"there is no {text} in {tz}: clocks skip it", text=text)
    if not passes:
        return (after_gap(wall, tz),)
    return {"both": passes, "last": passes[-1:]}.get(dst, passes[:1])


def as_instant(at: datetime | None) -> datetime | None:
    """An instant from outside, in UTC. Raises Refused for one that has no offset, or that no ledger could hold."""
    return None if at is None else utc_instant(at)


def utc_instant(at: datetime) -> datetime:
    """The same, where there is one."""
    if at.tzinfo is None:
        raise Refused(f"{at.isoformat()} has no offset from UTC")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Refused(f"{at.isoformat()} is beyond the calendar") from None
