"""How what an absence left owed is made up for, as people write it: [service.recovery] and Scheduler(recovery=…)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from asched.core.recovery import Recovery, RecoveryOrder
from asched.declaration.faults import Fault, Path, dotted, shown, unknown_option
from asched.declaration.options import Duration
from asched.declaration.optionvalues import Reader, duration, enum, whole
from asched.declaration.problems import Finding
from asched.errors import ConfigurationError


class RecoveryOptions(TypedDict, total=False):
    """See core.recovery.Recovery."""

    order: str  # newest, oldest, priority: whose fire goes first, between jobs
    at_once: int  # so many at the same time
    pace: Duration  # from one start to the next
    limit: int | None  # so many in all; the others are skipped as missed
    ask: bool | int  # True: nothing starts until somebody approves; a number: more than that many
    expires: Duration  # what is held is skipped when nobody approves of it within that time


def _at_most(value: object, path: Path, faults: list[Fault]) -> object:
    return None if value is None or value == "none" else whole(1)(value, path, faults)


def _ask_above(value: object, path: Path, faults: list[Fault]) -> int | None:
    """More than how many are asked for; None: never."""
    if isinstance(value, bool):
        return 0 if value else None
    if not isinstance(value, int) or value < 0:
        message = f"{dotted(path)} must be true, false, or a number of fires above which to ask, not {shown(value)}"
        faults.append(Fault(path, message))
        return None
    return value


_READERS: Mapping[str, tuple[str, Reader]] = {
    "order": ("order", enum(RecoveryOrder)),
    "at_once": ("at_once", whole(1)),
    "pace": ("pace", duration),
    "limit": ("limit", _at_most),
    "ask": ("ask_above", _ask_above),
    "expires": ("expires", duration),
}


def read_recovery(table: Mapping[str, object], path: Path, faults: list[Fault]) -> Recovery:
    """What is wrong is added to `faults`, and has its default."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _READERS:
            faults.append(unknown_option((*path, key), _READERS))
            continue
        name, read = _READERS[key]
        before = len(faults)
        found = read(value, (*path, key), faults)
        if len(faults) == before:
            values[name] = found
    return Recovery(**values)


def recovery_of(options: RecoveryOptions | Recovery | None) -> Recovery:
    """For a Scheduler. Raises ConfigurationError."""
    if isinstance(options, Recovery):
        return options
    faults: list[Fault] = []
    if options is not None and not isinstance(options, Mapping):
        raise ConfigurationError(f"recovery must be a mapping of options to values, not {shown(options)}")
    recovery = read_recovery(dict(options or {}), ("recovery",), faults)
    if faults:
        raise ConfigurationError([Finding(fault.message, help=fault.help) for fault in faults])
    return recovery
