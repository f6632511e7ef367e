"""What a job returned, as JSON text for the ledger: bounded, and never an exception.

What JSON lacks is written as people would: datetimes in ISO format, sets as lists, dataclasses as objects. What
cannot be written at all, or not in 64 kB, becomes {"repr": "…"}.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import sys
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

from asched.core.masking import MASK, Mask

LARGEST = 64 * 1024  # characters, which are bytes: the text is ASCII
_SHOWN = 2000  # characters of a repr
_DEEPEST = 100  # levels

_AS_LIST = (list, tuple, set, frozenset, deque)
_AS_TEXT = (("decimal", "Decimal"), ("fractions", "Fraction"), ("uuid", "UUID"))


def encode(value: object, mask: Mask = str) -> str | None:
    """JSON text of at most 64 kB; None for None. Never raises."""
    if value is None:
        return None
    try:
        text = _encode(value)
    except BaseException:  # a job's own __iter__, __str__ or items() may raise anything at all
        text = ""
    if not text or len(text) > LARGEST:
        text = json.dumps({"repr": _shown(value)})
    return text if mask is str or mask(text) == text else _masked(text, mask)


def _encode(value: object) -> str:
    if _too_large(value):
        return ""
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(_plain(value, _DEEPEST), allow_nan=False)


def _too_large(value: object) -> bool:
    """Whether it cannot fit, found without writing it: a job that returns a million rows must not stop the loop."""
    left, waiting = LARGEST, [value]
    while waiting and left >= 0:
        one = waiting.pop()
        left -= 2
        if isinstance(one, (str, bytes, bytearray)):
            left -= len(one)
        elif isinstance(one, Mapping):
            left -= 3 * len(one)
            if left >= 0:
                waiting.extend(one.keys())
                waiting.extend(one.values())
        elif isinstance(one, _AS_LIST):
            left -= len(one)
            if left >= 0:
                waiting.extend(one)
    return left < 0


def _plain(value: object, depth: int) -> Any:
    """The same in JSON's own types. Raises ValueError for a ring, TypeError for what has no plain form."""
    if depth == 0:
        raise ValueError("too deep, or a ring")
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Enum):
        return _plain(value.value, depth - 1)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return [_plain(item, depth - 1) for item in _ordered(value)]
    if isinstance(value, _AS_LIST):
        return [_plain(item, depth - 1) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name), depth - 1) for field in fields}
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (str, PurePath, *_loaded())):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (bytes, bytearray)):
        return _text_of(bytes(value))
    return {"repr": _shown(value)}


def _loaded() -> list[type]:
    """Of the other classes that are written as their str(), those there are: nothing can be of one whose module was
    never loaded. It is not loaded here: this is the loop, and it may not be able to open a file."""
    modules = ((sys.modules.get(module), name) for module, name in _AS_TEXT)
    return [found for module, name in modules if isinstance(found := getattr(module, name, None), type)]


def _text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def _key(key: object) -> str:
    plain = _plain(key, 2) if not isinstance(key, (tuple, frozenset)) else _shown(key)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _ordered(items: set[Any] | frozenset[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return list(items)


def _shown(value: object) -> str:
    """repr(value) where it can be had at a fair price, cut."""
    try:
        if isinstance(value, (str, bytes, bytearray)):
            value = value[:_SHOWN]
        elif _too_large(value):
            return f"<{type(value).__name__} of {len(value)} items>"  # type: ignore[arg-type]
        text = repr(value)
    except BaseException as fault:  # its own code
        return f"<{type(value).__name__}: its __repr__ raised {type(fault).__name__}>"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _masked(text: str, mask: Mask) -> str:
    """Value by value, so that it stays JSON."""
    return json.dumps(_masked_value(json.loads(text), mask))


def _masked_value(value: Any, mask: Mask) -> Any:
    if isinstance(value, dict):
        return {mask(key): _masked_value(item, mask) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked_value(item, mask) for item in value]
    if isinstance(value, str):
        return mask(value)
    return value if value is None or mask(str(value)) == str(value) else MASK
