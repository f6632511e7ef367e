"""Whatever goes wrong, no fire is lost, none starts twice, and what is not recorded is not done."""

import asyncio
import contextlib
import threading
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hearts import START, SwitchedLedger, fires, imbalances, lasting, went
from jobdoubles import ACTION, H, Raises, S, a_job

from asched.core.change import Decide, Pause, Rejected, Unpause
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Job, Overlap, Retry
from asched.core.outcome import ErrorNote, Failed, Skip, Succeeded
from asched.core.record import FireQuery
from asched.core.rules.board import Cause
from asched.core.rules.pausing import pause, unpause
from asched.core.rules.roster import place, remove
from asched.core.rules.runs import manual, stop
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.startup import Startup
from asched.engine.engine import SLICE
from asched.errors import LedgerUnavailable, LedgerUnusable, NotRunning, Superseded
from asched.ledger.memory import MemoryLedger
from asched.testing.clock import FakeClock
from asched.testing.flaky import FlakyLedger
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio
NO = Failed(ErrorNote("ValueError", "no", types=("ValueError",)))


STARTED = []


def a_harness(*jobs, behave=None, ledger=None):
    harness = Harness(jobs or [a_job()], behave=behave or lasting(0 * S), clock=FakeClock(START), ledger=ledger)
    STARTED.append(harness)
    return harness


@pytest.fixture(autouse=True)
async def nothing_is_left_running():
    """An engine does not believe a cancellation that is not ours: a test that fails must not hang on it."""
    yield
    while STARTED:
        harness = STARTED.pop()
        if harness._task is not None:
            with contextlib.suppress(Exception):
                await harness.kill()


def listened(harness):
    heard = []
    harness.bus.listen(heard.append)
    return heard


async def came_up(harness):
    """Start while time goes on: a start waits on the clock, too, for its ledger."""
    starting = asyncio.ensure_future(harness.start())
    while not starting.done():
        await harness.clock.advance("100ms")
    return not isinstance(starting.exception(), LedgerUnavailable)


def types(heard):
    return [event["type"] for event in heard]


# The ledger.


async def test_nothing_starts_that_is_not_recorded_and_all_is_written_when_the_ledger_is_back():
    ledger = SwitchedLedger()
    harness = a_harness(ledger=ledger)
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("12s")
    ledger.off = True
    await harness.clock.advance("60s")
    assert types(heard).count("run.started") == 1
    assert harness.engine.ledger_down
    ledger.off = False
    await harness.clock.advance("8s")
    assert not harness.engine.ledger_down
    assert types(heard).count("ledger.unavailable") == types(heard).count("ledger.recovered") == 1
    assert [seconds for seconds, _ in await went(harness)] == [10, 20, 30, 40, 50, 60, 70, 80]
    assert await imbalances(harness) == []
    await harness.stop()


async def test_what_ended_while_the_ledger_was_away_is_recorded_with_its_true_times():
    ledger = SwitchedLedger()
    harness = a_harness(behave=lasting(5 * S), ledger=ledger)
    await harness.start()
    await harness.clock.advance("11s")
    ledger.off = True
    await harness.clock.advance("7s")
    ledger.off = False
    await harness.clock.advance("1s")
    (run,) = [f for f in await fires(harness) if f.scheduled_at == START + 10 * S]
    assert (run.outcome, run.finished_at, run.duration) == (Succeeded(), START + 15 * S, 5 * S)
    await harness.kill()


async def test_a_commit_whose_answer_is_lost_is_not_made_twice():
    ledger = SwitchedLedger()
    harness = a_harness(ledger=ledger)
    heard = listened(harness)
    await harness.start()
    ledger.lose_answers = 3
    await harness.clock.advance("25s")
    assert await went(harness) == [(10, "succeeded"), (20, "succeeded")]
    assert types(heard).count("run.started") == 2
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_kill_while_the_ledger_is_away_starts_nothing_twice():
    ledger = SwitchedLedger()
    harness = a_harness(behave=lasting(3 * S), ledger=ledger)
    heard = listened(harness)
    await harness.start()
    ledger.lose_answers = 1_000_000
    await harness.clock.advance("15s")
    await harness.kill()
    ledger.lose_answers = 0
    await harness.start()
    await harness.clock.advance("10s")
    assert types(heard).count("run.started") == 1
    assert await went(harness) == [(10, "abandoned"), (20, "succeeded")]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_ledger_that_is_of_no_use_any_more_stops_the_engine_and_whoever_asked_hears_of_it():
    class Ruined(MemoryLedger):
        ruined = False

        async def commit(self, owner, changes):
            if self.ruined:
                raise LedgerUnusable("the disk is on fire")
            return await super().commit(owner, changes)

    harness = a_harness(ledger=Ruined())
    await harness.start()
    harness.ledger.ruined = True
    engine, task = harness.engine, harness._task

    def act(board, now, turn):
        pause(board, board.jobs["tick"], Pause("tick", now.wall, "ada"), turn)

    asked = asyncio.ensure_future(engine.ask(act))
    with pytest.raises(LedgerUnusable):
        await task
    with pytest.raises((NotRunning, LedgerUnusable)):
        await asyncio.wait_for(asked, 1)
    with pytest.raises(NotRunning):
        await engine.ask(act)


