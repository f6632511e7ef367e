"""An event loop that counts what is put on it: tasks, and handles (steps of tasks, callbacks).

What the task that drives the workload puts on it is not counted: how often it looks whether an instant is over depends
on the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class CountedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self.tasks = self.handles = 0
        self.driver: asyncio.Task[Any] | None = None

    def create_task(self, *args: Any, **options: Any) -> asyncio.Task[Any]:
        self.tasks += 1
        return super().create_task(*args, **options)

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle:
        self.handles += not self._of_driver(callback)
        return super().call_soon(callback, *args, context=context)

    def after_steps(self, steps: int, callback: Callable[[], None]) -> None:
        """Call it that many steps of the loop from now, uncounted."""
        ahead = callback if steps == 1 else lambda: self.after_steps(steps - 1, callback)
        super().call_soon(ahead)

    def _of_driver(self, callback: Callable[..., Any]) -> bool:
        """It puts its next step there itself, or something wakes it."""
        return self.driver is not None and (
            asyncio.current_task(self) is self.driver or getattr(callback, "__self__", None) is self.driver
        )
