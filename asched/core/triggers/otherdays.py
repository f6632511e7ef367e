"""A schedule whose calendars know other days than before is the same schedule: its anchors and what it owes are kept.

Holidays are known for some years ahead, so every new year brings other days, and so does who adds one to a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec

Spec = Any  # as JSON has it


def same_but_for_days(one: str, other: str) -> bool:
    """Do two definitions declare triggers that differ in what their calendars hold, and in nothing else?"""
    before, after = json.loads(one)["trigger"], json.loads(other)["trigger"]
    calendars = list(_calendars(after))
    names = {calendar["name"] for calendar in calendars}
    told_apart = len(names) == len({json.dumps(calendar) for calendar in calendars})
    return told_apart and bool(names) and _without_days(before) == _without_days(after)


def with_days_of(kept: Trigger, declared: Trigger) -> Trigger:
    """`kept`, with its anchors, and the calendars of `declared`, which differs in nothing else."""
    calendars = {calendar["name"]: calendar for calendar in _calendars(declared.spec())}
    return from_spec(_replaced(kept.spec(), calendars))


def _calendars(spec: Spec) -> Iterator[Mapping[str, Any]]:
    if isinstance(spec, list | tuple):
        for item in spec:
            yield from _calendars(item)
    elif isinstance(spec, Mapping):
        for key, value in spec.items():
            yield from value if key == "calendars" else _calendars(value)


def _without_days(spec: Spec) -> Spec:
    """Names for calendars; members of a union in an order that does not depend on what they hold."""
    if isinstance(spec, list | tuple):
        return [_without_days(item) for item in spec]
    if not isinstance(spec, Mapping):
        return spec
    plain: dict[str, Spec] = {}
    for key, value in spec.items():
        if key == "calendars":
            plain[key] = sorted(calendar["name"] for calendar in value)
        elif key == "triggers":
            plain[key] = sorted((_without_days(item) for item in value), key=json.dumps)
        else:
            plain[key] = _without_days(value)
    return plain


def _replaced(spec: Spec, calendars: Mapping[str, Mapping[str, Any]]) -> Spec:
    if isinstance(spec, list | tuple):
        return [_replaced(item, calendars) for item in spec]
    if not isinstance(spec, Mapping):
        return spec
    return {
        key: [calendars[each["name"]] for each in value] if key == "calendars" else _replaced(value, calendars)
        for key, value in spec.items()
    }
