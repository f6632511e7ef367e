"""TIME.md C1 to C9 that need more than one fault at a time: readings, absences of several causes, corrections."""

from datetime import UTC, datetime, timedelta

import pytest
from hearts import START, fires, imbalances, lasting, went
from jobdoubles import H, S, a_job

from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp
from asched.core.outcome import SkipReason
from asched.core.record import FireQuery, Keep
from asched.core.triggers.interval import Every
from asched.engine.clock import TRIES, Axes, Jump
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

MINUTELY = Cron("* * * * *")
DAY = timedelta(days=1)


@pytest.fixture
async def a_harness():
    """Whatever becomes of the test, what it started ends with it."""
    made = []

    def make(*jobs, **options):
        made.append(Harness(jobs, clock=FakeClock(START), **options))
        return made[-1]

    yield make
    for one in made:
        if one._task is not None:
            await one.kill()


def listened(harness):
    heard = []
    harness.bus.listen(heard.append)
    return heard


# C1: readings.


class Stopped:
    """A process that is stopped (SIGSTOP) or suspended for ten seconds after its n-th reading of a clock."""

    def __init__(self, after, *, suspended=False):
        self.elapsed, self.asleep, self.readings, self.after, self.suspended = 0.0, 0.0, 0, after, suspended

    def _read(self, value):
        self.readings += 1
        if self.readings == self.after:
            self.elapsed += 10
            self.asleep += 10 * self.suspended
        return value

    def now(self):
        return self._read(START + timedelta(seconds=self.elapsed))

    def monotonic(self):
        return self._read(self.elapsed - self.asleep)

    def boot(self):
        return self._read(self.elapsed)


@pytest.mark.parametrize("after", range(1, 20))
def test_a_stop_between_two_readings_is_not_a_clock_that_was_set(after):
    axes = Axes(Stopped(after))
    for _ in range(4):
        now = axes.read()
        assert now.wall == now.steady
        assert axes.jumps() == []


@pytest.mark.parametrize("after", range(5, 16))
def test_a_suspend_between_two_readings_is_one_suspend_and_nothing_else(after):
    axes, found = Axes(Stopped(after, suspended=True)), []
    for _ in range(4):
        axes.read()
        found += axes.jumps()
    assert found == [Jump("suspended", 10 * S)]


def test_a_machine_too_busy_to_read_its_clocks_together_is_not_waited_for_for_ever():
    class Slow(Stopped):
        def _read(self, value):
            self.elapsed += 1
            return super()._read(value)

    clock = Slow(after=0)
    Axes(clock).read()
    assert clock.readings == 2 * 4 * TRIES


def test_small_steps_add_up_until_they_are_noticed_and_then_count_once():
    clock = FakeClock(START)
    axes, found = Axes(clock), []
    for _ in range(8):
        clock._wall += timedelta(seconds=0.2)
        axes.read()
        found += [round(jump.by.total_seconds(), 6) for jump in axes.jumps()]
    assert found == [0.6, 0.6]


async def test_a_leap_second_runs_nothing_twice_and_loses_nothing(a_harness):
    harness = a_harness(a_job("tick", Cron("* * * * * *")))
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("10s")
    await harness.clock.step(-S)
    await harness.clock.advance("10s")
    assert await went(harness) == [(float(n), "succeeded") for n in range(1, 20)]
    assert [event["by_s"] for event in heard if event["type"] == "clock.stepped"] == [-1.0]
    assert await imbalances(harness) == []


# C5: what is told and recorded.


async def absent(harness):
    return [
        (one.cause, (one.since - START).total_seconds(), (one.until - START).total_seconds())
        for one in reversed(await harness.ledger.absences())
    ]


async def test_a_resume_is_told_by_its_name(a_harness):
    harness = a_harness(a_job("cron", MINUTELY))
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("90s")
    await harness.clock.suspend("8h")
    assert [(e["type"], e["by_s"]) for e in heard if e["type"].startswith("clock.")] == [("clock.resumed", 28800.0)]


async def test_a_step_during_a_stall_is_one_absence_with_the_bounds_of_both(a_harness):
    harness = a_harness(a_job("cron", MINUTELY))
    await harness.start()
    await harness.clock.advance("90s")
    harness.clock._wall += H
    await harness.clock.stall("600s")
    (found,) = await harness.ledger.absences()
    assert (found.cause, found.until) == ("stepped", START + H + 690 * S)
    assert START + 90 * S < found.since <= START + 120 * S
    assert found.facts == {"stepped_s": 3600.0, "stalled_s": pytest.approx(600, abs=10)}
    assert await imbalances(harness) == []


async def test_a_suspend_with_a_step_and_a_stall_is_called_by_what_was_longest(a_harness):
    harness = a_harness(a_job("cron", MINUTELY))
    await harness.start()
    await harness.clock.advance("90s")
    harness.clock._wall += 60 * S
    harness.clock._wall += H
    harness.clock._boot += 3_600_000_000
    await harness.clock.stall("600s")
    (found,) = await harness.ledger.absences()
    assert (found.cause, found.until) == ("suspended", START + H + 750 * S)
    assert START + 90 * S < found.since <= START + 120 * S


