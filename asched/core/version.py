"""What makes a version of a job: its definition as canonical JSON text, from which a change is noticed."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from asched.core.action import Function
from asched.core.expectation import Expectation
from asched.core.localtime.cron import Cron
from asched.core.model import Job, Policies
from asched.core.nothing import NOTHING
from asched.core.triggers.interval import Every
from asched.core.written import ARGS, NAME, NO_ARGS, Written, shared, whole

_UNSAID = {
    "source",
    "trigger",
    "call",
}  # where it stands in a file is no part of what it is, nor which object is called
_EMPTY: dict[type, str] = {tuple: "[]", list: "[]", dict: "{}", type(NOTHING): "{}", type(None): "null"}
_SHARED = {Policies, Expectation, Every, Cron}  # of many jobs; equal ones are written alike
_JSON = {str, int, float, bool, type(None)}  # said as they are
_SECRET = {"secrets", "secret_headers"}  # names only, never values


def definition_of(job: Job) -> str:
    """Everything that the job says about itself, its trigger as declared (not yet anchored) included: one JSON object,
    its names in order, without blanks."""
    return written(job).of(job.name)


def written(job: Job) -> Written:
    """The same without its name, which is all by which most jobs differ from many others."""
    action = job.action
    if type(action) is Function and type(job.trigger) in _SHARED and not any(_RARELY(job)):
        found = _like(job, action)
        return Written(found.shape, _written("args", job.args)) if job.args else found
    return whole(_all_of(job))


def _like(job: Job, action: Function) -> Written:
    """Jobs of one kind have the very same values, so these are compared with those of the last that had the same
    trigger: to hash them all takes ten times as long."""
    said = (action.ref, action.mode, action.run_parameter, *_MOSTLY(job))
    last = _last.get(id(job.trigger))
    if last is None or last[0] != said:
        if len(_last) >= _MOST:
            _last.clear()
        _last[id(job.trigger)] = last = (said, _around(*said))
    return last[1]


def _all_of(job: Job) -> str:
    return "{" + ",".join([f'"{name}":{_text(name, getattr(job, name))}' for name in _SAID]) + "}"


@lru_cache(maxsize=1024)
def _around(ref: str, mode: str, run_parameter: str | None, *mostly: Any) -> Written:
    """What stands around the arguments and the name. The function itself is not asked, nor kept."""
    action = Function(_around, ref, mode, run_parameter)
    text = _all_of(Job("", action, **dict(zip(_MOSTLY_SAID, mostly, strict=True))))
    before, _, rest = text.partition(_NO_ARGS)
    between, _, after = rest.partition(_NO_NAME)
    return shared((before + ARGS, between + NAME, after))


def _text(name: str, held: object) -> str:
    """What most jobs share, or say nothing about, is not written anew for each."""
    kind = type(held)
    if kind is str:
        return _encode(held)
    if kind in _EMPTY and not held:
        return _EMPTY[list if name in _SECRET else kind]
    return _shared(name, held) if kind in _SHARED else _written(name, held)


@lru_cache(maxsize=1024)
def _shared(name: str, held: object) -> str:
    return _written(name, held)


def _written(name: str, held: Any) -> str:
    if name == "trigger" and held is not None:
        held = held.spec()
    return _encode(sorted(held) if name in _SECRET else _plain(held))


def same_trigger(one: str, other: str) -> bool:
    """Do two definitions declare the same trigger?"""
    same: bool = json.loads(one)["trigger"] == json.loads(other)["trigger"]
    return same


def _fields(value: Any) -> dict[str, object]:
    said: dict[str, object] = {}
    for name in _names(type(value)):  # type: ignore[arg-type]  # a class can be hashed
        held = getattr(value, name)
        said[name] = sorted(held) if name in _SECRET else _plain(held)
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
    if type(value) in _JSON:
        return value
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


_MOST = 1024
_last: dict[int, tuple[tuple[Any, ...], Written]] = {}
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_stable).encode
_SAID = sorted((*_names(Job), "trigger"))
_NO_ARGS, _NO_NAME = f"{ARGS}{NO_ARGS}", f'{NAME}""'  # no text holds that: within one, quotes are escaped
_RARELY_SAID = ("secrets", "wished", "conditions", "needs")  # and cannot all be hashed
_MOSTLY_SAID = tuple(name for name in _SAID if name not in ("name", "action", "args", *_RARELY_SAID))
_RARELY, _MOSTLY = attrgetter(*_RARELY_SAID), attrgetter(*_MOSTLY_SAID)
