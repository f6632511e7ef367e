"""A job as its version in the ledger defines it: enough to know when it is due and what limits it, not what it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass, replace
from datetime import timedelta
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from asched.core.action import Function
from asched.core.model import Job, Policies
from asched.core.rules.board import Previous


def job_as_defined(name: str, previous: Previous) -> Job:
    """Its trigger is anchored as it was, its action a stand-in. What another asched wrote and this one cannot read is
    left at its default: this is for looking ahead, and runs nothing."""
    said = json.loads(previous.written.of(name))
    return replace(depends_as_defined(said), name=name, trigger=previous.trigger)


def depends_as_defined(said: Mapping[str, Any]) -> Job:
    """The same of a definition alone: no name, no trigger."""
    read = _read_fields(Job, {key: said[key] for key in _DEPENDS if key in said})
    return Job(name="", action=_STAND_IN, **read)


def policies_of(said: Mapping[str, object]) -> Policies:
    return Policies(**_read_fields(Policies, said))


@lru_cache(maxsize=8)
def durations_of(kind: type) -> frozenset[str]:
    """Those fields of a dataclass that hold durations, which a definition has as seconds."""
    return frozenset(name for name, hint in get_type_hints(kind).items() if timedelta in (hint, *get_args(hint)))


@lru_cache(maxsize=8)
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


def _read_fields(kind: type, said: Mapping[str, object]) -> dict[str, Any]:
    read = {}
    for name, hint in _hints(kind).items():
        if name in said:
            try:
                read[name] = _read(hint, said[name])
            except (TypeError, ValueError, AttributeError):
                continue  # a value that this asched has no word for
    return read


def _read(hint: Any, value: Any) -> object:
    """The value that `definition_of` wrote as JSON, as the type that its field has."""
    if get_origin(hint) in (Union, UnionType):
        return None if value is None else _read_first(get_args(hint), value)
    if get_origin(hint) in (tuple, frozenset):
        return get_origin(hint)(_read(get_args(hint)[0], one) for one in value)
    if hint is timedelta:
        return timedelta(seconds=value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if get_origin(hint) is Mapping:
        return {name: _read(get_args(hint)[1], one) for name, one in value.items()}
    if is_dataclass(hint) and isinstance(hint, type):
        return _read_whole(hint, value)
    return _plain(hint, value)


def _read_whole(kind: type, said: Mapping[str, object]) -> object:
    """Of a union, only the one that it says it is."""
    if said.get("kind") != getattr(kind, "kind", said.get("kind")):
        raise TypeError(f"{said} is no {kind.__name__}")
    if kind is Function:
        return replace(_STAND_IN, ref=str(said["ref"]))
    return kind(**_read_fields(kind, said))


def _read_first(hints: Sequence[Any], value: object) -> object:
    for hint in hints:
        try:
            return _read(hint, value)
        except (TypeError, ValueError, AttributeError):
            continue
    raise TypeError(f"{value!r} is none of {hints}")


def _plain(hint: Any, value: object) -> object:
    kinds: dict[Any, Callable[[Any], object]] = {bool: bool, int: int, float: float, str: str}
    if hint not in kinds or value is None:
        raise TypeError(f"{value!r} is no {hint}")
    return kinds[hint](value)


async def _nothing() -> None:
    """Stands in for what a job does, and for functions that are asked whether it may."""


_STAND_IN = Function(_nothing, "", "coroutine")
_DEPENDS = ("policies", "after", "wished", "needs", "conditions", "timezone")
