"""What makes a version of a job: its definition as canonical JSON text, from which a change is noticed."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from functools import lru_cache

from asched.core.model import Job, Policies

_UNSAID = {"source", "trigger"}  # where it stands in a file is no part of what it is
_SECRET = {"secrets", "secret_headers"}  # names only, never values


def definition_of(job: Job) -> str:
    """Everything that the job says about itself, its trigger as declared (not yet anchored) included."""
    said = {"trigger": None if job.trigger is None else job.trigger.spec(), **_fields(job)}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), default=_stable)


def same_trigger(one: str, other: str) -> bool:
    """Do two definitions declare the same trigger?"""
    same: bool = json.loads(one)["trigger"] == json.loads(other)["trigger"]
    return same


def _fields(value: object) -> dict[str, object]:
    said: dict[str, object] = {}
    for item in fields(value):  # type: ignore[arg-type]
        if item.name in _SECRET:
            said[item.name] = sorted(getattr(value, item.name))
        elif item.name not in _UNSAID and item.name != "call":
            said[item.name] = _plain(getattr(value, item.name))
    if "kind" not in said and hasattr(value, "kind"):
        said["kind"] = value.kind
    return said


def _stable(value: object) -> str:
    """What has no JSON form, so that it reads the same in every process: no addresses."""
    try:
        text = repr(value)
    except Exception:  # a repr of somebody's own
        text = " at 0x"
    return f"{type(value).__module__}.{type(value).__qualname__}" if " at 0x" in text else text


@lru_cache(maxsize=256)
def _policies(policies: Policies) -> dict[str, object]:
    """Many jobs share theirs."""
    return _fields(policies)


def _plain(value: object) -> object:
    if isinstance(value, Policies):
        return _policies(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):  # in an order that does not change with the process
        return sorted((_plain(item) for item in value), key=repr)
    return value
