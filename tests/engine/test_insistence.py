"""Who may not cancel us does not."""

import asyncio

import pytest

from asched.engine.insistence import keep_on, not_ours, until_done

pytestmark = pytest.mark.anyio


async def test_waiting_goes_on_however_often_it_is_cancelled():
    end = asyncio.Event()
    ours = asyncio.ensure_future(end.wait())
    waiting = asyncio.ensure_future(until_done(ours))
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    end.set()
    await waiting
    assert ours.done()


async def test_a_cancellation_that_is_not_ours_is_forgotten():
    async def stubborn():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            not_ours()
        return asyncio.current_task().cancelling()

    task = asyncio.ensure_future(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == 0


async def test_step_follows_step_however_often_somebody_cancels_until_it_is_over():
    steps, over = [], False

    async def step():
        steps.append(len(steps))
        await asyncio.Event().wait()

    going = asyncio.ensure_future(keep_on(step, over=lambda: over))
    for _ in range(3):
        await asyncio.sleep(0)
        going.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert steps == [0, 1, 2, 3]
    over = True
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
