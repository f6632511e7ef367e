"""Frozen values that are made several times a run, at half the price.

A frozen dataclass sets each of its fields through `object.__setattr__`, by name: a tenth of a microsecond, and a run
makes a dozen such values. Here its `__init__` is written anew, as dataclasses writes it, but with the setters of the
slots themselves. Nothing else about the class changes: tests/core/test_quickly.py holds it against its slow twin.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

T = TypeVar("T")


def quickly_made(cls: type[T]) -> type[T]:
    """Above `@dataclass(frozen=True, slots=True)`; without base classes, `__post_init__`, or fields that are not
    parameters. Raises TypeError for such."""
    own = fields(cls)  # type: ignore[arg-type]
    if cls.__bases__ != (object,) or hasattr(cls, "__post_init__") or not all(one.init for one in own):
        raise TypeError(f"{cls.__qualname__} is not so plain that it could be made quickly")
    known: dict[str, Any] = {"MISSING": MISSING}
    for one in own:
        known[f"set_{one.name}"] = cls.__dict__[one.name].__set__
        known[f"default_{one.name}"] = one.default
        known[f"factory_{one.name}"] = one.default_factory
    slow = cls.__init__
    exec(_source([_parameter(one) for one in own], [_statement(one) for one in own]), known)
    quick = known["__init__"]
    quick.__qualname__, quick.__module__, quick.__annotations__ = (
        slow.__qualname__,
        cls.__module__,
        slow.__annotations__,
    )
    cls.__init__ = quick  # type: ignore[method-assign]
    return cls


def _source(parameters: list[str], statements: list[str]) -> str:
    head = f"def __init__({', '.join(['self', *parameters])}) -> None:"
    return "\n    ".join([head, *statements, "pass"])


def _parameter(one: Field[Any]) -> str:
    if one.default_factory is not MISSING:
        return f"{one.name}=MISSING"
    return one.name if one.default is MISSING else f"{one.name}=default_{one.name}"


def _statement(one: Field[Any]) -> str:
    value = one.name
    if one.default_factory is not MISSING:
        value = f"factory_{one.name}() if {one.name} is MISSING else {one.name}"
    return f"set_{one.name}(self, {value})"