async def test_what_upstream_returned_is_waited_for_while_the_ledger_is_away():
    class HalfOff(SwitchedLedger):
        async def commit(self, owner, changes):
            return await MemoryLedger.commit(self, owner, changes)

        async def renew(self, number, at):
            await MemoryLedger.renew(self, number, at)

    ledger = HalfOff()
    harness = a_harness(a_job("a", Every(H)), a_job("b", after=("a",)), ledger=ledger)
    await harness.start()
    await harness.clock.advance(3599)
    ledger.off = True
    await harness.clock.advance("2s")
    ledger.off = False
    await harness.clock.advance("10s")
    assert await went(harness, "b") == [(3600, "succeeded")]
    await harness.kill()


@pytest.mark.parametrize("seed", range(8))
async def test_over_a_ledger_that_fails_every_fifth_time_the_law_holds(seed):
    rng = Random(seed)
    memory = MemoryLedger()
    flaky = FlakyLedger(memory, rng, 0.2)
    jobs = [
        a_job("tick", Every(10 * S), overlap=Overlap.QUEUE, retry=Retry(attempts=3, delay=4 * S)),
        a_job("cron", Cron("* * * * *"), catch_up=CatchUp.ALL),
        a_job("after", AfterFinish(7 * S)),
        a_job("follower", after=("tick",)),
    ]
    started = Counter()

    def behave(fire, attempt):
        started[fire.id, attempt] += 1
        return (fire.id * 7 + attempt) % 13 * S, NO if (fire.id + attempt) % 4 == 0 else Succeeded()

    harness = a_harness(*jobs, behave=behave, ledger=flaky)
    for _ in range(3):
        while not await came_up(harness):
            pass
        await harness.clock.advance(rng.uniform(100, 300))
        await harness.kill()
        await harness.clock.advance(rng.uniform(0, 100))
    flaky._probability = 0.0
    await harness.start()
    await harness.clock.advance("1s")
    assert flaky.failures > 20, "a positive control"
    assert await imbalances(harness) == []
    assert set(started.values()) == {1}
    recorded = {f.id: f for f in await memory.fires(FireQuery(limit=100_000))}
    for fire, attempt in started:
        assert recorded[fire].decision.kind == "start"
        assert recorded[fire].attempt >= attempt
    await harness.kill()


class Refusing(MemoryLedger):
    """Refuses changes of the kinds in `refuse`."""

    def __init__(self):
        super().__init__()
        self.refuse = ()

    async def commit(self, owner, changes):
        refused = [c for c in changes if type(c).__name__ in self.refuse]
        await super().commit(owner, [c for c in changes if c not in refused])
        return [Rejected(c, "refused for a test") for c in refused]


async def test_what_the_ledger_refuses_is_not_started():
    for refuse, policies in (
        (("Promote",), {"overlap": Overlap.QUEUE}),
        (("Begin",), {"retry": Retry(attempts=3, delay=S)}),
    ):
        started = []

        def behave(fire, attempt, started=started):
            started.append((fire.scheduled_at, attempt))
            return 15 * S, NO

        harness = a_harness(a_job(**policies), behave=behave, ledger=Refusing())
        await harness.start()
        await harness.clock.advance("12s")
        if "overlap" in policies:
            await harness.clock.advance("9s")
        before = list(started)
        harness.ledger.refuse = refuse
        await harness.clock.advance("8s")
        assert started == before, refuse
        await harness.kill()


