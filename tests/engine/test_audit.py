"""The audit says "balanced" of what went right, and names what was tampered with."""

from dataclasses import replace

import pytest
from hearts import START, lasting
from jobdoubles import H, S, a_job

from asched.core.change import Gap
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import Windows
from asched.core.model import CatchUp, Fire, Overlap
from asched.core.outcome import ErrorNote, Failed, Skip, SkipReason, Succeeded
from asched.core.record import FireQuery, FireRecord, GapRecord, Keep
from asched.core.triggers.at import At
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.delayed import In
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.minus import Minus
from asched.core.triggers.once import OncePerWindow
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.within import Within
from asched.engine.audit import NAMED, audit
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio
FAILED = Failed(ErrorNote("ValueError", "no"))


async def a_trace(*jobs, outage="1h", behave=None):
    """A minute of life, an outage, and ten minutes more."""
    harness = Harness(jobs or [a_job()], behave=behave or lasting(0 * S), clock=FakeClock(START))
    await harness.start()
    await harness.clock.advance("65s")
    await harness.kill()
    await harness.clock.advance(outage)
    await harness.start()
    await harness.clock.advance("10m")
    await harness.stop()
    return harness


async def wrong(harness, live=None):
    found = await audit(harness.ledger, harness.clock.now(), live)
    return [(one.job, one.at and (one.at - START).total_seconds(), one.what) for one in found.imbalances]


async def one_of(harness, decision, **query):
    return (await harness.ledger.fires(FireQuery(decisions=(decision,), oldest_first=True, **query)))[0]


def tables(harness):
    return harness.ledger._tables


NOW_OF_DAY = START.hour * 3600 + START.minute * 60
TRIGGERS = [Every(7 * S), Cron("*/2 * * * *", "Asia/Kathmandu"), AfterFinish(20 * S), At(START + H), Startup(),
            AnyOf((Startup(), Every(30 * S), Cron("5 * * * *"))), VariedEvery(4 * S, 20 * S), In(70 * S),
            Bounded(Every(7 * S), end=START + H, times=300),
            Within(Every(5 * S), Windows(((0, 86_400),), "Asia/Kathmandu", (0, 1, 2, 3, 4, 5))),
            AllOf((Cron("* * * * *"), Cron("*/2 * * * *"), Every(120 * S, START - H))),
            Minus(Cron("* * * * *"), Cron("*/3 * * * *")),
            OncePerWindow(Windows(((NOW_OF_DAY + 60, NOW_OF_DAY + 600),)))]  # fmt: skip


@pytest.mark.parametrize("catch_up", CatchUp)
@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.text())
async def test_what_went_right_is_balanced(trigger, catch_up):
    job = a_job(trigger=trigger, catch_up=catch_up, overlap=Overlap.QUEUE, catch_up_window=H / 2)
    harness = await a_trace(job, a_job("b", after=("tick",)), behave=lasting(3 * S))
    found = await audit(harness.ledger, harness.clock.now())
    assert (found.balanced, found.imbalances, found.versions) == (True, [], 2)


async def test_it_counts_what_it_looked_at():
    harness = await a_trace()
    found = await audit(harness.ledger, harness.clock.now())
    scheduled = await harness.ledger.fires(FireQuery(limit=10_000))
    assert (found.fires, found.gaps, found.versions, found.open) == (len(scheduled), 1, 1, 0)


async def test_a_fire_that_is_gone_is_missed():
    harness = await a_trace()
    gone = await one_of(harness, "start")
    tables(harness).drop(gone)
    assert await wrong(harness) == [("tick", 10.0, "no fire and no gap")]


async def test_the_last_fire_before_the_watermark_is_missed_too():
    harness = await a_trace()
    last = (await harness.ledger.fires(FireQuery(limit=1)))[0]
    tables(harness).drop(last)
    assert await wrong(harness) == [("tick", (last.scheduled_at - START).total_seconds(), "no fire and no gap")]


async def test_a_fire_that_the_trigger_does_not_yield_is_named():
    harness = await a_trace()
    when = START + 13 * S
    extra = FireRecord(Fire(99, "tick", 1, when, when), Skip(SkipReason.MISSED), when, 1)
    tables(harness).add(extra)
    assert await wrong(harness) == [("tick", 13.0, "a fire that its trigger does not yield, or a second one")]


async def test_a_fire_inside_a_gap_is_named():
    harness = await a_trace()
    (gap,) = await harness.ledger.gaps()
    when = START + 80 * S
    assert gap.gap.after < when <= gap.gap.until
    tables(harness).add(FireRecord(Fire(99, "tick", 1, when, when), Skip(SkipReason.MISSED), when, 1))
    assert ("tick", 80.0, "a fire inside a gap") in await wrong(harness)


async def test_a_trigger_that_raises_is_named_and_the_other_jobs_are_looked_at():
    harness = await a_trace(a_job("bad"), a_job("good"))
    never = Minus(Cron("* * * * * *"), Bounded(Cron("* * * * * *"), start=START - H))
    tables(harness).versions["bad"].trigger = never.spec()
    tables(harness).drop((await harness.ledger.fires(FireQuery(jobs=("good",), limit=1)))[0])
    found = await audit(harness.ledger, harness.clock.now())
    bad, good = found.imbalances
    assert (bad.job, bad.what.split(":")[0]) == ("bad", "its trigger raised ScheduleError")
    assert (good.job, good.what) == ("good", "no fire and no gap")
    assert found.versions == 2


