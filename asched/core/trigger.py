"""When a job is due: the Trigger protocol, and the triggers that need no calendar.

    Every         anchor + k * period, k from 1
    AfterFinish   a period after the end of the previous run
    At            one instant
    Startup       when a scheduler starts
    AnyOf         whenever any of several is due
    Cron          a cron expression in a time zone (core/cron.py)

Instants are aware datetimes, UTC on the way out, exact to the microsecond.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol

from asched.core.cron import Cron
from asched.core.durations import format_duration, parse_duration
from asched.errors import ScheduleError


class Trigger(Protocol):
    """A pure rule. Values: frozen, hashable, equal when they mean the same."""

    @property
    def steady(self) -> bool:
        """True: lives on elapsed time, which wall clock steps do not move. False: on wall time."""
        ...

    @property
    def relative(self) -> bool:
        """True: `next_after` counts from the end of the previous run, not from an instant on the calendar."""
        ...

    def next_after(self, instant: datetime) -> datetime | None:
        """The first due instant strictly later than `instant`; None means never again."""
        ...

    def spec(self) -> dict[str, object]:
        """Itself as JSON-able data; `from_spec` gives an equal trigger back."""
        ...

    def text(self) -> str:
        """Itself in the schedule grammar; `parse_schedule` reads it back to an equal trigger, given the

        same zone, dst and day rule, which a text does not hold.
        """
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """anchor + k * period for k = 1, 2, 3, …: whole microseconds, so that nothing ever drifts."""

    period: timedelta
    anchor: datetime | None = None

    steady: ClassVar[bool] = True
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_period(self.period)
        if self.anchor is not None:
            object.__setattr__(self, "anchor", _utc(self.anchor))

    def anchored(self, at: datetime) -> Every:
        return replace(self, anchor=at)

    def next_after(self, instant: datetime) -> datetime | None:
        """Raises ScheduleError while it has no anchor."""
        if self.anchor is None:
            raise ScheduleError("an interval needs an anchor before it has instants", text=self.text())
        steps = max(1, (instant - self.anchor) // self.period + 1)
        return _later(self.anchor, self.period, steps)

    def spec(self) -> dict[str, object]:
        anchor = None if self.anchor is None else self.anchor.isoformat()
        return {"kind": "every", "period": format_duration(self.period), "anchor": anchor}

    def text(self) -> str:
        since = "" if self.anchor is None else f" from {_instant_text(self.anchor)}"
        return f"every {format_duration(self.period)}{since}"


@dataclass(frozen=True, slots=True)
class AfterFinish:
    """A period after the end of the previous run."""

    period: timedelta

    steady: ClassVar[bool] = True
    relative: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_period(self.period)

    def next_after(self, instant: datetime) -> datetime | None:
        """`instant` is the end of the previous run."""
        return _later(_utc(instant), self.period)

    def spec(self) -> dict[str, object]:
        return {"kind": "after_finish", "period": format_duration(self.period)}

    def text(self) -> str:
        return f"after {format_duration(self.period)}"


@dataclass(frozen=True, slots=True)
class At:
    """One instant."""

    instant: datetime

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "instant", _utc(self.instant))

    def next_after(self, instant: datetime) -> datetime | None:
        return self.instant if instant < self.instant else None

    def spec(self) -> dict[str, object]:
        return {"kind": "at", "instant": self.instant.isoformat()}

    def text(self) -> str:
        return f"at {_instant_text(self.instant)}"


@dataclass(frozen=True, slots=True)
class Startup:
    """When a scheduler starts: each time (`@startup`), or once per boot of the machine (`@reboot`).

    It has no instants of its own; whoever starts the scheduler asks `startup_of`.
    """

    once_per_boot: bool = False

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False

    def next_after(self, instant: datetime) -> datetime | None:
        return None

    def spec(self) -> dict[str, object]:
        return {"kind": "startup", "once_per_boot": self.once_per_boot}

    def text(self) -> str:
        return "@reboot" if self.once_per_boot else "@startup"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Whenever any of them is due; instants that they share are one.

    Nested ones are flattened, and order and duplicates do not matter. Refuses what is relative: the end of
    a run that another trigger started would be nobody's.
    """

    triggers: tuple[Trigger, ...]

    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        flat = {member for trigger in self.triggers for member in _members(trigger)}
        if not flat:
            raise ScheduleError("a list of schedules needs at least one")
        if relative := [member for member in flat if member.relative]:
            raise ScheduleError(
                f'"{relative[0].text()}" counts from the end of a run: it stands alone, in no list',
                help='write "every" for a fixed interval',
            )
        object.__setattr__(self, "triggers", tuple(sorted(flat, key=_order)))

    @property
    def steady(self) -> bool:
        return all(member.steady for member in self.triggers if not isinstance(member, Startup))

    def next_after(self, instant: datetime) -> datetime | None:
        found = (member.next_after(instant) for member in self.triggers)
        return min((at for at in found if at is not None), default=None)

    def spec(self) -> dict[str, object]:
        return {"kind": "any_of", "triggers": [member.spec() for member in self.triggers]}

    def text(self) -> str:
        return " | ".join(member.text() for member in self.triggers)