@pytest.mark.parametrize("kind", ["Decide", "Activate"])
async def test_when_it_does_not_stand_where_it_thought_it_ends_and_the_next_start_goes_on(kind):
    """A job whose decisions are refused would be silent for ever, and nobody would know."""
    harness = a_harness(a_job(), ledger=Refusing())
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("12s")
    harness.ledger.refuse = (kind,)
    engine, added = harness.engine, None
    if kind == "Activate":
        added = engine.tell(lambda board, now, turn: place(board, a_job("more"), None, now, turn))
    await harness.clock.advance("10s")
    assert engine.over
    assert types(heard).count("change.rejected") == 1
    with pytest.raises(Superseded, match="refused for a test"):
        await harness.stop()
    if added is not None:
        with pytest.raises(NotRunning):
            await added
    harness.ledger.refuse = ()
    await harness.start()
    await harness.clock.advance("20s")
    assert [seconds for seconds, _ in await went(harness)] == [10, 20, 30, 40]
    assert await imbalances(harness) == []
    await harness.stop()


async def test_what_was_due_before_a_pause_was_asked_for_is_not_paused():
    """More is due at once than one turn takes."""
    names = [f"job-{number:03}" for number in range(3 * SLICE)]
    harness = a_harness(*(a_job(name) for name in names))
    await harness.start()
    asked = []

    def all_paused(board, now, turn):
        for name in names:
            pause(board, board.jobs[name], Pause(name, now.wall, "somebody", "", None), turn)

    harness.clock.call_at(harness.clock.monotonic() + 10, lambda: asked.append(harness.engine.tell(all_paused)))
    await harness.clock.advance("25s")
    assert asked[0].done()
    for name in names:
        assert await went(harness, name) == [(10, "succeeded"), (20, "paused")]
    await harness.stop()


async def test_of_a_burst_each_slice_begins_before_the_next_is_decided_and_ends_are_heard_after_all():
    names = [f"job-{number:03}" for number in range(3 * SLICE)]
    begun, heard = [], []

    def behave(fire, attempt):
        begun.append(fire.job)
        return 0 * S, Succeeded()

    harness = a_harness(*(a_job(name) for name in names), behave=behave)
    await harness.start()
    harness.bus.listen(lambda event: heard.append((event["type"], len(begun))))
    await harness.clock.advance("10s")
    starts, ends = heard[: 3 * SLICE], heard[3 * SLICE :]
    assert {kind for kind, _ in starts} == {"run.started"}
    assert {kind for kind, _ in ends} == {"run.succeeded"}
    assert [already for _, already in starts[::SLICE]] == [0, SLICE, 2 * SLICE]
    await harness.stop()


# Jobs and triggers that misbehave.


@pytest.mark.parametrize("jitter", [0 * S, 2 * S])
async def test_a_trigger_that_raises_costs_its_own_fires_only(jitter):
    harness = a_harness(a_job("bad", Raises(START, START + 20 * S), jitter=jitter), a_job("good"))
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("50s")
    assert await went(harness, "bad") == [(10, "succeeded"), (20, "invalid")]
    assert len(await went(harness, "good")) == 5
    assert types(heard).count("job.broken") == 1
    await harness.kill()
    await harness.start()
    await harness.clock.advance("50s")
    assert len(await went(harness, "good")) == 10
    await harness.kill()


async def test_the_end_of_a_loop_is_not_held_up_by_an_engine_that_nobody_stopped():
    """The loop cancels every task once, its owner's too, which takes a moment to go."""
    ended = threading.Event()

    async def owner(started):
        await a_harness().start()
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def main():
        started = asyncio.Event()
        owning = asyncio.create_task(owner(started))
        await started.wait()
        assert not owning.done()

    def run():
        asyncio.run(main())
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    assert await asyncio.to_thread(ended.wait, 10)
    STARTED.clear()  # it died with its loop


async def test_a_job_that_cancels_every_task_of_the_loop_does_not_take_the_engine_with_it():
    class Vandal:
        def __init__(self, inner, spared):
            self.inner, self.spared = inner, spared

        async def run(self, attempt, output):
            if attempt.job.name == "vandal":
                for task in asyncio.all_tasks() - self.spared - {asyncio.current_task()}:
                    task.cancel()
            return await self.inner.run(attempt, output)

        async def close(self):
            pass

    harness = a_harness(a_job("tick"), a_job("vandal", Every(25 * S)), behave=lasting(9 * S))
    harness.runner = Vandal(harness.runner, asyncio.all_tasks())
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("100s")
    found = await went(harness)
    assert [seconds for seconds, _ in found] == [10 * n for n in range(1, 11)]
    assert Counter(what for _, what in found)["failed"] >= 1, "those that ran were cancelled by it"
    assert "engine.cancelled" in types(heard)
    assert await imbalances(harness) == []
    await harness.stop()


