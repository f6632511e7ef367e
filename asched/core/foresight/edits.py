"""What differs between two definitions of a job, option by option, as people know them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

from asched.core.dataclass import dataclass
from asched.core.foresight.asdefined import durations_of
from asched.core.model import Policies, Retry
from asched.core.text.durations import format_duration

_NO_OPTIONS = {"trigger", "disabled", "name"}  # told on their own
_CALLED = {"action.argv": "command", "action.ref": "function", "timezone": "tz"}
_OF_SCHEDULES = ("dst", "day_rule")
_DURATIONS = {*durations_of(Policies), *(f"retry.{name}" for name in durations_of(Retry))}


@dataclass(frozen=True, slots=True)
class Edit:
    """One option that changed. `was` and `becomes` are as JSON has them (durations in seconds), None where there is
    none."""

    option: str
    was: object
    becomes: object

    def text(self) -> str:
        """timeout: 5m -> 20m"""
        return f"{self.option}: {_said(self.option, self.was)} -> {_said(self.option, self.becomes)}"


def edits(one: str, other: str) -> tuple[Edit, ...]:
    """From one definition to another, but for what the text of a schedule says."""
    before, after = (dict((*_flat(said), *_unsaid(said["trigger"]))) for said in map(json.loads, (one, other)))
    names = [*after, *(name for name in before if name not in after)]
    found = (Edit(name, before.get(name), after.get(name)) for name in names)
    return tuple(sorted((edit for edit in found if edit.was != edit.becomes), key=lambda edit: edit.option))


def _flat(said: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for key, value in said.items():
        name = above + key
        if name in _NO_OPTIONS:
            continue
        if isinstance(value, Mapping) and value and name != "args":
            yield from _flat(value, "" if name == "policies" else f"{name}.")
        else:
            yield _CALLED.get(name, name.removeprefix("action.")), value


def _unsaid(spec: object) -> Iterator[tuple[str, object]]:
    """What a schedule's text does not tell: how it reads its days, and what becomes of it when clocks are changed."""
    for option in _OF_SCHEDULES:
        values = sorted(set(_values(spec, option)))
        if values:
            yield option, values[0] if len(values) == 1 else values


def _values(spec: object, key: str) -> Iterator[str]:
    if isinstance(spec, Mapping):
        if isinstance(spec.get(key), str):
            yield spec[key]
        spec = list(spec.values())
    if isinstance(spec, list):
        for item in spec:
            yield from _values(item, key)


def _said(option: str, value: object) -> str:
    if value is None:
        return "none"
    if option in _DURATIONS and isinstance(value, int | float):
        return format_duration(timedelta(seconds=value))
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
