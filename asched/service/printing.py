"""Printing: while asched serves, what a function job prints belongs to its run; everything else goes where it went."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import TextIO, cast

from asched.runners.context import current_output


class RoutedStream(TextIOBase):
    """Stands in for sys.stdout or sys.stderr; looks up whose run is calling at each write."""

    def __init__(self, real: TextIO, stream: str) -> None:
        self._real = real
        self._stream = stream

    def write(self, text: str) -> int:
        output = current_output()
        if output is None:
            return self._real.write(text)
        output.write(self._stream, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if current_output() is None:
            self._real.flush()

    def isatty(self) -> bool:
        return current_output() is None and self._real.isatty()

    def fileno(self) -> int:
        return self._real.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._real.encoding

    @property
    def buffer(self) -> object:
        return self._real.buffer


@contextmanager
def routed_prints() -> Iterator[None]:
    """Within it, print() in a job is that job's output."""
    before = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, RoutedStream(before[0], "stdout"))
    sys.stderr = cast(TextIO, RoutedStream(before[1], "stderr"))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
