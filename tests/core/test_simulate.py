"""Virtual days through the real rules: what previews and the conformance tests are made of."""

from collections import Counter
from dataclasses import replace

import pytest
from boards import NOON, at, reason_of
from jobdoubles import H, Raises, S, a_job

from asched.core.foresight.simulate import Outage, Step, simulate
from asched.core.limits import Limits
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Overlap, Retry
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.startup import Startup

NO = Failed(ErrorNote("ValueError", "no"))
DAY = 24 * H


def lasting(duration, outcome=None):
    return lambda fire, attempt: (duration, outcome or Succeeded())


def went(simulation, job="tick"):
    """(seconds, what was decided or how it ended) of every fire."""
    return [
        ((one.fire.scheduled_at - NOON).total_seconds(), one.outcome.kind if one.outcome else reason_of(one.decision))
        for one in simulation.of(job)
    ]


def test_a_quiet_day_has_one_run_for_every_instant():
    simulation = simulate([a_job(trigger=Cron("0 * * * *"))], NOON, NOON + DAY)
    assert went(simulation) == [(3600.0 * n, "succeeded") for n in range(1, 25)]
    assert simulation.gaps == []


def test_what_lasts_longer_than_its_period_is_overlapped():
    simulation = simulate([a_job()], NOON, NOON + 40 * S, behave=lasting(15 * S))
    assert went(simulation) == [(10, "succeeded"), (20, "overlapped"), (30, "start"), (40, "overlapped")]


def test_at_one_instant_what_ends_is_heard_before_what_is_due():
    simulation = simulate([a_job()], NOON, NOON + 30 * S, behave=lasting(10 * S))
    assert went(simulation) == [(10, "succeeded"), (20, "succeeded"), (30, "start")]


def test_at_one_instant_runs_end_in_the_order_in_which_they_are_told_to():
    """By name, whoever started first."""
    heard = []
    jobs = [a_job("b", run_timeout=20 * S), a_job("a", Every(20 * S), run_timeout=10 * S)]
    simulate(jobs, NOON, NOON + 30 * S, behave=lasting(H), hear=heard.append)
    ended = [one.fire.job for one in heard if one.outcome is not None and one.outcome.kind == "timed_out"]
    assert ended == ["a", "b"]


def test_a_timeout_ends_a_run_and_a_retry_follows():
    job = a_job(trigger=Every(H), timeout=5 * S, retry=Retry(attempts=2, delay=10 * S, jitter=0.0))
    simulation = simulate([job], NOON, NOON + 2 * H - S, behave=lasting(60 * S))
    (one,) = simulation.of("tick")
    assert (one.outcome.kind, one.attempt) == ("timed_out", 2)
    assert one.started_at == NOON + H + 15 * S
    assert one.finished_at == NOON + H + 20 * S


def test_after_an_outage_catch_up_decides_and_what_ran_is_abandoned():
    simulation = simulate(
        [a_job(catch_up=CatchUp.LATEST)],
        NOON,
        NOON + 70 * S,
        behave=lasting(3 * S),
        disturbances=[Outage(at(21).wall, at(55).wall)],
    )
    assert went(simulation) == [
        (10, "succeeded"),
        (20, "abandoned"),
        (30, "coalesced"),
        (40, "coalesced"),
        (50, "succeeded"),
        (60, "succeeded"),
        (70, "start"),
    ]


def test_what_waits_and_what_is_retried_survive_an_outage():
    queued = simulate(
        [a_job(overlap=Overlap.QUEUE, catch_up=CatchUp.NONE)],
        NOON,
        NOON + 59 * S,
        behave=lasting(12 * S),
        disturbances=[Outage(at(21).wall, at(39).wall)],
    )
    assert went(queued)[:2] == [(10, "abandoned"), (20, "succeeded")] or went(queued)[:2] == [
        (10, "abandoned"),
        (20, "start"),
    ]
    retried = simulate(
        [a_job(trigger=Every(H), retry=Retry(attempts=2, delay=60 * S, jitter=0.0))],
        NOON,
        NOON + H + 200 * S,
        behave=lasting(S, NO),
        disturbances=[Outage(at(3610).wall, at(3650).wall)],
    )
    assert [(o.attempt, o.outcome, o.started_at) for o in retried.of("tick")] == [(2, NO, at(3661).wall)]