def any_of(triggers: Sequence[Trigger]) -> Trigger:
    """Their union; of one trigger, or several equal ones, that trigger itself. Refuses as AnyOf does."""
    if len(triggers) == 1:
        return triggers[0]
    union = AnyOf(tuple(triggers))
    return union.triggers[0] if len(union.triggers) == 1 else union


def startup_of(trigger: Trigger) -> Startup | None:
    """The Startup in it, if any. Of two, the one that is due at every start."""
    found = [member for member in _members(trigger) if isinstance(member, Startup)]
    return min(found, key=lambda startup: startup.once_per_boot, default=None)


def anchored(trigger: Trigger, at: datetime) -> Trigger:
    """The same with every interval in it that has no anchor yet anchored at `at`."""
    match trigger:
        case Every(anchor=None):
            return trigger.anchored(at)
        case AnyOf():
            return AnyOf(tuple(anchored(member, at) for member in trigger.triggers))
        case _:
            return trigger


def from_spec(spec: Mapping[str, Any]) -> Trigger:
    """The trigger of which this is the spec. Raises ScheduleError for anything else."""
    try:
        return _from_spec(spec)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ScheduleError):
            raise
        raise ScheduleError(f"not the spec of a trigger: {dict(spec)!r}") from error


def _from_spec(spec: Mapping[str, Any]) -> Trigger:
    match spec["kind"]:
        case "every":
            anchor = spec["anchor"]
            since = None if anchor is None else datetime.fromisoformat(anchor)
            return Every(parse_duration(spec["period"]), since)
        case "after_finish":
            return AfterFinish(parse_duration(spec["period"]))
        case "at":
            return At(datetime.fromisoformat(spec["instant"]))
        case "startup":
            return Startup(spec["once_per_boot"])
        case "any_of":
            return AnyOf(tuple(from_spec(member) for member in spec["triggers"]))
        case "cron":
            return Cron(spec["expression"], spec["tz"], spec["dst"], spec["day_rule"])
        case other:
            raise ScheduleError(f'unknown kind of trigger "{other}"')


def _members(trigger: Trigger) -> tuple[Trigger, ...]:
    return trigger.triggers if isinstance(trigger, AnyOf) else (trigger,)


def _order(trigger: Trigger) -> str:
    return json.dumps(trigger.spec())


def _check_period(period: timedelta) -> None:
    if period <= timedelta(0):
        raise ScheduleError(f"a period of {format_duration(period)} is not longer than nothing")


def _later(instant: datetime, period: timedelta, steps: int = 1) -> datetime | None:
    try:
        return instant + period * steps
    except OverflowError:  # past the year 9999
        return None


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ScheduleError(f"{instant.isoformat()} has no time zone")
    return instant.astimezone(UTC)


def _instant_text(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat() + "Z"
