"""What operators ask of a Scheduler: backfills, drains, pauses of many, runs again."""

from datetime import UTC, datetime, timedelta

import pytest

from asched import Refused, Run, Scheduler, UnknownJob, UnknownRun, sleep
from asched.core.change import BackfillState
from asched.core.outcome import Skip
from asched.core.record import FireQuery
from asched.handles import JobHandle
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def nothing() -> None: ...


async def a_minute() -> None:
    await sleep("1m")


@pytest.fixture
def clock():
    return FakeClock(START)


class CountingLedger(MemoryLedger):
    """Knows which changes came together."""

    def __init__(self):
        super().__init__()
        self.kinds = []

    async def commit(self, owner, changes):
        self.kinds.append([type(change).__name__ for change in changes])
        return await super().commit(owner, changes)


def a_scheduler(clock, ledger=None, **more):
    s = Scheduler(ledger=ledger or MemoryLedger(), clock=clock, drain="0s", **more)
    s.add(a_minute, "@hourly", name="work", tags=["money"])
    s.add(nothing, "@hourly", name="other", tags=["money", "dull"])
    return s


async def instants(s, job="work", **query):
    """Hours before START of its runs' instants, in the order in which they were started."""
    found = await s.ledger.fires(FireQuery((job,), origins=("backfill", "upstream"), **query))
    return [(START - one.scheduled_at) / HOUR for one in sorted(found, key=lambda one: one.id)]


async def test_a_backfill_runs_the_past_one_by_one_oldest_first(clock):
    async with a_scheduler(clock) as s:
        begun = await s["work"].backfill(START - 5 * HOUR, START - 2 * HOUR, by="ada", reason="the disk was full")
        assert (begun.number, begun.by) == (1, "ada")
        await clock.advance("90s")
        assert await instants(s) == [5, 4]
        await clock.advance("5m")
        assert await instants(s) == [5, 4, 3]
        (done,) = await s.backfills()
        assert (done.state, done.ended_at) == (BackfillState.DONE, START + timedelta(minutes=3))
        assert [act.verb for act in await s.ledger.acts()] == ["backfill"]


async def test_a_second_one_leaves_out_what_succeeded_unless_again(clock):
    async with a_scheduler(clock) as s:
        for again in (False, False, True):
            await s["work"].backfill(START - 2 * HOUR, START, again=again)
            await clock.advance("5m")
        assert await instants(s) == [2, 1, 2, 1]


async def test_it_goes_on_after_a_restart(clock):
    ledger = MemoryLedger()
    async with a_scheduler(clock, ledger) as s:
        await s["work"].backfill(START - 4 * HOUR, START)
        await clock.advance("90s")
    async with a_scheduler(clock, ledger) as s:
        await clock.advance("10m")
        assert await instants(s) == [4, 3, 2, 1]
        assert await s.ledger.fires(FireQuery(("work",), outcomes=("interrupted",))) != ()
        await s["work"].backfill(START - 4 * HOUR, START)
        await clock.advance("10m")
        assert await instants(s) == [4, 3, 2, 1, 3], "the one that was interrupted"
        assert [one.number for one in await s.backfills()] == [2, 1]


@pytest.mark.parametrize(
    ("since", "until", "more", "said"),
    [
        (-1, 1, {}, "which is to come"),
        (-1, -2, {}, "it ends before it begins"),
        (-0.5, -0.4, {}, "has no instant from 2026-03-02 11:30:00"),
        (-2, -1, {"at_once": 0}, "at_once is 0"),
    ],
)
@pytest.mark.parametrize("asked", [JobHandle.backfill, JobHandle.survey])
async def test_a_stretch_that_is_none_is_refused(clock, since, until, more, said, asked):
    async with a_scheduler(clock) as s:
        with pytest.raises(Refused, match=said):
            await asked(s["work"], START + since * HOUR, START + until * HOUR, **more)
        assert await s.backfills() == ()


@pytest.mark.parametrize(("schedule", "said"), [(None, "it has no schedule"), ("after 60s", "the end of its last run")])
async def test_a_job_without_instants_has_none_to_run_again(clock, schedule, said):
    async with a_scheduler(clock) as s:
        s.add(nothing, schedule, name="none")
        with pytest.raises(Refused, match=said):
            await s["none"].backfill(START - HOUR, START)


