"""Targets: "module:function" in a text, and the function that it names."""

from __future__ import annotations

import importlib
from typing import Any

from asched.core.text.pattern import pattern
from asched.declaration.faults import Fault, Path, did_you_mean, shown

TARGET = pattern(r"(?P<module>[A-Za-z_][\w.]*):(?P<name>[A-Za-z_][\w.]*)")


class NoTarget(Exception):
    """There is none. `mild`: its module exists and could not be imported, which is the fault of that code."""

    def __init__(self, fault: Fault, *, mild: bool = False) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.mild = mild


def find_target(target: str, path: Path) -> Any:
    """What `target`, written at `path`, names. Raises NoTarget."""
    parts = TARGET.fullmatch(target)
    if parts is None:
        raise NoTarget(Fault(path, f"{shown(target)} names no function", 'write "module:function"'))
    found = _imported(parts["module"], path)
    for name in parts["name"].split("."):
        if not hasattr(found, name):
            message = f'"{parts["module"]}" has no "{parts["name"]}"'
            help = did_you_mean(name, [known for known in dir(found) if not known.startswith("_")])
            known_help = help if help.startswith("did you mean") else ""
            raise NoTarget(Fault(path, message, known_help, parts.span("name"), text=target))
        found = getattr(found, name)
    return found


def _imported(module: str, path: Path) -> Any:
    try:
        return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too
        fault = Fault(path, f'cannot import "{module}" ({type(error).__name__}: {error})'[:500])
        is_absent = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
        raise NoTarget(fault, mild=not is_absent) from None
