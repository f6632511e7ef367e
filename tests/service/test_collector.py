"""A service collects its garbage when nothing is due, and leaves the process as it found it."""

import asyncio
import gc
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from asched.service.collector import ENOUGH, PATIENCE, Collector
from asched.testing.clock import FakeClock

SECOND = timedelta(seconds=1)


@dataclass
class Busy:
    """What a collector sees of an engine: how long nothing is due, look by look; the last holds from then on."""

    free: list = field(default_factory=lambda: [SECOND])
    clock: FakeClock = field(default_factory=FakeClock)
    idle: bool = True
    looks: int = 0

    @property
    def until_next(self):
        self.looks += 1
        return self.free.pop(0) if len(self.free) > 1 else self.free[0]


@contextmanager
def full_collections():
    found = []

    def note(phase, facts):
        if phase == "start" and facts["generation"] == 2:
            found.append(facts)

    gc.callbacks.append(note)
    try:
        yield found
    finally:
        gc.callbacks.remove(note)


async def kept(engine, made=ENOUGH):
    """How many full collections there are in one round, after so many smaller ones."""
    with Collector() as collector:
        collector.settle()
        with full_collections() as found:
            for _ in range(made):
                gc.collect(1)
            keeping = asyncio.ensure_future(collector.keep(engine))
            await engine.clock.advance("60s")
            assert keeping.done()
            return len(found)


async def test_it_collects_in_a_quiet_moment():
    assert await kept(engine := Busy()) == 1
    assert engine.looks == 1


async def test_it_waits_for_one():
    assert await kept(engine := Busy([timedelta(0), timedelta(milliseconds=1), SECOND])) == 1
    assert engine.looks == 3


async def test_it_does_not_wait_for_ever():
    assert await kept(engine := Busy([timedelta(0)])) == 1
    assert engine.looks == PATIENCE


async def test_it_leaves_it_where_little_was_made():
    assert await kept(engine := Busy(), made=0) == 0
    assert engine.looks == 0


def test_the_process_is_left_as_it_was_found():
    before = gc.get_threshold(), gc.get_freeze_count()
    with Collector() as collector:
        collector.settle()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[2] > before[0][2]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_what_others_froze_stays_frozen():
    gc.freeze()
    try:
        with Collector() as collector:
            collector.settle()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_thresholds_that_others_set_meanwhile_stay():
    before = gc.get_threshold()
    try:
        with Collector():
            gc.set_threshold(123, 12, 34)
        assert gc.get_threshold() == (123, 12, 34)
    finally:
        gc.set_threshold(*before)


class Knot:
    def __init__(self):
        self.itself = self


def test_the_garbage_of_the_start_is_not_kept_with_what_stays():
    with Collector() as collector:
        made = weakref.ref(Knot())
        collector.settle()
        assert made() is None
