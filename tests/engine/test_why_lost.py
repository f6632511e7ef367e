"""Why of a run that is open while the asched that it belongs to is gone: it does not run, whatever the ledger says."""

import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from hearts import START, lasting
from inquiries import a_life, said, why
from jobdoubles import S, a_job

from asched.core.model import Overlap, Retry
from asched.core.outcome import ErrorNote, Failed
from asched.engine.instance import SILENCE, this_instance

pytestmark = pytest.mark.anyio

FAILED = Failed(ErrorNote("ValueError", "no"))
OWNER = f"asched 1 (pid 1 on {socket.gethostname()})"


def died(harness, **how):
    """Its process is another one by now; or how its row is otherwise."""
    tables = harness.ledger._tables
    tables.instances[1] = replace(tables.instances[1], **(how or {"pid": 1}))


async def killed(job, behave=None):
    harness = await a_life(job, behave=behave or lasting(15 * S))
    await harness.clock.advance("21s")
    await harness.kill()
    return harness


STANDS = [  # (the job, how its runs end, which instant, what is said of it)
    (a_job(), None, 10,
     f"it was started; it was running when {OWNER} was killed or lost: the next start records it as abandoned"),
    (a_job(idempotent=True), None, 10,
     f"it was started; it was running when {OWNER} was killed or lost: the next start runs it once more, "
     "for its job is idempotent"),
    (a_job(overlap=Overlap.QUEUE), None, 20,
     f"it waits for a free slot, which 1-1 had; {OWNER} is gone, and the next start goes on with it"),
    (a_job(retry=Retry(attempts=2, delay=60 * S, jitter=0.0)), lasting(1 * S, FAILED), 10,
     f"it was started, and waits until 2026-01-01 00:01:11+00:00 for attempt 2; {OWNER} is gone, and the next start "
     "goes on with it"),
]  # fmt: skip


@pytest.mark.parametrize(("job", "behave", "second", "sentence"), STANDS)
async def test_what_was_left_open_says_whose_it_was_and_what_the_next_start_does(job, behave, second, sentence):
    harness = await killed(job, behave)
    died(harness)
    assert await said(harness, START + second * S) == sentence


async def test_what_was_in_its_way_is_lost_as_well():
    harness = await killed(a_job(idempotent=True))
    died(harness)
    answer = await why(harness, START + 20 * S)
    assert "runs it once more" in dict(answer.facts)["rests on"]


async def test_another_machines_is_believed_as_long_as_it_gives_signs_of_life():
    harness = await killed(a_job())
    died(harness, host="elsewhere", seen_at=harness.clock.now())
    assert await said(harness, START + 10 * S) == "it was started, and is running"
    await harness.clock.advance((SILENCE + timedelta(seconds=1)).total_seconds())
    assert "on elsewhere) was killed or lost" in await said(harness, START + 10 * S)


async def test_what_our_own_process_runs_is_running():
    harness = await killed(a_job())
    assert this_instance(START).pid == harness.ledger._tables.instances[1].pid
    assert await said(harness, START + 10 * S) == "it was started, and is running"