async def test_what_an_operator_asked_badly_harms_nobody():
    harness = a_harness()
    await harness.start()
    with pytest.raises(KeyError):
        await harness.engine.ask(lambda board, now, turn: board.jobs["nobody"])
    await harness.clock.advance("10s")
    assert await went(harness) == [(10, "succeeded")]
    await harness.kill()


# Clocks.

WALL = Cron("* * * * *")


async def test_a_clock_set_forward_is_an_absence_and_the_last_missed_instant_is_caught_up():
    harness = a_harness(a_job("cron", WALL), a_job("interval", Every(60 * S)))
    await harness.start()
    await harness.clock.advance("90s")
    await harness.clock.step("1h")
    await harness.clock.advance("31s")
    found = await fires(harness, "cron")
    caught = [f for f in found if f.caught_up]
    assert [f.scheduled_at for f in caught] == [START + H + 60 * S] or [f.decision.kind for f in caught] == ["start"]
    kinds = Counter(str(getattr(f.decision, "reason", f.decision.kind)) for f in found)
    assert kinds["coalesced"] + kinds["start"] == 62
    (absence,) = await harness.ledger.absences()
    assert (absence.cause, absence.until - absence.since) == ("stepped", H)
    assert [s for s, _ in await went(harness, "interval")] == [60, 120], "steady time did not move"
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_clock_set_back_a_little_runs_nothing_again_and_loses_nothing():
    harness = a_harness(a_job("cron", WALL), a_job("interval", Every(60 * S)))
    await harness.start()
    await harness.clock.advance("5m")
    await harness.clock.step(-120 * S)
    await harness.clock.advance("5m")
    assert await went(harness, "cron") == [(60.0 * n, "succeeded") for n in range(1, 9)]
    assert await went(harness, "interval") == [(60.0 * n, "succeeded") for n in range(1, 11)]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_clock_set_back_a_day_is_a_correction_and_the_job_does_not_stay_silent():
    harness = a_harness(a_job("cron", WALL), a_job("interval", Every(60 * S)))
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("5m")
    await harness.clock.step(-24 * H)
    await harness.clock.advance("10m")
    assert [s + 86400 for s, what in await went(harness, "cron") if s < 0] == [60.0 * n for n in range(5, 16)][1:]
    assert len(await went(harness, "interval")) == 15
    assert [event["by_s"] for event in heard if event["type"] == "clock.stepped"] == [-86400.0]
    assert [v.version for v in await harness.ledger.versions("cron")] == [1, 2]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_interval_jobs_go_on_after_a_restart_that_follows_a_clock_set_back():
    harness = a_harness(a_job("tick"), a_job("after", AfterFinish(10 * S)))
    await harness.start()
    await harness.clock.advance("1m")
    await harness.clock.step(-2 * H)
    await harness.clock.advance("1m")
    await harness.kill()
    await harness.clock.advance("1s")
    await harness.start()
    for job in ("tick", "after"):
        before = len(await fires(harness, job))
        await harness.clock.advance("10m")
        assert len(await fires(harness, job)) >= before + 59
    await harness.clock.advance("3h")
    assert await imbalances(harness) == []
    await harness.kill()


async def test_instants_that_ran_under_a_wrong_clock_do_not_run_again_and_the_law_still_holds():
    harness = a_harness(a_job("cron", WALL))
    await harness.start()
    await harness.clock.advance("5m")
    await harness.clock.step(-4 * H)
    await harness.clock.advance(4 * H + 300 * S)
    found = [seconds for seconds, _ in await went(harness, "cron")]
    assert sorted(found) == [60.0 * n for n in range(-234, 11)]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_after_a_suspend_all_jobs_catch_up_and_the_absence_has_its_bounds():
    harness = a_harness(a_job("cron", WALL), a_job("interval", Every(60 * S)))
    await harness.start()
    await harness.clock.advance("90s")
    await harness.clock.suspend("72h")
    for job in ("cron", "interval"):
        last = (await fires(harness, job))[-1]
        assert (last.caught_up, last.outcome) == (True, Succeeded())
    (absence,) = await harness.ledger.absences()
    assert (absence.cause, absence.since, absence.until) == (
        "suspended",
        START + 90 * S,
        START + 90 * S + 72 * H,
    )
    assert await imbalances(harness) == []
    await harness.kill()


