"""Regular expressions that are compiled when they are first asked: a process asks few of those that it loads."""

from __future__ import annotations

import re
from typing import cast


class _Pattern:
    """As a compiled pattern, whose attributes it takes over one by one."""

    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):  # as copy and pickle look for them
            raise AttributeError(name)
        value = getattr(re.compile(*self._given), name)
        setattr(self, name, value)
        return value


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """For constants of a module; tests/core/test_pattern.py compiles them all."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
