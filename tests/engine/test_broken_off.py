"""A start that is broken off before it has recorded anything: it was nobody's predecessor, and it says farewell."""

import asyncio

import pytest
from hearts import START
from jobdoubles import H, S, a_job

from asched.core.outcome import Succeeded
from asched.core.triggers.interval import Every
from asched.core.triggers.startup import Startup
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

CALLS = ["enter", "restore", "acts", "versions_after", "commit"]


class BrokenOff(MemoryLedger):
    """Whoever calls `at` is cancelled before it is done, or before the answer is heard."""

    def __init__(self):
        super().__init__()
        self.at, self.done = "", False

    def __getattribute__(self, name):
        own = super().__getattribute__(name)
        return self._break(own) if name == super().__getattribute__("__dict__").get("at") else own

    def _break(self, own):
        async def call(*given, **more):
            self.at = ""
            if self.done:
                await own(*given, **more)
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        return call


async def broken_off(harness, at, *, done=False):
    harness.ledger.at, harness.ledger.done = at, done
    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(harness.start())
    assert harness.ledger.at == "", "a positive control"


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("at", CALLS)
async def test_wherever_it_is_broken_off_it_has_left(at, done):
    harness = Harness([a_job("tick", Every(H))], ledger=BrokenOff(), clock=FakeClock(START))
    await broken_off(harness, at, done=done)
    (only,) = await harness.ledger.instances()
    assert only.left_at == START
    assert (only.took_over_at is not None) == (at == "commit" and done)


@pytest.mark.parametrize("at", CALLS)
async def test_the_absence_counts_from_the_last_that_served(at):
    harness = Harness([a_job("tick", Every(H))], ledger=BrokenOff(), clock=FakeClock(START))
    await harness.start()
    await harness.stop()
    await harness.clock.advance("1h")
    await broken_off(harness, at)
    await harness.clock.advance("1h")
    await harness.start()
    (absence,) = await harness.ledger.absences()
    assert (absence.since, absence.until, absence.cause) == (START, START + 2 * H, "stopped")
    assert absence.facts == {"instance": 1}
    await harness.stop()


async def test_it_is_no_death_between_those_of_which_a_job_is_suspected():
    harness = Harness([a_job("poison", Startup())], ledger=BrokenOff(), behave=lambda *_: (3600 * S, Succeeded()))
    for _ in range(3):
        await harness.start()
        await harness.clock.advance("15s")
        await harness.kill()
        await broken_off(harness, "versions_after")
        await harness.clock.advance("1s")
    await harness.start()
    assert harness.engine.board.jobs["poison"].pause is not None
    await harness.stop()


async def test_one_that_was_killed_before_it_took_over_is_none_either():
    """It could not say farewell."""
    harness = Harness([a_job("poison", Startup())], ledger=BrokenOff(), behave=lambda *_: (3600 * S, Succeeded()))
    await harness.start()
    await harness.stop()
    await harness.clock.advance("1h")
    harness.ledger.leave = _nothing
    await broken_off(harness, "versions_after")
    del harness.ledger.leave
    await harness.clock.advance("1h")
    await harness.start()
    assert [(one.cause, one.facts) for one in await harness.ledger.absences()] == [("stopped", {"instance": 1})]
    await harness.stop()


async def _nothing(*_): ...