async def test_after_a_stall_the_absence_begins_when_the_loop_should_have_looked():
    harness = a_harness()
    await harness.start()
    await harness.clock.advance("11s")
    await harness.clock.stall("60s")
    (absence,) = await harness.ledger.absences()
    assert (absence.cause, absence.until) == ("stalled", START + 71 * S)
    assert START + 11 * S < absence.since <= START + 20 * S
    assert [f.scheduled_at for f in await fires(harness) if f.decision.kind == "start"] == [
        START + 10 * S,
        START + 70 * S,
    ]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_an_outage_is_recorded_with_its_cause_and_bounds():
    harness = a_harness()
    await harness.start()
    await harness.clock.advance("12s")
    await harness.kill()
    await harness.clock.advance("60s")
    await harness.start()
    await harness.clock.advance("1s")
    await harness.stop()
    await harness.clock.advance("60s")
    await harness.start()
    stopped, killed = await harness.ledger.absences()
    assert (stopped.cause, killed.cause) == ("stopped", "killed")
    assert (stopped.since, stopped.until) == (START + 73 * S, START + 133 * S)
    assert (killed.since, killed.until) == (START + 10 * S, START + 72 * S)
    await harness.kill()


# What operators do.


async def test_a_paused_job_skips_with_a_reason_and_resumes_with_what_comes_due_then():
    harness = a_harness()
    await harness.start()

    def hold(board, now, turn):
        pause(board, board.jobs["tick"], Pause("tick", now.wall, "ada", "holiday"), turn)

    def go(board, now, turn):
        unpause(board, board.jobs["tick"], Unpause("tick", now.wall, "ada"), now, turn)

    await harness.engine.ask(hold)
    await harness.clock.advance("25s")
    await harness.engine.ask(go)
    await harness.clock.advance("10s")
    assert await went(harness) == [(10, "paused"), (20, "paused"), (30, "succeeded")]
    await harness.kill()


async def test_a_pause_outlives_a_kill_and_ends_at_its_time():
    harness = a_harness()
    await harness.start()
    await harness.engine.ask(
        lambda board, now, turn: pause(
            board, board.jobs["tick"], Pause("tick", now.wall, "ada", until=START + 45 * S), turn
        )
    )
    await harness.clock.advance("15s")
    await harness.kill()
    await harness.start()
    await harness.clock.advance("40s")
    assert await went(harness) == [(10, "paused"), (20, "paused"), (30, "paused"), (40, "paused"), (50, "succeeded")]
    await harness.kill()


async def test_a_pause_that_ended_while_nobody_was_there_holds_only_what_came_before_its_end():
    harness = a_harness()
    await harness.start()
    await harness.engine.ask(
        lambda board, now, turn: pause(
            board, board.jobs["tick"], Pause("tick", now.wall, "ada", until=START + 25 * S), turn
        )
    )
    await harness.kill()
    await harness.clock.advance("46s")
    await harness.start()
    assert await went(harness) == [(10, "paused"), (20, "paused"), (30, "coalesced"), (40, "succeeded")]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_manual_runs_obey_the_limits_and_are_recorded():
    harness = a_harness(a_job(trigger=Every(H)), behave=lasting(60 * S))
    await harness.start()

    def run(board, now, turn):
        return manual(board, board.jobs["tick"], now, turn)

    first, decided = await harness.engine.ask(run)
    _, refused = await harness.engine.ask(run)
    assert decided.kind == "start"
    assert isinstance(refused, Skip)
    await harness.clock.advance("61s")
    recorded = await harness.ledger.fire(first.id)
    assert (recorded.outcome, recorded.fire.origin) == (Succeeded(), "manual")
    assert [what for _, what in await went(harness)] == ["succeeded", "overlapped"]
    await harness.kill()


