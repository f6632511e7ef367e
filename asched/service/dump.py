"""The dump: what a service is doing, to its log, for somebody who wonders."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import TYPE_CHECKING, Any

from asched.scheduler import Scheduler
from asched.service.status import status_of

if TYPE_CHECKING:
    import structlog

FRAMES = 8  # of a task, the innermost ones
_DEEPEST = 1000  # awaits that are followed
_SHOWN = (CoroutineType, GeneratorType, AsyncGeneratorType)


def dump(scheduler: Scheduler, log: structlog.typing.FilteringBoundLogger) -> None:
    """The status, then each job, then each task of the loop with where it waits."""
    status = status_of(scheduler)
    jobs = status.pop("jobs")
    log.info("service.dumped", **status)
    for job in jobs if isinstance(jobs, list) else ():
        log.info("job.dumped", **{key: value for key, value in job.items() if value})
    for task in asyncio.all_tasks():
        log.info("task.dumped", task=task.get_name(), where=waits_at(task))


def waits_at(task: asyncio.Task[Any]) -> list[str]:
    """ "file:line function" of the innermost frames of a task, the last being where it waits."""
    frames: deque[str] = deque(maxlen=FRAMES)
    awaited: object = task.get_coro()
    for _ in range(_DEEPEST):
        if awaited is None:
            break
        frame = _first(awaited, "cr_frame", "gi_frame", "ag_frame")
        if isinstance(frame, FrameType):
            frames.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        awaited = _first(awaited, "cr_await", "gi_yieldfrom", "ag_await") or _wrapped(awaited)
    return list(frames)


def _first(awaited: object, *names: str) -> object:
    """What coroutines, generators and asynchronous generators name each in its own way."""
    return next((found for name in names if (found := getattr(awaited, name, None)) is not None), None)


def _wrapped(awaited: object) -> object:
    """The asynchronous generator that an `async for` waits for, or a coroutine behind its __await__: they are held by
    objects that do not show them."""
    if isinstance(awaited, _SHOWN):
        return None
    return next((held for held in gc.get_referents(awaited) if isinstance(held, _SHOWN)), None)