async def test_a_survey_says_what_it_would_come_to_and_runs_nothing(clock):
    async with a_scheduler(clock) as s:
        await s["work"].backfill(START - 2 * HOUR, START - HOUR)
        await clock.advance("5m")
        survey = await s["work"].survey(START - 4 * HOUR, START, at_once=2)
        assert (survey.instants, survey.succeeded, survey.to_run) == (4, 1, 3)
        assert survey.first[0] == START - 4 * HOUR
        assert survey.takes == timedelta(minutes=2)
        assert len(await s.backfills()) == 1


async def test_a_cancelled_backfill_runs_no_more(clock):
    async with a_scheduler(clock) as s:
        one = await s["work"].backfill(START - 4 * HOUR, START)
        await s.cancel_backfill(one.number, "enough", by="ada")
        await clock.advance("10m")
        assert await instants(s) == [4]
        with pytest.raises(Refused, match="no backfill 1 is under way"):
            await s.cancel_backfill(one.number)


async def test_a_drain_starts_nothing_and_loses_nothing(clock):
    async with a_scheduler(clock) as s:
        running = await s["work"].run()
        await s.begin_drain("new disk", by="ada")
        with pytest.raises(Refused, match="nothing is started until `asched drain --cancel`"):
            await s["other"].run()
        with pytest.raises(Refused, match=r"asched drains since 2026-03-02 12:00:00\+00:00, by ada \(new disk\)"):
            await s.begin_drain()
        await clock.advance("190m")
        assert (await running.record()).outcome.kind == "succeeded", "what runs goes on"
        assert await s["other"].fires() == ()
        await s.end_drain(by="ben")
        await clock.advance("1s")
        late, *coalesced = await s["other"].fires()
        assert (late.caught_up, late.outcome.kind, late.scheduled_at) == (True, "succeeded", START + 3 * HOUR)
        assert all(isinstance(one.decision, Skip) for one in coalesced)
        (absence,) = await s.ledger.absences()
        assert (absence.since, absence.cause, absence.facts["by"]) == (START, "drained", "ada")
        verbs = [(act.verb, act.by) for act in await s.ledger.acts()]
        assert verbs == [("drain --cancel", "ben"), ("drain", "ada"), ("run", "api")]
        with pytest.raises(Refused, match="is not draining"):
            await s.end_drain()


async def test_what_waits_when_a_drain_begins_goes_when_it_ends(clock):
    async with a_scheduler(clock, max_running=1) as s:
        await s["work"].run()
        waiting = await s["other"].run()
        await s.begin_drain()
        await clock.advance("5m")
        assert (await waiting.record()).open
        await s.end_drain()
        await clock.advance("1s")
        assert (await waiting.record()).outcome.kind == "succeeded"


async def test_several_jobs_are_paused_and_resumed_in_one_transaction_with_an_act_each(clock):
    ledger = CountingLedger()
    async with a_scheduler(clock, ledger) as s:
        ledger.kinds.clear()
        assert await s.pause(s.tagged("money"), "holiday", by="ada", on_resume="latest") == ["work", "other"]
        assert ledger.kinds == [["Pause", "Act", "Pause", "Act"]]
        await clock.advance("2h")
        assert [one.decision.kind for one in await s["other"].fires()] == ["queue", "skip"]
        assert await s.resume(by="ada") == ["work", "other"]
        await clock.advance("1s")
        assert (await s["other"].fires())[0].outcome.kind == "succeeded"
        acts = sorted((act.verb, act.job) for act in await s.ledger.acts())
        assert acts == [("pause", "other"), ("pause", "work"), ("resume", "other"), ("resume", "work")]


async def test_a_pause_may_end_at_an_instant(clock):
    async with a_scheduler(clock) as s:
        await s["work"].pause(until=START + 2 * HOUR)
        await clock.advance("150m")
        assert s["work"].paused is None
        with pytest.raises(Refused, match="is past"):
            await s["work"].pause(until=START)
        with pytest.raises(Refused, match='on_resume is "some"'):
            await s["work"].pause(on_resume="some")