def test_startups_fire_at_every_start():
    simulation = simulate([a_job(trigger=Startup())], NOON, NOON + DAY, disturbances=[Outage(NOON + H, NOON + 2 * H)])
    assert went(simulation) == [(0, "succeeded"), (7200, "succeeded")]


def test_a_job_that_counts_from_its_end_drifts_by_design():
    simulation = simulate([a_job(trigger=AfterFinish(10 * S))], NOON, NOON + 40 * S, behave=lasting(5 * S))
    assert went(simulation) == [(10, "succeeded"), (25, "succeeded"), (40, "start")]


def test_followers_and_joins_run_for_the_same_instant():
    jobs = [a_job("a"), a_job("b"), a_job("c", after=("a",)), a_job("d", after=("b", "c"))]
    simulation = simulate(jobs, NOON, NOON + 10 * S, behave=lasting(0 * S))
    assert [went(simulation, name) for name in "abcd"] == [[(10, "succeeded")]] * 4


def test_a_trigger_that_raises_costs_its_own_fires_only():
    simulation = simulate([a_job("bad", Raises(NOON, NOON + 20 * S), jitter=3 * S), a_job("good")], NOON, NOON + 40 * S)
    assert went(simulation, "bad") == [(10, "succeeded"), (20, "invalid")]
    assert len(went(simulation, "good")) == 4


def test_a_disabled_job_is_not_there():
    assert simulate([replace(a_job(), disabled="broken")], NOON, NOON + DAY).fires == {}


def test_whoever_listens_hears_of_every_fire_once_and_nothing_is_kept():
    def of(**how):
        return simulate(
            [a_job(overlap=Overlap.QUEUE_ONE), a_job("b", after=("tick",))],
            NOON,
            NOON + 200 * S,
            behave=lasting(13 * S),
            disturbances=[Outage(at(71).wall, at(95).wall)],
            **how,
        )

    heard = []
    listened = of(hear=heard.append)
    assert sorted(heard, key=lambda one: one.fire.id) == sorted(of().fires.values(), key=lambda one: one.fire.id)
    assert all(one.outcome is None for one in listened.fires.values())
    assert len(listened.fires) < 4


def test_it_stops_where_there_are_more_fires_than_are_wanted():
    simulation = simulate(
        [a_job(), a_job("b")], NOON, NOON + DAY, limit=50, disturbances=[Outage(NOON + H, NOON + 2 * H)]
    )
    assert len(simulation.fires) == 50
    assert simulation.until == NOON + 250 * S
    assert simulate([a_job()], NOON, NOON + 50 * S, limit=50).until == NOON + 50 * S


@pytest.mark.parametrize("catch_up", CatchUp)
def test_a_year_without_a_scheduler_costs_little_and_every_instant_is_accounted_for(catch_up):
    simulation = simulate(
        [a_job(trigger=Every(60 * S), catch_up=catch_up)],
        NOON,
        NOON + 365 * DAY + 30 * S,
        disturbances=[Outage(NOON + 30 * S, NOON + 365 * DAY)],
    )
    kinds = Counter(what for _, what in went(simulation))
    in_gaps = [gap.count for _, gap in simulation.gaps]
    assert in_gaps == [None]
    assert kinds.total() <= 101
    assert kinds["succeeded"] == {CatchUp.ALL: 100}.get(catch_up, 1)  # the last is on time, and waits for its turn


def test_what_takes_the_place_of_a_fire_that_was_decided_before_runs_to_its_end():
    """The clock is set back by four hours: wall instants come again and are refused, intervals go on."""
    again = a_job("again", Cron("*/5 * * * *"), pool=("p",), overlap=Overlap.QUEUE, priority=1)
    goes_on = a_job("goes on", Every(300 * S, anchor=NOON), pool=("p",), overlap=Overlap.QUEUE)
    set_back = NOON + 8 * H + 60 * S
    simulation = simulate(
        [again, goes_on],
        NOON,
        set_back + 1 * H,
        behave=lasting(S),
        disturbances=[Step(set_back, -4 * H)],
        limits=Limits(pools={"p": 1}),
    )
    assert len(simulation.of("goes on")) == 108
    assert {one.outcome.kind for one in simulation.of("goes on")} == {"succeeded"}
