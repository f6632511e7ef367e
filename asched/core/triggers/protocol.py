"""What every trigger answers. Instants are aware datetimes, UTC on the way out, exact to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from asched.errors import ScheduleError

if TYPE_CHECKING:
    from asched.core.triggers.startup import Startup


class Series(Protocol):
    """What yields instants."""

    def next_after(self, instant: datetime) -> datetime | None:
        """The first due instant strictly later than `instant`; None means never again."""
        ...


class Trigger(Series, Protocol):
    """A pure rule. Values: frozen, hashable, equal when they mean the same."""

    @property
    def steady(self) -> bool:
        """True: lives on elapsed time, which wall clock steps do not move. False: on wall time."""
        ...

    @property
    def relative(self) -> bool:
        """True: `next_after` counts from the end of the previous run, not from an instant on the calendar."""
        ...

    def spec(self) -> dict[str, object]:
        """Itself as JSON-able data; `from_spec` gives an equal trigger back."""
        ...

    def text(self) -> str:
        """Itself in the schedule grammar; `parse_schedule` reads it back to an equal trigger, given the

        same zone, dst and day rule, which a text does not hold.
        """
        ...

    def anchored(self, at: datetime) -> Trigger:
        """The same, with everything in it that counts from somewhere, and does not say where, counted from `at`."""
        ...

    @property
    def startup(self) -> Startup | None:
        """The start of the scheduler that it is due at, beside its instants; None for nearly all."""
        ...


def parts_of(trigger: Trigger) -> tuple[Trigger, ...]:
    """What it is made of, and asks; nothing for most."""
    if (several := getattr(trigger, "triggers", None)) is not None:
        return tuple(several)
    return tuple(part for name in ("trigger", "other") if (part := getattr(trigger, name, None)) is not None)


def is_quick(trigger: Trigger) -> bool:
    """Whether what it does itself, beside asking its parts, takes a few steps wherever it is asked."""
    quick: bool = getattr(trigger, "quick", True)
    return quick


def later(instant: datetime, period: timedelta, steps: int = 1) -> datetime | None:
    """`steps` periods after `instant`; None past the year 9999."""
    try:
        return instant + period * steps
    except OverflowError:
        return None


def as_utc(instant: datetime) -> datetime:
    """Raises ScheduleError for an instant without a zone."""
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ScheduleError(f"{instant.isoformat()} has no time zone")
    return instant.astimezone(UTC)


def instant_text(instant: datetime) -> str:
    """A UTC instant as the grammar reads it."""
    return instant.replace(tzinfo=None).isoformat() + "Z"
