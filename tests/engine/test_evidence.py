"""Why did it, or did it not, run: one instant after the other of a life with everything in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hearts import START, lasting
from inquiries import a_life, said, why
from jobdoubles import H, S, a_job

from asched.core.change import Act, Pause
from asched.core.hindsight.verdict import Decided, Excluded, Gapped, NeverDue, Unscheduled
from asched.core.hindsight.versions import first_unscheduled
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Overlap
from asched.core.outcome import ErrorNote, Failed
from asched.core.record import FireQuery, Keep
from asched.core.rules.pausing import pause
from asched.core.rules.runs import manual
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.interval import AfterFinish
from asched.engine.evidence import instants_within

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)


async def test_a_run_on_time_is_told_with_its_end():
    harness = await a_life(a_job())
    await harness.clock.advance("15s")
    answer = await why(harness, START + 10 * S)
    assert str(answer) == "tick, 2026-01-01 00:00:10+00:00: it was started, and after 3s it succeeded"
    assert answer.verdict.kind == "decided"
    assert dict(answer.facts)["ended"] == "2026-01-01 00:00:13+00:00"


async def test_a_run_that_goes_on_is_told_so():
    harness = await a_life(a_job())
    await harness.clock.advance("11s")
    assert await said(harness, START + 10 * S) == "it was started, and is running"


async def test_what_was_never_due_names_the_instants_around_it():
    harness = await a_life(a_job())
    await harness.clock.advance("25s")
    answer = await why(harness, START + 14 * S)
    assert str(answer).endswith("it was not due then")
    assert dict(answer.facts) == {"before": "2026-01-01 00:00:10+00:00", "after": "2026-01-01 00:00:20+00:00"}


async def test_what_is_ahead_says_when_and_what_the_limit_does():
    harness = await a_life(a_job())
    assert await said(harness, START + H) == (
        "it is not due yet: it will be decided in 1h, and skipped if the job is at its limit then"
    )


async def test_what_is_ahead_of_a_paused_job_says_who_paused_it():
    harness = await a_life(a_job())
    await pausing(harness)
    assert (
        await said(harness, START + H)
        == "it is not due yet: it will be decided in 1h, and skipped, paused by ada (moving)"
    )
    assert dict((await why(harness, START + H)).facts)["paused"] == "by ada at 2026-01-01 00:00:00+00:00 (moving)"


async def pausing(harness, by="ada", reason="moving"):
    def act(board, now, turn):
        pause(board, board.jobs["tick"], Pause("tick", now.wall, by, reason), turn)
        turn.changes.append(Act(now.wall, "pause", by, "tick", "", reason))

    await harness.engine.ask(act)


async def test_a_pause_is_told_with_the_act_that_made_it():
    harness = await a_life(a_job())
    await pausing(harness)
    await harness.clock.advance("15s")
    answer = await why(harness, START + 10 * S)
    assert "skipped, paused by ada" in str(answer)
    assert dict(answer.facts)["operator"] == "pause by ada at 2026-01-01 00:00:00+00:00 (moving)"


async def test_of_a_pause_that_was_extended_the_act_is_told_by_which_it_still_held():
    harness = await a_life(a_job())
    await pausing(harness)
    await harness.clock.advance("15s")
    await pausing(harness, "ben", "still moving")
    await harness.clock.advance("10s")
    answer = await why(harness, START + 20 * S)
    assert "paused by ben since 2026-01-01 00:00:00+00:00 (still moving)" in str(answer)
    assert dict(answer.facts)["operator"] == "pause by ben at 2026-01-01 00:00:15+00:00 (still moving)"
    assert dict((await why(harness, START + 10 * S)).facts)["operator"].startswith("pause by ada at")


async def after_an_outage(**policies):
    harness = await a_life(a_job(**policies))
    await harness.clock.advance("15s")
    await harness.stop()
    await harness.clock.advance("1m")
    await harness.start()
    await harness.clock.advance("20s")
    return harness


AWAY = "no asched was deciding from 2026-01-01 00:00:15+00:00 to 2026-01-01 00:01:15+00:00 (stopped)"


async def test_what_was_missed_names_the_absence():
    harness = await after_an_outage(catch_up=CatchUp.NONE)
    sentence = await said(harness, START + 30 * S)
    assert sentence == (
        f"it was skipped, missed: it was decided 45s late, and the catch-up policy does not run it, because {AWAY}"
    )


async def test_what_was_caught_up_late_says_why_and_what_stands_for_the_others():
    harness = await after_an_outage()
    assert await said(harness, START + 70 * S) == f"it was started 5s late, because {AWAY}, and after 3s it succeeded"
    answer = await why(harness, START + 30 * S)
    assert "the fire of 2026-01-01 00:01:10+00:00 stands for it" in str(answer)
    assert "succeeded" in dict(answer.facts)["rests on"]


async def test_what_waited_for_a_slot_says_so():
    harness = await a_life(a_job(overlap=Overlap.QUEUE), behave=lasting(12 * S))
    await harness.clock.advance("40s")
    assert await said(harness, START + 20 * S) == (
        "it was started 2s late, because it waited for a free slot, which 1-1 had, and after 12s it succeeded"
    )


async def test_an_overlapped_fire_names_the_run_that_was_in_its_way_and_how_that_ended():
    harness = await a_life(a_job(), behave=lasting(12 * S))
    await harness.clock.advance("30s")
    answer = await why(harness, START + 20 * S)
    assert "run 1-1 was still running" in str(answer)
    assert dict(answer.facts)["rests on"] == (
        "1-1 of tick, scheduled 2026-01-01 00:00:10+00:00: it was started, and after 12s it succeeded"
    )


async def test_a_blocked_fire_names_the_upstream_run():
    failed = Failed(ErrorNote("ValueError", "no"))
    harness = await a_life(a_job(), a_job("report", after=("tick",)), behave=lasting(3 * S, failed))
    await harness.clock.advance("15s")
    answer = await why(harness, START + 10 * S, "report")
    assert 'blocked: "tick" (run 1-1) failed' in str(answer)
    assert "it failed: ValueError: no" in dict(answer.facts)["rests on"]


async def test_instants_in_a_gap_are_told_with_it():
    harness = await a_life(a_job())
    await harness.clock.advance("15s")
    await harness.stop()
    await harness.clock.advance("2h")
    await harness.start()
    answer = await why(harness, START + 5 * MINUTE)
    assert isinstance(answer.verdict, Gapped)
    assert "it was skipped, with 619 others, coalesced: the fire of " in str(answer)
    assert "(stopped)" in str(answer)


async def test_an_excluded_day_names_its_calendar():
    calendar = Calendar("de", days=((date(2026, 1, 6), "Epiphany"),))
    harness = await a_life(a_job(trigger=Excluding(Cron("0 12 * * *"), (calendar,))))
    answer = await why(harness, datetime(2026, 1, 6, 12, tzinfo=UTC))
    assert isinstance(answer.verdict, Excluded)
    assert str(answer).endswith('it is not due: "de" leaves it out (Epiphany)')


async def test_what_nobody_decided_yet_says_when_somebody_was_last_alive():
    harness = await a_life(a_job())
    await harness.clock.advance("15s")
    await harness.stop()
    await harness.clock.advance("1m")
    assert await said(harness, START + 30 * S) == (
        "it was due, and nobody has decided on it yet: whoever starts next will (catch_up: latest); "
        "the last sign of life of an asched is of 2026-01-01 00:00:15+00:00"
    )


async def test_before_the_first_version_it_says_since_when_there_is_one():
    harness = await a_life(a_job(trigger=Cron("0 * * * *")))
    assert await said(harness, START - H) == (
        "the job was first scheduled at 2026-01-01 00:00:00+00:00; by its schedule it would have been due"
    )
    assert (await said(harness, START - 1.5 * H)).endswith("it would not have been due anyway")


async def test_between_two_versions_it_says_when_it_was_gone_and_came_back():
    harness = await a_life(a_job(trigger=Cron("* * * * *")))
    await harness.clock.advance("90s")
    await harness.stop()
    jobs, harness.jobs = harness.jobs, []
    await harness.start()
    await harness.clock.advance("5m")
    await harness.stop()
    harness.jobs = jobs
    await harness.start()
    answer = await why(harness, START + 3 * MINUTE)
    assert isinstance(answer.verdict, Unscheduled)
    assert "removed or disabled at 2026-01-01 00:01:30+00:00, and came back at 2026-01-01 00:06:30+00:00" in str(answer)
    assert "it would have been due" in str(answer)
    assert (await said(harness, START + MINUTE)).startswith("it was started")


async def test_the_first_instant_of_a_day_before_the_job_is_found():
    harness = await a_life(a_job(trigger=Cron("0 3 * * *")))
    versions = await harness.ledger.versions("tick")
    assert first_unscheduled(versions, START - 24 * H, START) == START - 21 * H
    assert first_unscheduled(versions, START - 20 * H, START) is None
    assert first_unscheduled(versions, START + 2 * H, START + 4 * H) is None  # it accounts for that one


async def test_when_a_follower_was_due_is_not_laid_to_a_jitter():
    harness = await a_life(a_job(), a_job("report", after=("tick",)))
    await harness.clock.advance("15s")
    assert dict((await why(harness, START + 10 * S, "report")).facts)["due"] == "2026-01-01 00:00:13+00:00"


async def test_a_job_that_never_ran_anywhere_is_told_so():
    harness = await a_life(a_job())
    assert "never been scheduled" in await said(harness, START, "other")


async def test_what_was_pruned_says_up_to_when():
    harness = await a_life(a_job(), behave=lasting(1 * S))
    await harness.clock.advance("2m")
    assert await harness.ledger.prune(Keep(START + MINUTE, 1000)) == 5
    assert await said(harness, START + 20 * S) == (
        "it was due, and what was decided is no longer kept: all up to 2026-01-01 00:00:50+00:00 is pruned"
    )
    assert await said(harness, START + 21 * S) == "it was not due then"


async def test_a_fire_that_was_lost_from_the_ledger_is_called_unaccounted():
    harness = await a_life(a_job(), behave=lasting(1 * S))
    await harness.clock.advance("30s")
    (record,) = await harness.ledger.fires(FireQuery(since=START + 10 * S, until=START + 11 * S))
    harness.ledger._tables.drop(record)
    assert "no record of what was decided" in await said(harness, START + 10 * S)


async def test_a_job_without_instants_of_its_own_says_what_it_waits_for():
    harness = await a_life(a_job(), a_job("report", after=("tick",)), a_job("rested", AfterFinish(60 * S)))
    await harness.clock.advance("15s")
    assert await said(harness, START + 14 * S, "report") == (
        "it was not due then: it has no schedule, and runs after tick"
    )
    answer = await why(harness, START + 5 * S, "rested")
    assert isinstance(answer.verdict, NeverDue)
    assert "no instants of its own" in str(answer)


async def test_a_manual_run_of_the_same_instant_is_told_beside_the_schedules_own():
    harness = await a_life(a_job(overlap=Overlap.ALLOW))
    await harness.clock.advance("10s")
    at = START + 10 * S
    await harness.engine.ask(lambda board, now, turn: manual(board, board.jobs["tick"], now, turn, scheduled_at=at))
    await harness.clock.advance("5s")
    answer = await why(harness, at)
    assert isinstance(answer.verdict, Decided)
    assert [told.record.run for told in answer.verdict.fires] == ["1-1", "1-2"]
    assert str(answer).endswith(
        "it was started, and after 3s it succeeded; manual run 1-2: it was started, and after 3s it succeeded"
    )


# Nights on which clocks are changed, in Berlin: 2026-03-29 and 2026-10-25.

SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)
HALF_PAST_TWO = datetime.fromisoformat("2026-03-29T02:30")
NIGHTS = [  # (dst, the instant, the wall time that was asked for, what is said)
    ("auto", SPRING, HALF_PAST_TWO, "; 02:30 was skipped by the clocks, and what was due then is due here"),
    ("skip", SPRING, HALF_PAST_TWO, "; 02:30 was skipped by the clocks, and its schedule leaves that out"),
    ("auto", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), None,
     "; clocks showed this time twice, the other time at 2026-10-25 02:30:00+02:00"),
    ("last", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), None,
     "; clocks showed this time twice, the other time at 2026-10-25 02:30:00+01:00"),
]  # fmt: skip


@pytest.mark.parametrize(("dst", "at", "wall", "end"), NIGHTS)
async def test_clocks_that_were_changed_are_part_of_the_answer(dst, at, wall, end):
    job = replace(a_job(trigger=Cron("30 2 * * *", "Europe/Berlin", dst=dst)), timezone="Europe/Berlin")
    harness = await a_life(job)
    answer = await why(harness, at, wall=wall)
    assert str(answer).endswith(end)
    assert answer.clocks is not None
    assert dict(answer.facts)["clocks"].startswith("in Europe/Berlin they went from 0")


async def test_all_instants_of_a_span_are_found_with_and_without_a_fire():
    harness = await a_life(a_job())
    await harness.clock.advance("25s")
    found = await instants_within(harness.ledger, "tick", START, START + 40 * S)
    assert [(at - START).total_seconds() for at in found] == [10, 20, 30]


async def test_a_trigger_that_raises_is_told_and_hides_nothing_else():
    harness = await a_life(a_job())
    await harness.clock.advance("15s")
    harness.ledger._tables.versions["tick"].trigger = {"kind": "nonsense"}
    assert (await said(harness, START + 14 * S)).startswith("its schedule cannot be asked: ScheduleError")
    assert (await said(harness, START + 10 * S)).startswith("it was started")
