"""Dataclasses that cost a third to make, which a process that schedules does a hundred and fifty times: 19 ms, not 55.

`dataclasses.dataclass` writes six functions for a frozen class as text, and compiles each: 440 µs a class of ten
fields. Here `__init__` alone is compiled, once for all classes of the same shape, which differ in names only; the other
functions are told the names: 55 µs, where the shape is known. `__init__` also sets the slots themselves, where a frozen
dataclass goes through `object.__setattr__`, by name: 460 ns a value rather than 790.

What each run makes several of is `quickly_made`: 285 ns a value, for another 10 µs a class. While its `__init__` works,
the value is of a twin class with the same slots, which is not frozen: there a field is set as any attribute is.

Nothing else about the class changes: tests/core/test_dataclass.py holds it against its slow twin.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from types import CellType, CodeType, FunctionType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

T = TypeVar("T")


class _Factory:
    """The default, as it is shown, of a parameter whose value is made anew each time."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE = _Factory()
_SET_CLASS = object.__dict__["__class__"].__set__  # what is frozen says no to `self.__class__ =`


def _dataclass(
    *, slots: bool, frozen: bool = False, eq: bool = True, quick: bool = False
) -> Callable[[type[T]], type[T]]:
    """As `dataclasses.dataclass`, for classes with slots that derive from no other dataclass (a quick one from none at
    all), and whose fields are parameters by their places, or set by `__post_init__`. Raises TypeError for others."""

    def made(plain: type[T]) -> type[T]:
        plain.__doc__ = plain.__doc__ or plain.__qualname__  # else dataclasses puts its signature there, at a price
        cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(plain)
        own = fields(cls)  # type: ignore[arg-type]
        if not all(_is_plain(cls, one) for one in own) or (quick and cls.__bases__ != (object,)):
            raise TypeError(f"{cls.__qualname__} is not so plain that it could be made cheaply")
        _say_what_it_is(cls, frozen, eq)
        for name, method in _methods(cls, own, frozen, eq).items():
            setattr(cls, name, method)
        cls.__init__ = _init_of(cls, own, quick)  # type: ignore[method-assign]
        return cls

    return made


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass

    @dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
    def quickly_made(cls: type[T]) -> type[T]: ...
else:
    dataclass = _dataclass
    quickly_made = _dataclass(frozen=True, slots=True, quick=True)


def _is_plain(cls: type, one: Field[Any]) -> bool:
    """Is it a slot of this class itself, and a parameter by its place, or none that has a default?"""
    given = not one.kw_only if one.init else one.default is MISSING
    return given and isinstance(cls.__dict__.get(one.name), MemberDescriptorType)


def _say_what_it_is(cls: Any, frozen: bool, eq: bool) -> None:
    said = cls.__dataclass_params__
    said.init, said.repr, said.eq, said.frozen = True, True, eq, frozen


def _methods(cls: type, own: tuple[Field[Any], ...], frozen: bool, eq: bool) -> dict[str, object]:
    """What dataclasses would add; what the class says itself is left as it is."""
    found: dict[str, object] = {"__repr__": _repr_of([one.name for one in own if one.repr])}
    if eq:
        found["__eq__"] = _eq_of([one.name for one in own if one.compare])
        hashed = [one.name for one in own if (one.compare if one.hash is None else one.hash)]
        found["__hash__"] = _hash_of(hashed) if frozen else None
    if frozen:
        found |= _FROZEN
    return {name: one for name, one in found.items() if cls.__dict__.get(name) is None}  # Python's, beside an __eq__


def _init_of(cls: type, own: tuple[Field[Any], ...], quick: bool) -> FunctionType:
    given = [one for one in own if one.init]
    code = _code("".join([_kind(one) for one in own]), hasattr(cls, "__post_init__"), quick)
    inside = _inside(cls, own) | (_inside_quick(cls, own) if quick else {})
    init = FunctionType(
        _with_names(code, own),
        vars(sys.modules[cls.__module__]),
        "__init__",
        tuple([_default(one) for one in given if _default(one) is not MISSING]),
        tuple([CellType(inside[name]) for name in code.co_freevars]),
    )
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    init.__annotations__ = {**{one.name: one.type for one in given}, "return": None}
    return init


