"""Why an instant is not due: which calendar or blackout left it out, and with which label."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from asched.core.triggers.blackout import Blackout
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.protocol import Trigger

_TICK = timedelta(microseconds=1)


class Exclusion(NamedTuple):
    calendar: str
    label: str


def excluded_at(trigger: Trigger, instant: datetime) -> Exclusion | None:
    """What kept `trigger`, which must be anchored, from being due then.

    None when it is due, or would not have been due anyway.
    """
    return None if _is_due(trigger, instant) else _found(trigger, instant)


def excluded_after(trigger: Trigger, instant: datetime) -> datetime | None:
    """An instant after that one that the same exclusions keep from being due: the first of them, or where what is
    excluded stands inside something larger, the first of one part."""
    if isinstance(trigger, Excluding | OnlyOn | Blackout):
        at = trigger.trigger.next_after(instant)
        return at if at is not None and excluded_at(trigger, at) is not None else None
    inner = (excluded_after(member, instant) for member in _members(trigger))
    return min((at for at in inner if at is not None and excluded_at(trigger, at) is not None), default=None)


def _found(trigger: Trigger, instant: datetime) -> Exclusion | None:
    if isinstance(trigger, Excluding | OnlyOn | Blackout) and _is_due(trigger.trigger, instant):
        covered = trigger.covered(instant)
        return None if covered is None else Exclusion(*covered)
    return next((found for member in _members(trigger) if (found := _found(member, instant)) is not None), None)


def _members(trigger: Trigger) -> tuple[Trigger, ...]:
    """What it is made of."""
    inner = getattr(trigger, "trigger", None)
    return (inner,) if inner is not None else getattr(trigger, "triggers", ())


def _is_due(trigger: Trigger, instant: datetime) -> bool:
    return not trigger.relative and trigger.next_after(instant - _TICK) == instant
