"""What this process uses, as the kernel counts it. Sizes are bytes."""

from __future__ import annotations

import contextlib
from pathlib import Path

_SELF = Path("/proc/self")
_FORGET_PEAK = "5"  # proc(5), clear_refs


def resident() -> int:
    return _kilobytes("VmRSS") * 1024


def peak() -> int:
    """The most that was resident at once since `forget_peak`, or ever."""
    return _kilobytes("VmHWM") * 1024


def forget_peak() -> None:
    with contextlib.suppress(OSError):  # then the peak is that of the whole life: never too favourable
        (_SELF / "clear_refs").write_text(_FORGET_PEAK)


def wake_ups() -> int:
    """How often threads that live now gave up their core of themselves, which each does before it is woken."""
    return sum(_voluntary(task / "status") for task in (_SELF / "task").iterdir())


def _voluntary(status: Path) -> int:
    with contextlib.suppress(OSError):  # a thread that ended meanwhile
        return _number(status.read_text(), "voluntary_ctxt_switches")
    return 0


def _kilobytes(key: str) -> int:
    return _number((_SELF / "status").read_text(), key)


def _number(status: str, key: str) -> int:
    line = next(line for line in status.splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1])