async def test_an_asked_stop_ends_a_running_one_as_cancelled():
    harness = a_harness(behave=lasting(H))
    await harness.start()
    await harness.clock.advance("11s")
    (fire,) = harness.engine.board.runs
    assert await harness.engine.ask(lambda board, now, turn: stop(board, fire, Cause.OPERATOR, "by ada", now, turn))
    await harness.clock.settle()
    assert await went(harness) == [(10, "cancelled")]
    await harness.kill()


async def test_a_job_removed_in_the_turn_that_starts_it_leaves_nothing_open():
    harness = a_harness(behave=lasting(5 * S))
    await harness.start()
    await harness.clock.advance("9s")
    harness.clock._move(1_000_000)
    await harness.engine.ask(lambda board, now, turn: remove(board, "tick", now, turn))
    await harness.clock.advance("10s")
    found = await fires(harness)
    assert [f.outcome is not None for f in found] == [True] * len(found)
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_job_that_is_removed_and_added_again_goes_on_firing():
    harness = a_harness()
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("15s")
    await harness.engine.ask(lambda board, now, turn: remove(board, "tick", now, turn))
    await harness.clock.advance("20s")
    await harness.engine.ask(lambda board, now, turn: place(board, a_job(), None, now, turn) and None)
    await harness.clock.advance("20s")
    assert await went(harness) == [(10, "succeeded"), (40, "succeeded"), (50, "succeeded")]
    assert "change.rejected" not in types(heard)
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_job_that_was_gone_at_the_start_may_come_back_later():
    harness = a_harness(a_job("tick"), a_job("other"))
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("15s")
    await harness.kill()
    harness.jobs = [a_job("other")]
    await harness.start()
    await harness.clock.advance("10s")
    await harness.engine.ask(lambda board, now, turn: place(board, a_job("tick"), None, now, turn) and None)
    await harness.clock.advance("20s")
    assert await went(harness) == [(10, "succeeded"), (30, "succeeded"), (40, "succeeded")]
    assert "change.rejected" not in types(heard)
    assert await imbalances(harness) == []
    await harness.kill()


# Starting, stopping, dying.


async def test_startups_fire_at_every_start_also_when_two_are_at_the_same_instant():
    harness = a_harness(a_job("up", Startup()), a_job("boot", Startup(once_per_boot=True)))
    for _ in range(3):
        await harness.start()
        await harness.kill()
        await harness.clock.advance("1s")
    await harness.start()
    assert [what for _, what in await went(harness, "up")] == ["succeeded"] * 4
    assert [what for _, what in await went(harness, "boot")] == ["succeeded"]
    await harness.kill()


async def test_while_it_drains_nothing_starts_and_what_is_due_is_left_to_the_next_start():
    harness = a_harness(a_job("tick"), a_job("follower", after=("tick",)), behave=lasting(5 * S))
    await harness.start()
    await harness.clock.advance("11s")
    harness.engine.drain()
    await harness.clock.advance("30s")
    assert await went(harness) == [(10, "succeeded")]
    assert await went(harness, "follower") == [(10, "queue")]
    await harness.stop()
    await harness.start()
    await harness.clock.advance("6s")
    assert await went(harness, "follower") == [(10, "succeeded"), (40, "start")] or await went(harness, "follower") == [
        (10, "succeeded"),
        (40, "overlapped"),
    ]
    assert [s for s, _ in await went(harness)] == [10, 20, 30, 40]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_what_is_stopped_by_our_own_shutdown_is_interrupted():
    harness = a_harness(behave=lasting(H))
    await harness.start()
    await harness.clock.advance("11s")
    harness.engine.drain()
    harness.engine.dispatch.stop_all(Cause.SHUTDOWN, "asched stopped")
    await harness.stop()
    (run,) = await fires(harness)
    assert (run.outcome.kind, run.outcome.reason) == ("interrupted", "asched stopped")


async def test_a_retry_survives_a_kill():
    harness = a_harness(
        a_job(trigger=Every(H), retry=Retry(attempts=2, delay=60 * S, jitter=0.0)), behave=lasting(S, NO)
    )
    await harness.start()
    await harness.clock.advance("3605s")
    await harness.kill()
    await harness.clock.advance("20s")
    await harness.start()
    await harness.clock.advance("60s")
    (run,) = await fires(harness)
    assert (run.attempt, run.outcome, run.started_at) == (2, NO, START + H + 61 * S)
    await harness.kill()


