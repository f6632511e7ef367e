"""Flags over environment over file over defaults, and which of them won."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from asched.core.dataclass import dataclass
from asched.declaration.faults import Fault, Path, did_you_mean

PREFIX = "ASCHED_"
FLAG = "flag"
OPEN_SECTIONS = ("service", "defaults")  # what environment and flags may set


@dataclass(slots=True)
class Layers:
    """The merged data. `given` maps each path that did not come from the file to what set it; `faults` are variables
    that set nothing there is, with the variable as their path.
    """

    data: dict[str, Any]
    given: dict[Path, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def giver(self, path: Path) -> str:
        """What set the value at this path, or a value on the way to it; "" for the file."""
        return next((self.given[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.given), "")


def layered(data: Mapping[str, Any], *, env: Mapping[str, str], flags: Mapping[str, object]) -> Layers:
    """The file's data with what the environment (`ASCHED_SERVICE__LEDGER`) and flags (`service.ledger`) set."""
    layers = Layers(_copied(data))
    for variable in sorted(env):
        path = _path_of(variable)
        if path and path[0] not in OPEN_SECTIONS:
            message = f"unknown section [{path[0]}]: the environment may set {' and '.join(OPEN_SECTIONS)}"
            layers.faults.append(Fault((variable,), message, did_you_mean(str(path[0]), OPEN_SECTIONS)))
        elif path:
            _set(layers, path, _read(env[variable]), f"environment {variable}")
    for dotted, value in flags.items():
        if value is not None:
            _set(layers, tuple(dotted.split(".")), value, FLAG)
    return layers


def leaves(data: object, path: Path = ()) -> Iterable[Path]:
    """The path of every value that is no table."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif path:
        yield path


def _path_of(variable: str) -> Path:
    """`ASCHED_SERVICE__LOG__LEVEL` is ("service", "log", "level"); names without a double underscore are no path."""
    if not variable.startswith(PREFIX) or "__" not in variable:
        return ()
    return tuple(variable.removeprefix(PREFIX).lower().split("__"))


def _read(text: str) -> object:
    """A number, true, false, a list or a table as TOML writes them; all else is a text as it stands."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text
    return value if isinstance(value, (int, float, list, dict)) else text


def _set(layers: Layers, path: Path, value: object, giver: str) -> None:
    table = layers.data
    for part in path[:-1]:
        if not isinstance(table.get(str(part)), dict):
            table[str(part)] = {}
        table = table[str(part)]
    table[str(path[-1])] = value
    layers.given[path] = giver


def _copied(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in data.items()}