async def test_who_is_not_there_or_not_paused_is_said(clock):
    async with a_scheduler(clock) as s:
        with pytest.raises(UnknownJob, match='no job has the tag "mony": there are dull, money'):
            s.tagged("mony")
        with pytest.raises(UnknownJob):
            await s.pause(["nobody"])
        with pytest.raises(Refused, match="none of these jobs is paused"):
            await s.resume()


async def test_all_that_is_open_of_a_job_is_cancelled(clock):
    async with a_scheduler(clock) as s:
        s.add(a_minute, name="busy", overlap="queue")
        runs = [await s["busy"].run() for _ in range(3)]
        assert {one.id for one in await s["busy"].cancel_runs("enough", by="ada")} == {one.id for one in runs}
        await clock.advance("1s")
        first, *others = [await one.record() for one in runs]
        assert first.outcome.kind == "cancelled"
        assert {str(one.decision.reason) for one in others} == {"excluded"}
        assert [act.verb for act in await s.ledger.acts()].count("cancel") == 3


async def test_a_run_is_repeated_with_what_it_was_given(clock):
    seen = []

    async def takes(run: Run, name: str = "world") -> None:
        seen.append((run.scheduled_at, name))

    async with a_scheduler(clock) as s:
        s.add(takes, name="takes")
        first = await s["takes"].run(args={"name": "Bob"}, scheduled_at=START - HOUR)
        await first.wait()
        await clock.advance("1m")
        second = await first.retry(by="ada", reason="the disk was full")
        record = await second.wait()
        assert seen == [(START - HOUR, "Bob")] * 2
        assert (record.fire.repeats, str(record.fire.origin)) == (first.id, "manual")
        act = (await s.ledger.acts())[0]
        assert (act.verb, act.run, act.reason) == ("retry", second.id, f"repeats {first.id}: the disk was full")


async def test_what_is_open_or_gone_cannot_be_repeated(clock):
    async with a_scheduler(clock) as s:
        open_run = await s["work"].run()
        with pytest.raises(Refused, match="is not over yet"):
            await open_run.retry()
        with pytest.raises(UnknownRun):
            await s.retry("7-7")
        await clock.advance("2m")
        s.discard("work")
        with pytest.raises(Refused, match='no job is called "work" any more'):
            await open_run.retry()


async def test_a_drain_cannot_be_lifted_once_asched_stops(clock):
    s = Scheduler(ledger=MemoryLedger(), clock=clock)
    async with s:
        s.add(nothing, "every 1h")
        await s.begin_drain()
        s.engine.drain()
        with pytest.raises(Refused):
            await s.end_drain()


async def test_another_schedule_takes_away_nothing_that_came_due_in_a_drain(clock):
    s = Scheduler(ledger=MemoryLedger(), clock=clock)

    def defined(schedule):
        apart = Scheduler(ledger=MemoryLedger())
        apart.add(nothing, schedule, name="work")
        return [apart.definition("work")]

    s.replace(defined("every 1h"))
    async with s:
        await s.begin_drain()
        await clock.advance("61m")
        await s.reload(defined("every 2h"))
        await s.end_drain()
        await clock.advance("1s")
        (one,) = await s.ledger.fires(FireQuery(jobs=("work",)))
        assert (one.scheduled_at, one.outcome.kind) == (START + HOUR, "succeeded")


async def test_a_drain_in_which_asched_stopped_is_an_absence_like_one_that_was_lifted(clock):
    ledger = MemoryLedger()
    async with a_scheduler(clock, ledger) as s:
        await clock.advance("10m")
        await s.begin_drain("new disk", by="ada")
        await clock.advance("2h")
    for _ in range(2):
        await clock.advance("2h")
        async with a_scheduler(clock, ledger) as s:
            await clock.advance("10m")
            said = str(await s["other"].why(START + HOUR))
    later, stopped, drained = await ledger.absences()
    assert [one.cause for one in (later, stopped)] == ["stopped", "stopped"]
    assert (drained.since, drained.until) == (START + HOUR / 6, stopped.since)
    assert (drained.cause, drained.facts) == ("drained", {"by": "ada", "reason": "new disk"})
    assert "(drained)" in said
