"""One job, once, without a service: decided, executed and recorded here, beside every schedule.

Nothing else is placed, caught up or retired: that is for the service, when it comes. And it must find everything as
if nobody had been here: this instance is a visitor, which neither shortens the absence that the service will record,
nor counts as the first start after a boot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from asched.core.change import Act, Activate, Retire
from asched.core.grammar.instants import as_instant
from asched.core.masking import mask_for
from asched.core.model import Fire, Job
from asched.core.outcome import Decision
from asched.core.record import FireRecord
from asched.core.rules.board import Board, Cause, JobState, Now, Turn
from asched.core.rules.runs import again, manual
from asched.core.rules.runs import stop as stop_run
from asched.core.version import definition_of
from asched.engine.bus import Bus
from asched.engine.clock import SystemClock
from asched.engine.engine import Engine
from asched.engine.instance import this_instance
from asched.engine.ports import Ledger
from asched.errors import LedgerError, NotRunning
from asched.operating import repeats
from asched.runners.registry import Runners
from asched.stopping import wind_down

INTERRUPTED = "asched run was interrupted"


async def run_once(
    ledger: Ledger,
    job: Job,
    *,
    by: str,
    reason: str = "",
    args: Mapping[str, object] | None = None,
    scheduled_at: datetime | None = None,
    before: Fire | None = None,
    mask: Callable[[str], str] = str,
    listen: Callable[[Mapping[str, object]], None] | None = None,
    stop: asyncio.Event | None = None,
) -> FireRecord:
    """Run it, or repeat the run `before`, and return its record. The ledger is open, and locked for us. `stop`
    interrupts it."""
    clock, bus = SystemClock(), Bus()
    if listen is not None:
        bus.listen(listen)
    number = await ledger.enter(this_instance(clock.now(), visiting=True))
    version, known = await _version(ledger, job)
    runner = Runners(mask=mask_for(job, mask), clock=clock)
    engine = Engine(ledger=ledger, runner=runner, clock=clock, bus=bus, number=number, mask=mask)
    engine.board.failures.update((await ledger.restore()).failures)

    def act(board: Board, now: Now, turn: Turn) -> tuple[Fire, Decision]:
        if not known:
            _introduce(job, version, now, turn)
        state = board.jobs[job.name] = JobState(job, version, now.wall, job.trigger)
        if before is None:
            fire, decision = manual(board, state, now, turn, scheduled_at=as_instant(scheduled_at), args=args)
        else:
            fire, decision = again(board, state, before, now, turn)
        verb, said = ("run", reason) if before is None else ("retry", repeats(before, reason))
        turn.changes.append(Act(now.wall, verb, by, job.name, fire.run, said))
        return fire, decision

    loop = asyncio.create_task(engine.run())
    interrupting = asyncio.create_task(_interrupt_when(stop or asyncio.Event(), engine))
    try:
        fire, _ = await engine.ask(act)
        await _until_over(engine, loop)
    except NotRunning:
        loop.result()  # raises why it is over
        raise
    finally:
        interrupting.cancel()
        await wind_down(engine, loop, timedelta(0), INTERRUPTED)
        await runner.close()
        with suppress(LedgerError):  # then the next start finds that nobody said farewell
            await ledger.leave(number, clock.now())
    loop.result()
    record = await ledger.fire(fire.id)
    assert record is not None
    return record


async def _version(ledger: Ledger, job: Job) -> tuple[int, bool]:
    """The job's newest version, and whether the ledger knows it at all."""
    versions = [one.version for one in await ledger.versions(job.name)]
    return (max(versions), True) if versions else (1, False)


def _introduce(job: Job, version: int, now: Now, turn: Turn) -> None:
    """A version that ends where it begins: it owes nothing, and the run has a definition to refer to."""
    turn.changes.append(Activate(job.name, version, now.wall, None, definition_of(job), now.wall))
    turn.changes.append(Retire(job.name, version, now.wall))


async def _until_over(engine: Engine, loop: asyncio.Task[None]) -> None:
    """Until all its attempts are over, or the engine is."""
    changed = asyncio.Event()
    engine.bus.listen(lambda _: changed.set())
    while engine.board.runs and not loop.done():
        changed.clear()
        waiting = asyncio.create_task(changed.wait())
        await asyncio.wait({waiting, loop}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()


async def _interrupt_when(stop: asyncio.Event, engine: Engine) -> None:
    """Once somebody wants it stopped: stop what is executed, and what waits for its next attempt, which nobody would
    make."""
    await stop.wait()
    engine.drain()
    engine.finish()  # or the engine would try for ever to reach a ledger that is away
    with suppress(NotRunning):  # it is over already
        await engine.ask(_call_off)


def _call_off(board: Board, now: Now, turn: Turn) -> None:
    for fire in list(board.runs):
        stop_run(board, fire, Cause.SHUTDOWN, INTERRUPTED, now, turn)
