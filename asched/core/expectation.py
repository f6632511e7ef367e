"""What a job's success is made of, besides its not failing: signs in its output, and a look at its result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from typing import Any

from asched.core.dataclass import dataclass
from asched.core.text.pattern import pattern

FLAGS = re.MULTILINE  # ^ and $ are those of a line
_REPEATS = pattern(r"(?<!\\)(?:\\\\)*(?:[*+{]|(?<!\()\?)")


@dataclass(frozen=True, slots=True)
class Predicate:
    """Looks at what a function returned: True, or False, or a text that says what is wrong. `ref` is its name."""

    call: Callable[[Any], object] = field(compare=False)
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """`output` must be found in what the run printed and logged, `not_output` must not: regular expressions, "" for
    none. `some_output`: it must have printed something. Of a long output head and tail are looked at, as they are kept.
    """

    output: str = ""
    not_output: str = ""
    some_output: bool = False
    result: Predicate | None = None

    @property
    def of_output(self) -> bool:
        return bool(self.output or self.not_output or self.some_output)


NOTHING_MORE = Expectation()


def repeats(pattern: str) -> bool:
    """Whether a search for it may take longer than anybody waits: only what repeats can be tried in many ways."""
    return _REPEATS.search(pattern) is not None