async def test_a_clock_set_back_during_a_stall_leaves_the_stall(a_harness):
    harness = a_harness(a_job("tick", Every(10 * S)))
    await harness.start()
    await harness.clock.advance("15s")
    harness.clock._wall -= 1800 * S
    await harness.clock.stall("60s")
    ((cause, since, until),) = await absent(harness)
    assert (cause, until) == ("stalled", 75.0 - 1800)
    assert 15 - 1800 < since <= 20 - 1800


@pytest.mark.parametrize("by", [1800, -1800])
async def test_an_interval_is_not_late_because_a_clock_was_set(a_harness, by):
    harness = a_harness(a_job("interval", Every(10 * S)))
    await harness.start()
    await harness.clock.advance("15s")
    await harness.clock.step(by * S)
    await harness.clock.advance("20s")
    assert [one.lateness for one in await fires(harness, "interval")] == [0 * S] * 3
    assert await imbalances(harness) == []


async def test_a_clock_set_forward_where_only_intervals_are_due_is_no_absence(a_harness):
    """Their time did not jump: the one that is due is on time."""
    harness = a_harness(a_job("tick", Every(10 * S)), a_job("daily", Cron("0 0 * * *")))
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("15s")
    await harness.clock.step(H)
    await harness.clock.advance("5s")
    assert [event["by_s"] for event in heard if event["type"] == "clock.stepped"] == [3600.0]
    assert await absent(harness) == []
    assert await went(harness) == [(10.0, "succeeded"), (20.0, "succeeded")]


async def test_what_was_caught_up_lies_in_an_absence(a_harness):
    harness = a_harness(a_job("cron", MINUTELY, catch_up=CatchUp.ALL), a_job("tick", Every(30 * S)))
    await harness.start()
    for disturb in (harness.clock.step, harness.clock.suspend, harness.clock.stall):
        await harness.clock.advance("90s")
        await disturb("5m")
        await harness.clock.advance("60s")
    absences = await harness.ledger.absences()
    assert {one.cause for one in absences} == {"stepped", "suspended", "stalled"}
    caught = [one.scheduled_at for one in await fires(harness, "cron") if one.caught_up]
    assert len(caught) >= 12
    assert all(any(one.since <= instant <= one.until for one in absences) for instant in caught)


# C7: corrections.


async def corrections(harness):
    return [(act.job, act.by, act.reason) for act in await harness.ledger.acts() if act.verb == "correct"]


async def test_a_correction_is_recorded_and_told_while_it_runs_and_at_its_start(a_harness):
    harness = a_harness(a_job("cron", MINUTELY))
    heard = listened(harness)
    await harness.start()
    await harness.clock.advance("5m")
    await harness.clock.step(-24 * H)
    await harness.clock.advance("5m")
    await harness.kill()
    await harness.clock.step(-12 * H)
    await harness.start()
    told = [(event["job"], event["reason"]) for event in heard if event["type"] == "job.corrected"]
    assert sorted(told) == sorted((job, reason) for job, _, reason in await corrections(harness))
    assert [reason.split(" behind")[0] for _, reason in told] == ["the clock is 23h59m55s", "the clock is 12h"]


async def test_a_clock_set_back_by_less_than_three_hours_is_none(a_harness):
    harness = a_harness(a_job("cron", MINUTELY))
    await harness.start()
    await harness.clock.advance("5m")
    await harness.clock.step(-3 * H + 60 * S)
    await harness.clock.advance("4h")
    assert await corrections(harness) == []
    found = [seconds for seconds, _ in await went(harness, "cron")]
    assert sorted(found) == sorted(set(found)) == [60.0 * n for n in range(1, len(found) + 1)]


async def test_a_clock_set_back_twice_by_a_little_is_a_correction_once_it_is_three_hours(a_harness):
    harness = a_harness(a_job("cron", MINUTELY))
    await harness.start()
    await harness.clock.advance("5m")
    for _ in range(2):
        await harness.clock.step(-2 * H)
        await harness.clock.advance("5m")
    assert len(await corrections(harness)) == 1


YEARLY = Cron("0 0 1 1 *")
NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)


async def outage(harness, duration):
    await harness.kill()
    await harness.clock.advance(duration)
    await harness.start()


