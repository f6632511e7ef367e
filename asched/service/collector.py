"""The garbage collector of a process that is a service's own.

A full collection walks through everything that lives, and holds all threads meanwhile: some 30 ms for 100,000 objects,
whenever enough was made. So what there is after the start is left out of it for good, and the rest is walked through
when nothing is due soon. Young objects are collected as ever; that is a millisecond. A Scheduler in somebody else's
process leaves the collector alone.
"""

from __future__ import annotations

import gc
from datetime import timedelta
from types import TracebackType
from typing import Self

from asched.engine.clock import sleep
from asched.engine.engine import Engine

LOOK_EVERY = 30.0  # seconds
ENOUGH = 10  # collections of what is no longer young, after which there may be much to find
PATIENCE = 200  # so many looks for a quiet moment, until one is taken that is not
BETWEEN_LOOKS = 0.05  # seconds
AT_LEAST = timedelta(seconds=0.05)  # how long nothing must be due, for a moment to be quiet
LAST_RESORT = 1_000  # in place of 10: if we are ever late for it, the collector still comes by itself


class Collector:
    """Use it around the life of the service; `settle` once it has started, `keep` beside it."""

    def __init__(self) -> None:
        self._before = self._ours = gc.get_threshold()
        self._frozen_by_others = False
        self._seen = 0
        self._took = timedelta(0)

    def __enter__(self) -> Self:
        gc.collect()  # nobody waits for anything yet
        self._before, self._frozen_by_others = gc.get_threshold(), gc.get_freeze_count() > 0
        self._ours = *self._before[:2], LAST_RESORT
        gc.set_threshold(*self._ours)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What others did to it, before or meanwhile, stays. It cannot be told what they froze from what we did."""
        if gc.get_threshold() == self._ours:
            gc.set_threshold(*self._before)
        if not self._frozen_by_others:
            gc.unfreeze()

    def settle(self) -> None:
        """What is there now is there to stay, but for what nobody holds: loading and starting leave some. It takes some
        20 ms for 1,000 jobs, once, before anybody is told that we are ready."""
        gc.collect()
        gc.freeze()
        self._seen = _collections()

    async def keep(self, engine: Engine) -> None:
        """Collect, every now and then, in a quiet moment."""
        await sleep(engine.clock, LOOK_EVERY)
        if _collections() - self._seen < ENOUGH:
            return
        for _ in range(PATIENCE):
            if self._is_quiet(engine):
                break
            await sleep(engine.clock, BETWEEN_LOOKS)
        self.collect(engine)

    def collect(self, engine: Engine) -> None:
        began = engine.clock.monotonic()
        gc.collect()
        self._took = timedelta(seconds=engine.clock.monotonic() - began)
        self._seen = _collections()

    def _is_quiet(self, engine: Engine) -> bool:
        """Nothing is to be done, or due before it would be over: it may take longer than the last one."""
        return engine.idle and engine.until_next > max(AT_LEAST, 2 * self._took)


def _collections() -> int:
    found: int = gc.get_stats()[1]["collections"]
    return found
