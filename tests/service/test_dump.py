"""The dump shows where a task really waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from asched.service.dump import FRAMES, waits_at

pytestmark = pytest.mark.anyio


async def innermost() -> None:
    await asyncio.Event().wait()


async def over_a_generator() -> None:
    async def events() -> AsyncIterator[int]:
        await innermost()
        yield 1

    async for _ in events():
        pass


class Indirectly:
    def __await__(self) -> object:
        return innermost().__await__()


async def over_an_awaitable() -> None:
    await Indirectly()


async def deep(levels: int = 50) -> None:
    await (deep(levels - 1) if levels else innermost())


@pytest.mark.parametrize("waits", [innermost, over_a_generator, over_an_awaitable, deep])
async def test_the_last_frame_is_where_it_waits(waits: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
    where = waits_at(task)
    assert [frame.partition(" ")[2] for frame in where[-2:]] == ["innermost", "wait"]
    assert __file__ in where[-2]
    assert len(where) <= FRAMES
    task.cancel()


async def test_a_task_that_runs_or_is_over_is_no_trouble() -> None:
    current = asyncio.current_task()
    assert current is not None
    assert waits_at(current)
    over = asyncio.ensure_future(asyncio.sleep(0))
    await over
    assert waits_at(over) == []
