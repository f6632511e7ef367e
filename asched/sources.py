"""Where a Scheduler's jobs come from: the @job functions of modules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType

from asched.definition import Declaration
from asched.errors import ConfigurationError


def declarations_in(sources: Iterable[str | ModuleType]) -> Iterator[Declaration]:
    """What the modules declare, in source order. Raises ConfigurationError for one that cannot be imported."""
    for source in sources:
        module = _module(source) if isinstance(source, str) else source
        yield from declared_by(module)


def declared_by(module: ModuleType) -> list[Declaration]:
    """The declarations on functions defined in that module, not those that it imported."""
    found = {
        id(declared): declared
        for value in vars(module).values()
        if isinstance(declared := getattr(value, "__asched__", None), Declaration)
        and getattr(value, "__module__", module.__name__) == module.__name__
    }
    return sorted(found.values(), key=lambda declared: declared.line)


def _module(name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigurationError(f'cannot import "{name}": {error}') from error
