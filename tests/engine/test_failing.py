"""Jobs that fail, over a memory ledger and a fake clock: the whole run's limit, and pauses that outlive a kill."""

from datetime import timedelta

import pytest
from jobdoubles import S, a_job

from asched.core.model import Retry
from asched.core.outcome import ErrorNote, Failed, Succeeded, TimedOut
from asched.core.record import FireQuery
from asched.core.triggers.interval import Every
from asched.engine.audit import audit
from asched.errors import LedgerUnavailable
from asched.ledger.memory import MemoryLedger
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio
MINUTE = 60 * S
FAILED = Failed(ErrorNote("ValueError", "no"))
UP = TimedOut(30 * S, whole_run=True)


def failing(fire, attempt):
    return S, FAILED


async def outcomes(harness):
    found = await harness.ledger.fires(FireQuery(decisions=("start",), oldest_first=True, limit=1000))
    return [record.outcome.kind for record in found if record.outcome is not None]


async def one_run(harness):
    (record,) = await harness.ledger.fires(FireQuery(decisions=("start",)))
    return record


def limited(delay, took=S):
    retry = Retry(attempts=9, delay=delay, factor=1, jitter=0)
    job = a_job(trigger=Every(timedelta(hours=1)), run_timeout=30 * S, retry=retry)
    return Harness([job], behave=lambda fire, attempt: (took, FAILED))


async def test_an_attempt_that_is_executed_when_the_runs_time_is_up_is_stopped_then():
    harness = limited(delay=5 * S, took=20 * S)  # attempts at 0 s and 25 s
    await harness.start()
    await harness.clock.advance("2h")
    record = (await harness.ledger.fires(FireQuery(decisions=("start",), oldest_first=True)))[0]
    assert (record.outcome, record.attempt) == (UP, 2)
    assert record.finished_at - record.started_at == 5 * S
    await harness.stop()


async def test_a_run_that_waits_for_its_next_attempt_then_is_called_off():
    harness = limited(delay=20 * S)
    await harness.start()
    await harness.clock.advance("61m")
    record = await one_run(harness)
    assert (record.outcome, record.attempt) == (UP, 2)
    assert [one.outcome for one in await harness.ledger.attempts(record.id)] == [FAILED, FAILED]
    await harness.stop()


async def test_the_limit_of_a_run_outlives_its_asched():
    harness = limited(delay=40 * S)
    await harness.start()
    await harness.clock.advance(60 * MINUTE + 10 * S)
    await harness.kill()
    await harness.clock.advance("5s")
    await harness.start()
    await harness.clock.advance("14s")
    assert (await one_run(harness)).outcome is None
    await harness.clock.advance("2s")
    assert (await one_run(harness)).outcome == UP
    await harness.stop()


async def test_what_a_ledger_that_was_away_kept_waiting_has_its_whole_time_from_its_start():
    class Away(MemoryLedger):
        off = False

        async def commit(self, owner, changes):
            if self.off:
                raise LedgerUnavailable("away")
            return await super().commit(owner, changes)

    job = a_job(trigger=Every(timedelta(hours=1)), run_timeout=30 * S)
    harness = Harness([job], behave=lambda fire, attempt: (10 * S, Succeeded()), ledger=Away())
    await harness.start()
    harness.ledger.off = True
    await harness.clock.advance("62m")
    harness.ledger.off = False
    await harness.clock.advance("1m")
    assert await outcomes(harness) == ["succeeded"]
    await harness.stop()


async def test_the_count_of_failures_and_the_pause_outlive_a_kill():
    harness = Harness([a_job(pause_after=3, probe_after=10 * MINUTE)], behave=failing)
    await harness.start()
    await harness.clock.advance("25s")
    assert await outcomes(harness) == ["failed", "failed"]
    await harness.kill()
    await harness.start()
    await harness.clock.advance("10s")
    assert harness.engine.board.jobs["tick"].pause.reason.startswith("3 runs in a row failed; the last: run 2-1, ")
    await harness.kill()
    await harness.start()
    await harness.clock.advance("5m")
    assert await outcomes(harness) == ["failed"] * 3
    assert list((await audit(harness.ledger, harness.clock.now())).imbalances) == []
    await harness.stop()


async def test_one_probe_after_the_other_until_one_succeeds():
    harness = Harness([a_job(pause_after=2, probe_after=10 * MINUTE)], behave=failing)
    await harness.start()
    await harness.clock.advance("25m")
    assert await outcomes(harness) == ["failed"] * 4
    harness.runner._behave = lambda fire, attempt: (S, Succeeded())
    await harness.clock.advance("10m")
    assert (await outcomes(harness))[4] == "succeeded"
    assert harness.engine.board.jobs["tick"].pause is None
    assert [act.verb for act in await harness.ledger.acts()] == ["pause_after"] * 3
    await harness.stop()
