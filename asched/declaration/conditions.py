"""Reads `needs`, `only_if`, `unless` and `wait`: what must hold, besides the time, for a fire to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from asched.core.condition import EXAMPLES, Condition, PathExists, parse_condition
from asched.core.need import Need
from asched.core.text.durations import as_duration
from asched.core.wait import Wait, parse_wait
from asched.declaration.faults import Fault, Path, dotted, shown, unknown_option
from asched.declaration.signature import read_function
from asched.declaration.targets import TARGET, NoTarget, find_target
from asched.errors import ScheduleError

ReadName = Callable[[object, Path, list[Fault]], str]


def needs_reader(read_name: ReadName) -> Callable[[object, Path, list[Fault]], tuple[Need, ...]]:
    """One job or several, each a name, or a table with `job` and `within`."""

    def read(value: object, path: Path, faults: list[Fault]) -> tuple[Need, ...]:
        return tuple(_need(one, at, faults, read_name) for one, at in _each(value, path))

    return read


def _need(value: object, path: Path, faults: list[Fault], read_name: ReadName) -> Need:
    if not isinstance(value, Mapping):
        return Need(read_name(value, path, faults))
    faults += [unknown_option((*path, key), ("job", "within")) for key in value if key not in ("job", "within")]
    if "job" not in value:
        faults.append(Fault(path, f"{dotted(path)} needs a job", 'as in { job = "rates", within = "24h" }'))
        return Need("")
    within = _within(value.get("within", "today"), (*path, "within"), faults)
    return Need(read_name(value["job"], (*path, "job"), faults), within)


def _within(value: Any, path: Path, faults: list[Fault]) -> timedelta | None:
    if value == "today":
        return None
    try:
        return as_duration(_plain(value))
    except ScheduleError as error:
        said = error.message
        faults.append(Fault(path, f"{dotted(path)}: {shown(value)}: {said}", 'write "today", or a duration as "24h"'))
        return None


def read_conditions(value: object, path: Path, faults: list[Fault]) -> tuple[Condition, ...]:
    """One or several, each a text, a callable, or a text that names one."""
    found = [_condition(one, at, faults) for one, at in _each(value, path)]
    return tuple(one for one in found if one is not None)


def _condition(value: object, path: Path, faults: list[Fault]) -> Condition | None:
    if not isinstance(value, str):
        return _function(value, path, faults)
    try:
        condition = parse_condition(value)
    except ScheduleError as error:
        if TARGET.fullmatch(value):
            return _named(value, path, faults)
        faults.append(Fault(path, f"{dotted(path)}: {shown(value)} is {error.message}", error.help))
        return None
    if isinstance(condition, PathExists):
        _check_path(condition.path, path, faults)
    return condition


def _named(target: str, path: Path, faults: list[Fault]) -> Condition | None:
    try:
        return _function(find_target(target, path), path, faults)
    except NoTarget as none:
        faults.append(none.fault)
        return None


def _function(value: object, path: Path, faults: list[Fault]) -> Condition | None:
    if not callable(value):
        faults.append(Fault(path, f"{dotted(path)} must be a condition, not {shown(value)}", f"write {EXAMPLES}"))
        return None
    function, found = read_function(value, {})
    faults += [Fault(path, f"{dotted(path)}: {fault.message}", fault.help) for fault in found]
    return function


def _check_path(text: str, path: Path, faults: list[Fault]) -> None:
    from asched.runners.template import check_template  # only for those who use it

    try:
        check_template(text)
    except ValueError as error:
        message, _, allowed = str(error).partition(": allowed are ")
        faults.append(Fault(path, f"{dotted(path)}: {message}", f"allowed are {allowed}" if allowed else ""))


def read_wait(value: Any, path: Path, faults: list[Fault]) -> Wait | None:
    """None and "none": it does not wait."""
    if value is None or value == "none":
        return None
    try:
        return parse_wait(_plain(value))
    except ScheduleError as error:
        said = error.message
        faults.append(Fault(path, f"{dotted(path)}: {shown(value)}: {said}", 'as in "90m" or "until 10:00"'))
        return None


def _plain(value: Any) -> str | int | float | timedelta:
    if not isinstance(value, (str, int, float, timedelta)) or isinstance(value, bool):
        raise ScheduleError("not a duration")
    return value


def _each(value: object, path: Path) -> list[tuple[object, Path]]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [(item, (*path, place)) for place, item in enumerate(value)]
    return [(value, path)]
