"""Where processes are started: what the loop waits for is known to be quick, and there is little of it at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from asched.runners import spawner
from asched.runners.spawner import Spawner
from asched.runners.steps import Steps


class World:
    """Starts of which each takes `lasts` seconds by this loop's clock, which stands still otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.lasts = 0.0
        self.local = True
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self.now)
        self.spawner: Spawner[bool] = Spawner(4)

    def begin(self) -> bool:
        self.now += self.lasts
        return threading.current_thread() is threading.main_thread()

    async def on_loop(self, kind: str = "sh") -> bool:
        return await self.spawner.start(kind, self.begin, lambda: self.local)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    world = World(monkeypatch)
    yield world
    world.spawner.close()


async def test_the_first_is_started_in_a_thread_and_the_next_on_the_loop(world: World) -> None:
    assert [await world.on_loop() for _ in range(4)] == [False, True, True, True]


async def test_what_a_file_server_may_hold_up_is_never_started_on_the_loop(world: World) -> None:
    world.local = False
    assert [await world.on_loop() for _ in range(4)] == [False] * 4


async def test_where_it_lies_is_looked_at_again_after_a_pause(world: World) -> None:
    await world.on_loop()
    world.local, world.now = False, world.now + 1.5
    assert [await world.on_loop() for _ in range(2)] == [False, False]


async def test_each_kind_has_its_own_first(world: World) -> None:
    assert [await world.on_loop(kind) for kind in ("a", "b", "a", "b")] == [False, False, True, True]


async def test_after_a_pause_it_is_a_first_one_again(world: World) -> None:
    await world.on_loop()
    world.now += 1.5
    assert [await world.on_loop(), await world.on_loop()] == [False, True]


async def test_what_holds_the_loop_up_is_soon_started_in_threads_and_ever_more_rarely_tried_again(world: World) -> None:
    await world.on_loop()
    world.lasts = 0.010
    places = [await world.on_loop() for _ in range(4000)]
    assert places[:2] == [True, True]
    assert not any(places[2:34])
    assert places[34:36] == [True, True]
    assert sum(places[-2000:]) <= 4


async def test_one_slow_start_among_quick_ones_changes_nothing(world: World) -> None:
    await world.on_loop()
    places = []
    for number in range(100):
        world.lasts = 0.010 if number % 50 == 49 else 0.0002
        places.append(await world.on_loop())
    assert all(places)


async def test_what_has_become_quick_comes_back_to_the_loop(world: World) -> None:
    await world.on_loop()
    world.lasts = 0.010
    for _ in range(1000):
        await world.on_loop()
    world.lasts = 0.0001
    places = [await world.on_loop() for _ in range(2000)]
    assert all(places[-900:])


async def test_no_more_kinds_are_remembered_than_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawner, "_KINDS", 3)
    for kind in "abcdefgh":
        await world.on_loop(kind)
    assert len(world.spawner._kinds) <= 3


@pytest.mark.parametrize("times", [1, 2])
async def test_what_a_start_raises_is_raised(times: int, world: World) -> None:
    def fail() -> bool:
        raise ValueError("no")

    for _ in range(times):
        with pytest.raises(ValueError, match="no"):
            await world.spawner.start("sh", fail, lambda: True)


async def test_a_start_that_never_happened_tells_nothing(world: World) -> None:
    """It was stopped while it waited for a thread: what holds the others may hold the loop."""
    stuck = threading.Event()
    places: list[bool] = []

    def hang() -> bool:
        places.append(threading.current_thread() is threading.main_thread())
        return stuck.wait(0 if places[-1] else 10)

    holding = [asyncio.ensure_future(world.spawner.start("sh", hang, lambda: True)) for _ in range(4)]
    await asyncio.sleep(0)
    stopped = asyncio.ensure_future(world.spawner.start("sh", hang, lambda: True))
    await asyncio.sleep(0)
    stopped.cancel()
    await asyncio.wait({stopped})
    later = asyncio.ensure_future(world.spawner.start("sh", hang, lambda: True))
    for _ in range(5):
        await asyncio.sleep(0)
    stuck.set()
    await asyncio.gather(*holding, later)
    assert places == [False] * 5


async def test_after_one_that_failed_the_next_is_in_a_thread(world: World) -> None:
    def fail() -> bool:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await world.spawner.start("sh", fail, lambda: True)
    assert not await world.on_loop()


async def test_while_one_hangs_in_a_thread_none_is_on_the_loop(world: World) -> None:
    stuck = threading.Event()
    hanging = asyncio.ensure_future(world.spawner.start("sh", lambda: stuck.wait(10), lambda: True))
    await asyncio.sleep(0)
    await world.on_loop()
    assert await world.on_loop()
    world.now += 0.2
    assert not await world.on_loop()
    stuck.set()
    await hanging
    assert await world.on_loop()


async def turns(
    most: int, callers: int, before: Callable[[list[asyncio.Task[None]]], None] = lambda _: None
) -> list[int]:
    """How many went on in each step of the loop."""
    steps, gone = Steps(most), []

    async def call() -> None:
        await steps.next()
        gone.append(1)

    tasks = [asyncio.ensure_future(call()) for _ in range(callers)]
    seen = []
    for step in range(20):
        await asyncio.sleep(0)
        seen.append(len(gone))
        if step == 0:
            before(tasks)
    return [after - earlier for earlier, after in zip([0, *seen], seen, strict=False) if after > earlier]


async def test_so_many_go_on_in_each_step() -> None:
    assert await turns(2, 5) == [2, 2, 1]


async def test_who_no_longer_waits_takes_nobodys_turn() -> None:
    def cancel(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks[2:6]:
            task.cancel()

    assert await turns(2, 9, cancel) == [2, 2, 1]
