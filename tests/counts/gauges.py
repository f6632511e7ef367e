"""What is read while a workload does what is counted: each gauge is one run of the workload of its own, for they
disturb one another."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from pathlib import Path
from types import FrameType
from typing import Protocol

import asched

_OURS = str(Path(asched.__file__).parent) + "/"
_LENT = _OURS + "testing/"  # the fake clock is at work as long as the machine likes
_INLINED = {"<listcomp>", "<dictcomp>", "<setcomp>"}  # from Python 3.12 on


class Gauge(Protocol):
    def prepare(self) -> None:
        """Before anything of the workload is made."""
        ...

    def start(self) -> None: ...

    def stop(self) -> dict[str, int]: ...


class Work:
    """Calls of asched's own functions, and its heap operations."""

    def __init__(self) -> None:
        self.calls = self.heap_operations = 0
        self._ours: dict[str, bool] = {}  # by file name

    def prepare(self) -> None:
        pass

    def start(self) -> None:
        self._before = sys.getprofile()
        sys.setprofile(self._seen)

    def stop(self) -> dict[str, int]:
        sys.setprofile(self._before)
        return {"calls": self.calls, "heap_operations": self.heap_operations}

    def _seen(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            self.calls += self._counts(frame)
        elif event == "c_call" and getattr(argument, "__module__", None) == "_heapq":
            self.heap_operations += self._is_ours(frame.f_code.co_filename)

    def _counts(self, frame: FrameType) -> bool:
        """Not what the fake clock asks of the engine: it asks until an instant is over."""
        if not self._is_ours(frame.f_code.co_filename) or frame.f_code.co_name in _INLINED:
            return False
        return frame.f_back is None or not frame.f_back.f_code.co_filename.startswith(_LENT)

    def _is_ours(self, file: str) -> bool:
        known = self._ours.get(file)
        if known is None:
            known = self._ours[file] = file.startswith(_OURS) and not file.startswith(_LENT)
        return known


class Kept:
    """With the collector off: bytes that Python gave away, kept afterwards and at once; objects that the collector
    tracks, those there are more of afterwards, and those that only it can free."""

    def prepare(self) -> None:
        tracemalloc.start()

    def start(self) -> None:
        _collect()
        gc.disable()
        self._objects = len(gc.get_objects())
        tracemalloc.reset_peak()
        self._bytes, _ = tracemalloc.get_traced_memory()

    def stop(self) -> dict[str, int]:
        _, peak = tracemalloc.get_traced_memory()
        garbage = _collect()
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        objects = len(gc.get_objects())
        gc.enable()
        return {
            "objects": objects - self._objects,
            "garbage": garbage,
            "kept_bytes": kept - self._bytes,
            "peak_bytes": peak - self._bytes,
        }


def _collect() -> int:
    """How many were unreachable. More than once: containers of what is not tracked any more are not either."""
    return sum(gc.collect() for _ in range(4))