def _with_names(code: CodeType, own: tuple[Field[Any], ...]) -> CodeType:
    said = {f"{part}{index}": one.name for index, one in enumerate(own) for part in ("given", "field")}
    parameters, attributes = ([said.get(name, name) for name in names] for names in (code.co_varnames, code.co_names))
    return code.replace(co_varnames=tuple(parameters), co_names=tuple(attributes))


def _default(one: Field[Any]) -> object:
    return one.default if one.default_factory is MISSING else _MADE


def _kind(one: Field[Any]) -> str:
    """How its value comes: given, or else made; made; or later, by `__post_init__`."""
    if one.default_factory is MISSING:
        return "g" if one.init else "l"
    return "e" if one.init else "m"


def _inside(cls: type, own: tuple[Field[Any], ...]) -> dict[str, object]:
    setters = {f"set{index}": cls.__dict__[one.name].__set__ for index, one in enumerate(own)}
    return {"MADE": _MADE, **setters, **{f"make{index}": one.default_factory for index, one in enumerate(own)}}


def _inside_quick(cls: type, own: tuple[Field[Any], ...]) -> dict[str, object]:
    thawed = type(f"_{cls.__name__}InTheMaking", (), {"__slots__": tuple([one.name for one in own])})
    return {"thaw": _SET_CLASS, "thawed": thawed, "made": cls, "slow": cache(lambda: _init_of(cls, own, quick=False))}


@cache
def _code(kinds: str, checked: bool, quick: bool) -> CodeType:
    """Of an `__init__` with a field of each of these kinds, in this order. Its fields are yet to be named."""
    parameters = ", ".join(["self", *[f"given{index}" for index, kind in enumerate(kinds) if kind in "ge"]])
    statements = [_set(index, _VALUES[kind], quick) for index, kind in enumerate(kinds) if kind != "l"]
    if quick:  # not for what derives from it, which may have more than its slots
        derived = f"if self.__class__ is not made: return slow()({parameters})"
        statements = [derived, "thaw(self, thawed)", *statements, "self.__class__ = made"]
    body = "\n        ".join([*statements, "self.__post_init__()" if checked else "pass"])
    inside = ["MADE", "thaw", "thawed", "made", "slow"]
    inside += [f"{verb}{index}" for index in range(len(kinds)) for verb in ("set", "make")]
    source = f"def outside({', '.join(inside)}):\n    def __init__({parameters}):\n        {body}\n    return __init__"
    found: dict[str, Any] = {}
    exec(source, found)
    code: CodeType = found["outside"](*inside).__code__
    return code


def _set(index: int, value: str, quick: bool) -> str:
    return (f"self.field{{0}} = {value}" if quick else f"set{{0}}(self, {value})").format(index)


_VALUES = {"g": "given{0}", "e": "make{0}() if given{0} is MADE else given{0}", "m": "make{0}()"}


def _repr_of(names: list[str]) -> Callable[[object], str]:
    @recursive_repr("...")
    def __repr__(self: object) -> str:
        said = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{type(self).__qualname__}({said})"

    return __repr__


def _eq_of(names: list[str]) -> Callable[[object, object], bool]:
    values = _values_of(names)

    def __eq__(self: object, other: object) -> bool:
        if other.__class__ is self.__class__:
            return self is other or values(self) == values(other)
        return NotImplemented

    return __eq__


def _hash_of(names: list[str]) -> Callable[[object], int]:
    values = _values_of(names)

    def __hash__(self: object) -> int:
        return hash(values(self))

    return __hash__


def _values_of(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)  # of one name alone it would be no tuple
    return lambda value: tuple([getattr(value, name) for name in names])


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _pickled(self: Any) -> list[object]:
    return [getattr(self, one.name) for one in fields(self)]


def _unpickle(self: Any, state: list[object]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


_FROZEN = {
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _pickled,
    "__setstate__": _unpickle,
}