async def test_a_gap_that_is_gone_is_missed_and_only_so_many_instants_are_named():
    harness = await a_trace()
    tables(harness).gaps.clear()
    found = await wrong(harness)
    assert set(found) >= {("tick", 70.0, "no fire and no gap")}
    assert NAMED <= len(found) <= 400


async def test_an_instant_in_two_gaps_is_named():
    harness = await a_trace()
    (gap,) = await harness.ledger.gaps()
    twice = GapRecord("tick", 1, gap.at, Gap(START + 100 * S, START + 120 * S, SkipReason.MISSED, 2))
    tables(harness).gaps["twice"] = twice
    assert await wrong(harness) == [("tick", 110.0, "an instant in two gaps")]


@pytest.mark.parametrize(
    ("by", "what"),
    [(10 * S, "no fire and no gap"), (-10 * S, "a fire outside of what its version has decided")],
)
async def test_a_watermark_that_was_moved_is_noticed(by, what):
    harness = await a_trace()
    version = tables(harness).versions["tick"]
    watermark, version.watermark = version.watermark, version.watermark + by
    at = (max(watermark, watermark + by) - START).total_seconds()
    assert await wrong(harness) == [("tick", at, what)]


async def test_a_beginning_that_was_moved_is_noticed():
    harness = await a_trace(a_job(trigger=Cron("* * * * *")))
    tables(harness).versions["tick"].since -= 61 * S
    assert await wrong(harness) == [("tick", -60.0, "no fire and no gap"), ("tick", 0.0, "no fire and no gap")]


async def test_a_trigger_that_cannot_be_read_back_is_named():
    harness = await a_trace()
    tables(harness).versions["tick"].trigger = {"kind": "from the future"}
    ((job, at, what),) = await wrong(harness)
    assert (job, at) == ("tick", None)
    assert what.startswith("its trigger cannot be read back")


async def test_an_open_run_whose_owner_is_gone_is_named():
    harness = await a_trace()
    run = await one_of(harness, "start")
    tables(harness).put(replace(run, outcome=None))
    await harness.start()
    await harness.kill()
    harness.ledger._tables.put(replace(run, outcome=None, owner=1))
    ((job, at, what),) = await wrong(harness)
    assert (job, at) == ("tick", 10.0)
    assert what == f"run {run.run} is open, and its owner (asched 1) is gone"
    assert await wrong(harness, live=[1, 2, 3]) == []


async def test_one_bad_job_does_not_hide_another():
    harness = await a_trace(a_job("a"), a_job("b"))
    for job in ("a", "b"):
        tables(harness).drop(await one_of(harness, "start", jobs=(job,)))
    assert [(job, at) for job, at, _ in await wrong(harness)] == [("a", 10.0), ("b", 10.0)]


async def test_a_changed_and_a_removed_job_are_balanced():
    harness = await a_trace(a_job("a"), a_job("b"))
    harness.jobs = [a_job("a", Every(7 * S))]
    await harness.start()
    await harness.clock.advance("1m")
    harness.jobs = [a_job("a", Every(7 * S), max_instances=2), a_job("b")]
    await harness.stop()
    await harness.clock.advance("1h")
    await harness.start()
    await harness.clock.advance("1m")
    assert await wrong(harness) == []
    assert [(v.job, v.version) for v in await harness.ledger.versions()] == [
        ("a", 1),
        ("a", 2),
        ("a", 3),
        ("b", 1),
        ("b", 2),
    ]
    await harness.stop()


async def test_what_is_left_after_pruning_is_balanced():
    harness = await a_trace()
    pruned = await harness.ledger.prune(Keep(START + 200 * S, 1000))
    assert pruned > 0
    assert await wrong(harness) == []


async def test_failures_that_are_kept_longer_are_no_part_of_the_balance():
    harness = await a_trace(behave=lambda fire, _: (S, Succeeded() if fire.id % 3 else FAILED))
    while await harness.ledger.prune(Keep(START + H + 200 * S, 1000, START)):
        pass
    (version,) = await harness.ledger.versions()
    below = await harness.ledger.fires(FireQuery(until=version.since))
    assert {record.outcome for record in below} == {FAILED}
    assert len(below) > 2
    assert await wrong(harness) == []


async def test_more_fires_than_one_page_are_walked_in_order():
    harness = Harness([a_job(trigger=Every(S))], clock=FakeClock(START))
    await harness.start()
    await harness.clock.advance("2500s")
    await harness.stop()
    assert await wrong(harness) == []
    tables(harness).drop((await harness.ledger.fires(FireQuery(limit=1, offset=300)))[0])
    assert len(await wrong(harness)) == 1


async def test_an_imbalance_reads_as_a_sentence():
    harness = await a_trace()
    tables(harness).drop(await one_of(harness, "start"))
    (one,) = (await audit(harness.ledger, harness.clock.now())).imbalances
    assert str(one) == "tick (version 1) at 2026-01-01 00:00:10+00:00: no fire and no gap"


async def test_what_is_decided_while_the_audit_reads_is_no_imbalance():
    """A live job decides between the audit's reading of versions, of gaps, and of fires."""
    harness = Harness([a_job()], behave=lasting(0 * S), clock=FakeClock(START))
    await harness.start()
    await harness.clock.advance("65s")

    class Busy:
        """Each look at the ledger takes so long that something is decided meanwhile."""

        def __getattr__(self, name):
            async def looked(*args, **more):
                found = await getattr(harness.ledger, name)(*args, **more)
                await harness.clock.advance("10s")
                return found

            return looked

    found = await audit(Busy(), harness.clock.now())
    assert (found.balanced, found.imbalances) == (True, [])
    await harness.stop()
