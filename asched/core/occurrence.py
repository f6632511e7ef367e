"""One fire that goes otherwise than its schedule says: it is skipped, moved, or added. With who wanted it, and why.

Like EXDATE, RECURRENCE-ID and RDATE of iCalendar: what is moved keeps the instant that it stands for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar, assert_never

from asched.core.dataclass import dataclass
from asched.core.model import Fire
from asched.core.outcome import Skip, SkipReason
from asched.core.text.instants import shown

MOVED, ADDED = "moved", "added"  # the nonces of the fires that come of it

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Skipped:
    """The fire of `scheduled_at` is not run."""

    job: str
    scheduled_at: datetime
    at: datetime
    by: str
    reason: str = ""
    kind: ClassVar[str] = "skip"


@dataclass(frozen=True, slots=True)
class Moved:
    """The fire of `scheduled_at` is run at `to`, earlier or later. `ran`: `to` has come, its own instant has not."""

    job: str
    scheduled_at: datetime
    to: datetime
    at: datetime
    by: str
    reason: str = ""
    ran: bool = False
    kind: ClassVar[str] = "move"


@dataclass(frozen=True, slots=True)
class Added:
    """A fire at `scheduled_at` that no schedule yields."""

    job: str
    scheduled_at: datetime
    at: datetime
    by: str
    reason: str = ""
    kind: ClassVar[str] = "add"


Override = Skipped | Moved
"""What becomes of an instant that the schedule yields."""

Occurrence = Skipped | Moved | Added


def comes_at(occurrence: Occurrence) -> datetime | None:
    """When it is due beside the schedule; None when it is not, or not any more."""
    match occurrence:
        case Skipped():
            return None
        case Moved(to=to, ran=ran):
            return None if ran else to
        case Added(scheduled_at=scheduled_at):
            return scheduled_at
        case _:
            assert_never(occurrence)


def left_out(override: Override) -> Skip:
    """The decision on the instant itself."""
    facts: dict[str, object] = {"by": override.by, "reason": override.reason}
    if isinstance(override, Moved):
        facts["moved_to"] = override.to.isoformat()
    return Skip(SkipReason.EXCLUDED, facts)


def followed_as(fire: Fire) -> str:
    """The nonce under which jobs come after that fire. What was moved stands for its instant, as if it had run then;
    what comes after an added one may itself have one added at that instant, and is not that."""
    return {MOVED: "", ADDED: f"after-{ADDED}"}.get(fire.nonce, fire.nonce)


def named(occurrence: Occurrence, zone: tzinfo) -> str:
    """It, as a noun: "the skip of 2026-11-22 03:15:00+01:00 by ana"."""
    at = shown(occurrence.scheduled_at, zone)
    match occurrence:
        case Skipped():
            said = f"the skip of {at}"
        case Moved(to=to):
            said = f"the move of {at} to {shown(to, zone)}"
        case Added():
            said = f"the fire added at {at}"
        case _:
            assert_never(occurrence)
    return f"{said} by {occurrence.by}"


def number_of(instant: datetime) -> int:
    """An instant as a number, for the keys of deadlines: microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