async def test_the_queue_survives_a_kill():
    harness = a_harness(a_job(overlap=Overlap.QUEUE, catch_up=CatchUp.NONE), behave=lasting(100 * S))
    await harness.start()
    await harness.clock.advance("35s")
    await harness.kill()
    await harness.start()
    found = await went(harness)
    assert found[:3] == [(10, "abandoned"), (20, "start"), (30, "queue")]
    assert await imbalances(harness) == []
    await harness.kill()


class Dying(MemoryLedger):
    """Makes a change and then never answers: what a kill between two commits leaves behind."""

    def __init__(self, when):
        super().__init__()
        self.when = when
        self.dead = False

    async def commit(self, owner, changes):
        if self.dead:
            await asyncio.Event().wait()
        answer = await super().commit(owner, changes)
        if any(self.when(change) for change in changes):
            self.dead = True
            await asyncio.Event().wait()
        return answer


async def test_a_follower_is_decided_in_the_transaction_of_the_end_that_makes_it_due():
    ledger = Dying(lambda change: type(change).__name__ == "Finish" and change.fire & 0xFF == 1)
    harness = a_harness(a_job("a", Every(H)), a_job("b", after=("a",)), behave=lasting(S), ledger=ledger)
    await harness.start()
    advancing = asyncio.ensure_future(harness.clock.advance("3605s"))
    for _ in range(200_000):
        if ledger.dead:
            break
        await asyncio.sleep(0)
    advancing.cancel()
    assert ledger.dead
    await harness.kill()
    ledger.when, ledger.dead = (lambda change: False), False
    assert [what for _, what in await went(harness, "a")] == ["succeeded"]
    assert [what for _, what in await went(harness, "b")] == ["start"], "recorded, though its runner never heard of it"
    await harness.clock.advance("1s")
    await harness.start()
    assert [what for _, what in await went(harness, "b")] == ["abandoned"]
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_kill_between_a_decision_and_its_start_leaves_the_fire_abandoned_and_never_started_twice():
    started = []

    def behave(fire, attempt):
        started.append(fire.scheduled_at)
        return S, Succeeded()

    ledger = Dying(lambda change: isinstance(change, Decide) and bool(change.fires))
    harness = a_harness(behave=behave, ledger=ledger)
    await harness.start()
    advancing = asyncio.ensure_future(harness.clock.advance("10s"))
    for _ in range(200_000):
        if ledger.dead:
            break
        await asyncio.sleep(0)
    advancing.cancel()
    await harness.kill()
    ledger.when, ledger.dead = (lambda change: False), False
    await harness.clock.advance("1s")
    await harness.start()
    await harness.clock.advance("11s")
    assert (await went(harness))[0] == (10, "abandoned")
    assert START + 10 * S not in started
    assert await imbalances(harness) == []
    await harness.kill()


async def test_a_burst_larger_than_one_turn_is_decided_whole():
    jobs = [Job(f"job{n}", ACTION, Every(10 * S)) for n in range(450)]
    harness = a_harness(*jobs)
    await harness.start()
    await harness.clock.advance("10s")
    found = await harness.ledger.fires(FireQuery(limit=1000))
    assert Counter(f.outcome for f in found) == {Succeeded(): 450}
    assert await imbalances(harness) == []
    await harness.kill()


class SomebodyFirst(MemoryLedger):
    """Another fire of job "a" holds the first instant that is decided."""

    taken = False

    async def commit(self, owner, changes):
        lost = [one for one in changes if isinstance(one, Decide) and one.job == "a" and one.fires]
        if not lost or self.taken:
            return await super().commit(owner, changes)
        self.taken = True
        kept = [replace(one, fires=()) if one is lost[0] else one for one in changes]
        refused = Rejected(lost[0], "somebody decided it first", tuple(fire.id for fire, _ in lost[0].fires))
        return [refused, *await super().commit(owner, kept)]


async def test_what_goes_because_somebody_else_was_first_is_run_not_only_recorded():
    shares = {"trigger": Every(60 * S), "exclusive": ("disk",)}
    jobs = [a_job("a", priority=1, **shares), a_job("b", **shares)]
    harness = a_harness(*jobs, behave=lasting(1 * S), ledger=SomebodyFirst())
    await harness.start()
    await harness.clock.advance("150s")
    every = await harness.ledger.fires(FireQuery())
    ran = Counter(one.job for one in every if isinstance(one.outcome, Succeeded))
    assert ran == {"a": 1, "b": 2}
    await harness.stop()
