"""The engine, end to end over a memory ledger and a fake clock."""

from datetime import UTC, datetime, timedelta

import pytest

from asched.core.action import Function
from asched.core.localtime.cron import Cron
from asched.core.model import Job, Policies, Retry
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.record import FireQuery
from asched.core.triggers.interval import Every
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio
S = timedelta(seconds=1)


def a_job(name="tick", trigger=None, **policies) -> Job:
    return Job(name, Function(print, "builtins:print", "coroutine"), trigger or Every(10 * S), Policies(**policies))


async def fires(harness, job="tick", **query):
    return await harness.ledger.fires(FireQuery(jobs=(job,), oldest_first=True, limit=10_000, **query))


async def test_each_instant_of_an_interval_has_a_run_that_succeeded():
    harness = Harness([a_job()])
    await harness.start()
    await harness.clock.advance("1m")
    await harness.stop()
    found = await fires(harness)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert [f.scheduled_at for f in found] == [start + k * 10 * S for k in range(1, 7)]
    assert all(f.outcome == Succeeded() and f.started_at == f.scheduled_at for f in found)


async def test_a_failed_attempt_is_tried_again_and_the_run_ends_once():
    def behave(fire, attempt):
        return S, Succeeded() if attempt == 3 else Failed(ErrorNote("ValueError", "no"))

    harness = Harness([a_job(retry=Retry(attempts=3, delay=S, jitter=0.0))], behave=behave)
    await harness.start()
    await harness.clock.advance("19s")
    await harness.stop()
    (run,) = await fires(harness)
    assert (run.attempt, run.outcome) == (3, Succeeded())
    assert [a.outcome.kind for a in await harness.ledger.attempts(run.id)] == ["failed", "failed", "succeeded"]


async def test_after_a_kill_the_run_is_abandoned_and_the_missed_fires_are_coalesced():
    harness = Harness([a_job()], behave=lambda fire, attempt: (5 * S, Succeeded()))
    await harness.start()
    await harness.clock.advance("12s")
    await harness.kill()
    await harness.clock.advance("60s")
    await harness.start()
    await harness.clock.advance("1s")
    found = await fires(harness)
    kinds = [(f.decision.kind, f.outcome.kind if f.outcome else getattr(f.decision, "reason", "")) for f in found]
    assert kinds[0] == ("start", "abandoned")
    assert kinds[1:-1] == [("skip", "coalesced")] * 5
    assert kinds[-1] == ("start", "")
    await harness.stop()


async def test_a_cron_job_follows_its_zone_over_the_spring_night():
    harness = Harness([a_job("nightly", Cron("30 2 * * *", "Europe/Berlin"))], clock=FakeClock("2026-03-28T12:00Z"))
    await harness.start()
    await harness.clock.advance("36h")
    (run,) = await fires(harness, "nightly")
    assert run.scheduled_at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    await harness.stop()
