"""Printing: while asched serves, what a function job prints belongs to its run; everything else goes where it went."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import RawIOBase, TextIOBase
from typing import Any, TextIO, cast

from asched.runners.context import current_output


class RoutedStream(TextIOBase):
    """Stands in for sys.stdout or sys.stderr; looks up whose run is calling at each write."""

    def __init__(self, real: TextIO, stream: str, mask: Callable[[str], str] = str) -> None:
        self._real = real
        self._stream = stream
        self._mask = mask
        self._bytes = RoutedBytes(real, stream, mask)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        output = current_output()
        if output is None:
            self._real.write(self._mask(text))  # also of threads that a job started
            return len(text)
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
    def errors(self) -> str | None:  # type: ignore[override]
        return self._real.errors

    @property
    def buffer(self) -> RoutedBytes:
        return self._bytes


class RoutedBytes(RawIOBase):
    """Its `buffer`, for who writes bytes."""

    def __init__(self, real: TextIO, stream: str, mask: Callable[[str], str]) -> None:
        self._real = real
        self._stream = stream
        self._mask = mask

    def write(self, data: Any, /) -> int:
        output, given = current_output(), bytes(data)
        if output is None:
            self._real.flush()
            masked = self._mask(given.decode("utf-8", "surrogateescape"))
            self._real.buffer.write(masked.encode("utf-8", "surrogateescape"))
        else:
            output.write(self._stream, given)
        return len(given)

    def flush(self) -> None:
        if current_output() is None:
            self._real.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._real.fileno()


@contextmanager
def routed_prints(mask: Callable[[str], str] = str) -> Iterator[None]:
    """Within it, print() in a job is that job's output. `mask` is applied to what is printed outside of jobs."""
    before = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, RoutedStream(before[0], "stdout", mask))
    sys.stderr = cast(TextIO, RoutedStream(before[1], "stderr", mask))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
