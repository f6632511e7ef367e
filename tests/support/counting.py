"""What something costs, as a number that is the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Calls:
    count: int = 0


@contextmanager
def counting() -> Iterator[Calls]:
    """Counts the calls of Python functions, and of those in C, that are made within it."""
    calls = Calls()

    def counted(frame: FrameType, event: str, argument: object) -> None:
        calls.count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        yield calls
    finally:
        sys.setprofile(before)
