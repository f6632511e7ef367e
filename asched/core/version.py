"""What makes a version of a job: its definition as canonical JSON text, from which a change is noticed."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

from asched.core.expectation import Expectation
from asched.core.model import Job, Policies

_UNSAID = {
    "source",
    "trigger",
    "call",
}  # where it stands in a file is no part of what it is, nor which object is called
_EMPTY: dict[type, str] = {tuple: "[]", list: "[]", dict: "{}"}
_JSON = {str, int, float, bool, type(None)}  # said as they are
_SECRET = {"secrets", "secret_headers"}  # names only, never values


def definition_of(job: Job) -> str:
    """Everything that the job says about itself, its trigger as declared (not yet anchored) included: one JSON object,
    its names in order, without blanks."""
    return "{" + ",".join([f'"{name}":{_text(_said(job, name))}' for name in _SAID]) + "}"


def _said(job: Job, name: str) -> object:
    if name == "trigger":
        return None if job.trigger is None else job.trigger.spec()
    held: object = getattr(job, name)
    return sorted(job.secrets) if name in _SECRET else held


def _text(value: object) -> str:
    """What most jobs share, or say nothing about, is not written anew for each."""
    if type(value) in _EMPTY and not value:
        return _EMPTY[type(value)]
    return _shared(value) if isinstance(value, Policies | Expectation) else _encode(_plain(value))


@lru_cache(maxsize=256)
def _shared(value: Policies | Expectation) -> str:
    return _encode(_fields(value))


def same_trigger(one: str, other: str) -> bool:
    """Do two definitions declare the same trigger?"""
    same: bool = json.loads(one)["trigger"] == json.loads(other)["trigger"]
    return same


def _fields(value: Any) -> dict[str, object]:
    said: dict[str, object] = {}
    for name in _names(type(value)):  # type: ignore[arg-type]  # a class can be hashed
        held = getattr(value, name)
        said[name] = sorted(held) if name in _SECRET else held if type(held) in _JSON else _plain(held)
    if "kind" not in said and hasattr(value, "kind"):
        said["kind"] = value.kind
    return said


@lru_cache(maxsize=256)
def _names(kind: type) -> tuple[str, ...]:
    """The fields that are said of it."""
    return tuple(item.name for item in fields(kind) if item.name not in _UNSAID)


def _stable(value: object) -> str:
    """What has no JSON form, so that it reads the same in every process: no addresses."""
    try:
        text = repr(value)
    except Exception:  # a repr of somebody's own
        text = " at 0x"
    return f"{type(value).__module__}.{type(value).__qualname__}" if " at 0x" in text else text


def _plain(value: object) -> object:
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


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_stable).encode
_SAID = sorted((*_names(Job), "trigger"))
