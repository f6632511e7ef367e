"""A life on a fake clock, and what `why` says of its instants."""

from hearts import START, lasting
from jobdoubles import S

from asched.engine.evidence import inquire
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness


async def a_life(*jobs, behave=None, start=START):
    harness = Harness(jobs, behave=behave or lasting(3 * S), clock=FakeClock(start))
    await harness.start()
    return harness


async def why(harness, at, job="tick", **more):
    return await inquire(harness.ledger, job, at, harness.clock.now(), **more)


async def said(harness, at, job="tick", **more):
    """The sentence, without the job and the instant."""
    return str(await why(harness, at, job, **more)).partition(": ")[2]
