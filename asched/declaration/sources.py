"""Where jobs come from: the @job functions of modules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType

from asched.declaration.definition import Declaration
from asched.errors import ConfigurationError


def declarations_of(sources: Iterable[str | ModuleType]) -> Iterator[Declaration]:
    """What all these modules declare. Raises ConfigurationError for one that cannot be imported."""
    for source in sources:
        yield from declarations_in(_module(source) if isinstance(source, str) else source)


def declarations_in(module: ModuleType) -> Iterator[Declaration]:
    """The jobs that a module declares itself, in the order in which it does; not those that it imports."""
    seen: set[int] = set()
    for value in list(vars(module).values()):
        declared = getattr(value, "__asched__", None)
        if not isinstance(declared, Declaration) or id(declared) in seen:
            continue
        own_file = getattr(module, "__file__", None)
        if getattr(value, "__module__", "") == module.__name__ or (own_file and declared.file == own_file):
            seen.add(id(declared))
            yield declared


def _module(name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigurationError(f'cannot import "{name}": {error}') from error
