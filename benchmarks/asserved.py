"""A process as `asched serve` and `asched.run` have it: its loop, and its garbage collector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Main = Callable[[Callable[[], None]], Coroutine[Any, Any, None]]


def as_served(main: Main) -> None:
    """`main` is given what it is to call once its jobs wait."""
    from asched import new_event_loop
    from asched.service.collector import Collector

    with Collector() as collector, asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main(collector.settle))
