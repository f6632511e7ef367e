"""An embedded Scheduler whose jobs depend on others and on the world, with the real conditions, on a fake clock."""

import asyncio

import pytest

from asched import ConfigurationError, Refused, Run, Scheduler
from asched.core.record import FireQuery
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock

pytestmark = pytest.mark.anyio


async def work() -> None: ...


def a_scheduler(**options):
    clock = FakeClock("2026-06-01T06:00Z")
    return Scheduler(ledger=options.pop("ledger", MemoryLedger()), clock=clock, **options), clock


async def told(s, job):
    found = await s.ledger.fires(FireQuery(jobs=(job,), oldest_first=True))
    return [getattr(one.decision, "facts", {}) or one.decision.kind for one in found]


async def test_a_condition_of_ones_own_is_asked_until_it_holds():
    answers = [False, False, True]

    def ready(run: Run) -> bool:
        return answers.pop(0)

    s, clock = a_scheduler()
    async with s:
        s.add(work, "daily at 08:00", only_if=[ready], wait="1h", poll="10m")
        await clock.advance_to("2026-06-01T08:19Z")
        assert (await told(s, "work"))[0]["for"] == "condition"
        await clock.advance("1m")
        assert (await told(s, "work"), answers) == (["start"], [])


async def test_what_is_done_already_is_not_done_again(tmp_path):
    s, clock = a_scheduler()
    async with s:
        s.add(work, "daily at 08:00", unless=f"path {tmp_path}/{{scheduled_at:%F}}.csv exists")
        await clock.advance_to("2026-06-01T09:00Z")
        (tmp_path / "2026-06-02.csv").touch()
        await clock.advance_to("2026-06-02T09:00Z")
        started, skipped = await told(s, "work")
        assert started == "start"
        assert skipped["said"] == f"{tmp_path}/2026-06-02.csv is there"


async def test_at_half_past_eight_if_the_rates_came_today():
    outcomes = [True, False]

    async def rates() -> dict[str, float]:
        if outcomes.pop(0):
            return {"USD": 1.1}
        raise ValueError("no answer")

    s, clock = a_scheduler()
    async with s:
        s.add(rates, "daily at 08:00")
        s.add(work, "daily at 08:30", name="invoice", needs=rates)
        await clock.advance_to("2026-06-02T09:00Z")
        assert await told(s, "invoice") == [
            "start",
            {"needs": "rates", "needed": "rates succeeded that day", "last": "2026-06-01T08:00:00+00:00"},
        ]


async def test_a_run_by_hand_meets_a_need_that_is_waited_for():
    s, clock = a_scheduler()
    async with s:
        s.add(work, name="rates")
        s.add(work, "daily at 08:30", name="invoice", needs="rates", wait="until 10:00")
        await clock.advance_to("2026-06-01T09:15Z")
        run = await s["rates"].run()
        await run.wait()
        assert await told(s, "invoice") == ["start"]


async def test_what_comes_after_a_failure_finds_no_result_of_it():
    seen = []

    async def rates() -> dict[str, float]:
        raise ValueError("no answer")

    async def alarm(run: Run) -> None:
        seen.append(run.upstream(rates))

    s, clock = a_scheduler()
    async with s:
        s.add(rates, "daily at 08:00")
        s.add(alarm, after={rates: "failed"})
        await clock.advance_to("2026-06-01T08:01Z")
        assert seen == [None]


async def test_a_reload_knows_what_a_job_did_before_anybody_needed_it():
    s, clock = a_scheduler()
    async with s:
        s.add(work, "daily at 08:00", name="rates")
        await clock.advance_to("2026-06-02T08:10Z")
        other = Scheduler(ledger=":memory:")
        await s.reload([other.add(work, "daily at 08:30", name="invoice", needs="rates").definition])
        await clock.advance_to("2026-06-02T08:31Z")
        assert await told(s, "invoice") == ["start"]


async def test_so_does_a_job_that_is_added_later():
    ledger = MemoryLedger()
    s, clock = a_scheduler(ledger=ledger)
    async with s:
        s.add(work, "daily at 08:00", name="rates")
        await clock.advance_to("2026-06-01T08:10Z")
    s = Scheduler(ledger=ledger, clock=clock)
    async with s:
        s.add(work, "daily at 08:00", name="rates")
        s.add(work, "daily at 08:30", name="invoice", needs="rates")
        await clock.advance_to("2026-06-01T08:31Z")
        assert await told(s, "invoice") == ["start"]


async def test_a_job_that_another_needs_is_not_discarded_and_one_that_is_not_there_is_not_needed():
    s, _ = a_scheduler()
    async with s:
        s.add(work, name="rates")
        s.add(work, "daily at 08:30", name="invoice", needs="rates")
        with pytest.raises(Refused, match='"invoice" would wait for it'):
            s.discard("rates")
        with pytest.raises(ConfigurationError, match='needs an unknown job "rate"'):
            s.add(work, "daily at 08:30", name="other", needs="rate")


async def test_a_condition_that_is_being_asked_does_not_hold_up_the_stop():
    asked = asyncio.Event()

    async def never() -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    s = Scheduler(ledger=":memory:")
    s.add(work, "@startup", only_if=never)
    await s.start()
    await asked.wait()
    await s.stop(drain="10s")
    assert not s.running
