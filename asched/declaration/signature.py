"""A Python callable as an action: how it is run, where the Run goes, and whether the arguments fit."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from asched.core.action import Function
from asched.declaration.faults import Fault, did_you_mean

_PYTHON = ("python",)
_RUN_NAMES = {"Run", "asched.Run", "asched.runners.context.Run"}
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

Parameters = Mapping[str, inspect.Parameter]


def read_function(call: object, args: Mapping[str, object]) -> tuple[Function | None, list[Fault]]:
    """The action that calls it with these keyword arguments, and all that is wrong with that."""
    seen = _seen_before(call) if type(call) is types.FunctionType else _seen(call)
    if isinstance(seen, Fault):
        return None, [seen]
    action, parameters = seen
    faults = [] if parameters is None else list(_misfits(action.ref, parameters, action.run_parameter, args))
    return (None if faults else action), faults


def _seen(call: object) -> tuple[Function, Parameters | None] | Fault:
    """The action that calls it, and what it takes, where that is known."""
    if (refused := _refused(call)) is not None:
        return refused
    assert callable(call)
    try:
        parameters = inspect.signature(call).parameters
    except (TypeError, ValueError):  # some builtins have none
        return Function(call, reference(call), _mode(call)), None
    return Function(call, reference(call), _mode(call), run_parameter(call, parameters)), parameters


_seen_before = lru_cache(maxsize=64)(_seen)  # one function may be many jobs


def reference(call: Callable[..., Any]) -> str:
    """`module:qualname`, for people and for the ledger."""
    named = underlying(call)
    if not hasattr(named, "__qualname__"):
        named = type(named)
    return f"{named.__module__}:{named.__qualname__}"


def underlying(call: Any) -> Any:
    """The function inside partials and wrappers: the one that somebody wrote."""
    while isinstance(call, functools.partial):
        call = call.func
    return inspect.unwrap(call)


def whereabouts(function: object, frame: types.FrameType) -> tuple[str, int]:
    """File and line of a function's first decorator; of the declaration, where the function came from elsewhere."""
    code = getattr(underlying(function), "__code__", None)
    if code is None or getattr(function, "__module__", "") != frame.f_globals.get("__name__"):
        return frame.f_code.co_filename, frame.f_lineno
    return code.co_filename, code.co_firstlineno


def _refused(call: object) -> Fault | None:
    """What can be called, if at all, but would not do what was meant."""
    if inspect.iscoroutine(call):
        call.close()  # or Python warns that it was never awaited
        name = call.__name__
        return Fault(_PYTHON, "a called coroutine was given where a function is needed", f"write {name}, not {name}()")
    if inspect.isclass(call):
        return Fault(_PYTHON, f"{call.__qualname__} is a class: calling it runs nothing", "give a function")
    if not callable(call):
        return Fault(_PYTHON, f"{type(call).__name__} cannot be called", "give a function")
    inner = underlying(call)
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        return Fault(_PYTHON, f"{reference(call)} is a generator: calling it runs nothing", "return instead of yield")
    return None


def _mode(call: Callable[..., Any]) -> str:
    """Judged by what is called, not by what it wraps: a plain wrapper may well run its own loop."""
    own_call = type(call).__call__
    asynchronous = inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(own_call)
    return "coroutine" if asynchronous else "thread"


def run_parameter(call: Callable[..., Any], parameters: Iterable[str]) -> str | None:
    """The parameter that is annotated with Run, if any."""
    hints = _hints(call)
    return next((name for name in parameters if name in hints and _is_run(hints[name])), None)


def _hints(call: Callable[..., Any]) -> Mapping[str, object]:
    """Annotations, resolved where that works: an import under TYPE_CHECKING leaves all of them as texts."""
    function = underlying(call)
    if not hasattr(function, "__code__") and not inspect.ismethod(function):
        function = type(function).__call__
    try:
        return typing.get_type_hints(function)
    except Exception:
        return getattr(function, "__annotations__", {})


def _is_run(hint: object) -> bool:
    if isinstance(hint, str):
        return any(part.strip(" \"'") in _RUN_NAMES for part in hint.split("|"))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(_is_run(part) for part in typing.get_args(hint))
    # Not imported here: a definition must not load what running one needs.
    module, name = getattr(hint, "__module__", ""), getattr(hint, "__qualname__", "")
    return name == "Run" and module.partition(".")[0] == "asched"


def _misfits(ref: str, parameters: Parameters, run: str | None, args: Mapping[str, object]) -> Iterable[Fault]:
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    named = [name for name, parameter in parameters.items() if parameter.kind not in (*_VARIADIC, *_BY_POSITION)]
    for name in args:
        if name == run:
            yield Fault(("args", name), f'argument "{name}" is filled with the Run', "take it out", of_key=True)
        elif name not in named and not takes_any:
            known = [other for other in named if other != run]
            help = did_you_mean(name, known) or "it takes none"
            yield Fault(("args", name), f'{ref} has no argument "{name}"', help, of_key=True)
    for name, parameter in parameters.items():
        if parameter.kind in _VARIADIC or (name in args and name in named) or (name == run and name in named):
            continue
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and (
            parameter.default is parameter.empty or name == run
        ):
            yield Fault(_PYTHON, f'{ref} takes "{name}" by position only', 'arguments are given by name: drop the "/"')
        elif parameter.default is parameter.empty:
            yield Fault(("args",), f'missing argument "{name}" of {ref}', _help_for_missing(name))


def _help_for_missing(name: str) -> str:
    if name == "run":
        return "to be given the Run, annotate it: run: asched.Run"
    return f"give it in args = {{ {name} = … }}, or a default"
