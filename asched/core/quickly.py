"""Frozen values that are made several times a run, at a third of the price.

A frozen dataclass sets each of its fields through `object.__setattr__`, by name: a tenth of a microsecond, and a run
makes a dozen such values. Here its `__init__` is written anew, as dataclasses writes it, but while it works the value
is of another class with the same slots, which is not frozen: there a field is set in a hundredth. Nothing else about
the class changes: tests/core/test_quickly.py holds it against its slow twin.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

T = TypeVar("T")

_set_class = object.__dict__["__class__"].__set__


def quickly_made(cls: type[T]) -> type[T]:
    """Above `@dataclass(frozen=True, slots=True)`; without base classes, `__post_init__`, or fields that are not
    parameters. Raises TypeError for such."""
    own = fields(cls)  # type: ignore[arg-type]
    if cls.__bases__ != (object,) or hasattr(cls, "__post_init__") or not all(one.init for one in own):
        raise TypeError(f"{cls.__qualname__} is not so plain that it could be made quickly")
    thawed = type(f"_{cls.__name__}InTheMaking", (), {"__slots__": tuple(one.name for one in own)})
    known: dict[str, Any] = {"MISSING": MISSING, "thawed": thawed, "set_class": _set_class}
    for one in own:
        known[f"default_{one.name}"] = one.default
        known[f"factory_{one.name}"] = one.default_factory
    slow = cls.__init__
    known |= {"made": cls, "slow": slow}
    found: dict[str, Any] = {}
    exec(_source(own, known), vars(sys.modules[cls.__module__]), found)  # where its annotations mean something
    quick = found["outside"](**known)
    quick.__qualname__, quick.__module__, quick.__annotations__ = (
        slow.__qualname__,
        cls.__module__,
        slow.__annotations__,
    )
    cls.__init__ = quick  # type: ignore[method-assign]
    return cls


def _source(own: Sequence[Field[Any]], known: Iterable[str]) -> str:
    head = f"def __init__({', '.join(['self', *map(_parameter, own)])}) -> None:"
    derived = f"if type(self) is not made: return slow({', '.join(['self', *map(_value, own)])})"  # more than slots
    statements = [f"self.{one.name} = {_value(one)}" for one in own]
    body = [derived, "set_class(self, thawed)", *statements, "self.__class__ = made"]
    return "\n    ".join([f"def outside({', '.join(known)}):", "\n        ".join([head, *body]), "return __init__"])


def _parameter(one: Field[Any]) -> str:
    if one.default_factory is not MISSING:
        return f"{one.name}=MISSING"
    return one.name if one.default is MISSING else f"{one.name}=default_{one.name}"


def _value(one: Field[Any]) -> str:
    if one.default_factory is MISSING:
        return one.name
    return f"factory_{one.name}() if {one.name} is MISSING else {one.name}"
