"""Everything at one instant: the written order (docs/design.md, "The same instant"), in one turn of the engine."""

from contextlib import asynccontextmanager
from datetime import timedelta

from hearts import START
from jobdoubles import S, a_job

from asched.core.change import Begin, Decide, Finish, Pause, Promote, Retrying, Unpause
from asched.core.localtime.cron import Cron
from asched.core.model import Overlap, Retry
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.record import FireQuery
from asched.core.rules.pausing import pause
from asched.core.rules.runs import Ended, manual
from asched.core.triggers.at import At
from asched.core.triggers.interval import Every
from asched.engine.bus import Bus
from asched.engine.start import begin
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.harness import PretendRunner

MINUTE = Cron("* * * * *")
FAILED = Failed(ErrorNote("ValueError", "by order"))
JOBS = [  # in no order at all
    a_job("z", MINUTE),
    a_job("interval", Every(60 * S)),
    a_job("urgent", Every(60 * S), priority=5),
    a_job("whenever", MINUTE, priority=-5),
    a_job("fails", At(START + 10 * S), retry=Retry(attempts=2, delay=10 * S)),
    a_job("ends", Every(20 * S), overlap=Overlap.QUEUE_ONE),
    a_job("b-after", after=("ends",)),
    a_job("a-after", after=("ends",)),
    a_job("retried", At(START + 10 * S), retry=Retry(attempts=2, delay=30 * S, jitter=0)),
    a_job("held", MINUTE),
    a_job("asked", At(START + timedelta(days=9))),
    a_job("a", MINUTE),
]


class Listening(MemoryLedger):
    def __init__(self):
        super().__init__()
        self.changes = []

    async def commit(self, owner, changes):
        self.changes.append(changes)
        return await super().commit(owner, changes)


@asynccontextmanager
async def by_hand(ledger):
    """An engine that takes a turn when told so, with runs that never end by themselves."""
    clock = FakeClock(START)
    runner = PretendRunner(clock, lambda fire, attempt: (timedelta(days=1), Succeeded()))
    engine, _ = await begin(ledger=ledger, runner=runner, clock=clock, bus=Bus(), jobs=JOBS)
    try:
        yield engine, clock
    finally:
        for execution in list(engine.dispatch.running.values()):
            execution.task.cancel()
        await engine.dispatch.gone(5)


async def turns(engine, clock, until):
    """As many as there is something to do for, at every tenth second."""
    while clock.now() < until:
        while await engine.turn():
            pass
        await clock.stall(10)


def end(engine, job, outcome):
    """What the dispatch delivers when an attempt ends."""
    run = next(run for run in engine.board.runs.values() if run.fire.job == job)
    now = engine.clock.now()
    engine._deliver(Ended(run.fire.id, run.attempt, outcome, now, now, 0 * S))


def said(changes, job_of):
    """(what, job) of each change; of a Decide, each of its fires."""
    found = []
    for change in changes:
        match change:
            case Decide(fires=fires):
                found += [(str(getattr(decision, "reason", decision.kind)), fire.job) for fire, decision in fires]
            case Finish(fire=id) | Retrying(fire=id) | Begin(fire=id) | Promote(fire=id):
                found.append((type(change).__name__.lower(), job_of[id]))
            case Unpause(job=job):
                found.append(("unpause", job))
    return found


async def test_what_falls_together_goes_in_the_written_order():
    ledger = Listening()
    async with by_hand(ledger) as (engine, clock):
        engine.tell(lambda b, now, turn: pause(b, b.jobs["held"], Pause("held", START, "x", "", START + 60 * S), turn))
        await turns(engine, clock, START + 30 * S)
        end(engine, "retried", FAILED)
        await turns(engine, clock, START + 60 * S)
        asked = engine.tell(lambda b, now, turn: manual(b, b.jobs["asked"], now, turn)[0].id)
        end(engine, "ends", Succeeded())
        end(engine, "fails", FAILED)
        await engine.turn()
        job_of = {run.fire.id: run.fire.job for run in engine.board.runs.values()}
        job_of |= {record.id: record.job for record in await ledger.fires(FireQuery(limit=100))}
    assert said(ledger.changes[-1], job_of) == [
        ("finish", "ends"),  # what ended, in the order in which it did; with it
        ("promote", "ends"),  # who waited for the slot,
        ("start", "b-after"),  # and who comes after, in the order of the configuration
        ("start", "a-after"),
        ("retrying", "fails"),
        ("unpause", "held"),  # what is due: pauses that end,
        ("begin", "retried"),  # further attempts,
        ("start", "urgent"),  # fires by priority, then by name, whatever kind of trigger they have
        ("start", "a"),
        ("queue", "ends"),
        ("start", "held"),
        ("start", "interval"),
        ("start", "z"),
        ("start", "whenever"),
        ("start", "asked"),  # what operators ask
    ]
    assert asked.done()
