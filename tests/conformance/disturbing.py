"""What befalls a scheduler, done to a harness as the model (core/foresight/simulate.py) says it."""

from asched.core.foresight.simulate import Outage, Stall, Step, Suspend


async def disturb(harness, trouble):
    clock = harness.clock
    match trouble:
        case Outage(since, until):
            await harness.ledger.renew(harness.engine.number, clock.now())  # it was seen alive right before
            await harness.kill()
            await clock.advance(until - since)
            await harness.start()
        case Step(by=by):
            await clock.step(by)
            harness.engine.look()  # as the clock watch does
            await clock.settle()
        case Suspend(since, until):
            await clock.suspend(until - since)
        case Stall(since, until):
            await clock.stall(until - since)
