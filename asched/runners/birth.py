"""When a child of ours was started, in kernel ticks since boot: this tells it from another that has its pid later."""

from __future__ import annotations

from asched.engine.clock import boot_ticks
from asched.engine.instance import process_started


class Births:
    """/proc/PID/stat says it, and takes as long as fork and exec together. Our clock says the same if its tick was the
    same before and after; that is believed once the kernel has said so, too."""

    def __init__(self) -> None:
        self._agree = False

    def of(self, pid: int, before: int) -> int:
        """Of a child that was just started, `before` read from `boot_ticks` ahead of that; 0 where it is not known."""
        same = before == boot_ticks()
        if same and self._agree:
            return before
        told = process_started(pid)
        self._agree = self._agree or (same and told == before)
        return told or 0