@pytest.mark.parametrize("catch_up", CatchUp)
@pytest.mark.parametrize("restarted", [True, False], ids=["at its start", "while it runs"])
async def test_a_machine_without_a_battery_clock_catches_nothing_up_again(a_harness, catch_up, restarted):
    """It ran on 1 January, and retention has forgotten the row. It boots in 1970, and then learns that it is May."""
    harness = a_harness(a_job("yearly", YEARLY, catch_up=catch_up, catch_up_max=100, grace=60 * S))
    clock = harness.clock
    await clock.step(NEW_YEARS_EVE - clock.now())
    await harness.start()
    await clock.advance("2m")
    assert [f.scheduled_at.year for f in await fires(harness, "yearly")] == [2027]
    await outage(harness, 120 * DAY)
    may = clock.now()
    assert await harness.ledger.prune(Keep(may - 30 * DAY, 1000)) == 1, "forgotten"
    if restarted:
        await harness.kill()
    await clock.step(LONG_AGO - may)
    if restarted:
        await harness.start()
    await clock.advance("1m")
    assert len(await corrections(harness)) == 1
    await clock.step(may - clock.now())
    await clock.advance("1m")
    assert not await fires(harness, "yearly"), "nothing runs again, nor what was due before the job existed"
    (gap,) = await harness.ledger.gaps()
    assert (gap.gap.reason, gap.gap.count) == (SkipReason.REPEATED, 57)
    assert await imbalances(harness) == []
    await outage(harness, 366 * DAY)
    assert [f.scheduled_at.year for f in await fires(harness, "yearly")] == [2028], "and it goes on"
    assert await imbalances(harness) == []


async def test_what_came_due_after_the_last_decision_is_caught_up_when_the_time_is_known_again(a_harness):
    harness = a_harness(a_job("hourly", Cron("0 * * * *"), catch_up=CatchUp.ALL))
    clock = harness.clock
    await harness.start()
    await clock.advance("5h1m")
    await harness.kill()
    away = clock.now() + 150 * 60 * S
    await clock.step(LONG_AGO - clock.now())
    await harness.start()
    await clock.advance("30s")
    await clock.step(away - clock.now())
    await clock.advance("30s")
    found = [(f.scheduled_at - START) / H for f in await fires(harness, "hourly") if f.decision.kind == "start"]
    assert found == [1, 2, 3, 4, 5, 6, 7]
    assert [f.caught_up for f in await fires(harness, "hourly")] == [False] * 5 + [True] * 2
    assert await imbalances(harness) == []


async def test_instants_that_the_ledger_has_forgotten_come_round_again_when_the_clock_does(a_harness):
    """What docs/decisions/0007 says: set back further than the ledger remembers, a clock comes to those instants a
    second time, and they are another moment. Those that it does remember are not run again."""
    harness = a_harness(a_job("hourly", Cron("0 * * * *")))
    clock = harness.clock
    await harness.start()
    await clock.advance("12h1m")
    while await harness.ledger.prune(Keep(START - 30 * DAY, 4)):
        pass
    kept = [(f.scheduled_at - START) / H for f in await fires(harness, "hourly")]
    assert kept == [9, 10, 11, 12]
    await clock.step(-10 * H)
    await clock.advance("12h")
    found = await fires(harness, "hourly")
    ran = {(f.scheduled_at - START) / H: f.fire.version for f in found if f.outcome is not None}
    assert ran == {**dict.fromkeys(range(3, 9), 2), **dict.fromkeys(range(9, 13), 1), 13: 2, 14: 2}
    assert not any(f.caught_up for f in found), "on time, each"
    assert await imbalances(harness) == []


async def test_a_clock_that_was_ahead_for_a_while_leaves_catch_up_as_it_was(a_harness):
    """It was 2030 for a minute. For the four years until then an outage is an outage."""
    harness = a_harness(a_job("daily", Cron("30 3 * * *"), catch_up=CatchUp.ALL, catch_up_max=3))
    clock = harness.clock
    await harness.start()
    await clock.advance("5h")
    await clock.step(4 * 365 * DAY)
    await clock.advance("1m")
    await clock.step(-4 * 365 * DAY)
    await clock.advance("1m")
    before = clock.now()
    await harness.kill()
    await clock.advance(3 * DAY)
    await harness.start()
    await clock.advance("1m")
    found = await harness.ledger.fires(FireQuery(jobs=("daily",), since=before, until=clock.now(), limit=100))
    assert [(f.caught_up, f.outcome.kind) for f in found] == [(True, "succeeded")] * 3
    assert await imbalances(harness) == []


# C8: measured on the monotonic clock, dated by the wall.


@pytest.mark.parametrize("by", [H, -H], ids=["forward", "back"])
async def test_a_timeout_and_a_duration_do_not_see_a_clock_that_is_set(a_harness, by):
    harness = a_harness(a_job("slow", Every(60 * S), timeout=timedelta(seconds=30)), behave=lasting(H))
    await harness.start()
    await harness.clock.advance("70s")
    await harness.clock.step(by)
    await harness.clock.advance("19s")
    (record,) = await fires(harness, "slow")
    assert record.outcome is None
    await harness.clock.advance("1s")
    (record,) = await fires(harness, "slow")
    (attempt,) = await harness.ledger.attempts(record.id)
    assert (record.outcome.kind, attempt.duration) == ("timed_out", 30 * S)
    assert record.started_at <= record.finished_at
