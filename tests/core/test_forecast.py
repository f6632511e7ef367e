"""What a simulation says at a glance, held against counting it out."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from boards import NOON
from jobdoubles import H, S, a_job

from asched.core.action import Function
from asched.core.change import Gap
from asched.core.foresight.forecast import CELLS, Forecast, Mark
from asched.core.foresight.simulate import Outage, simulate
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Job, Overlap, Policies
from asched.core.outcome import SkipReason, Succeeded
from asched.core.triggers.interval import AfterFinish, Every

M, DAY = 60 * S, 24 * H


def seen(jobs, until, *, lasts=S, disturbances=()):
    """The forecast of a simulation, and the simulation again with all of its fires."""
    forecast = Forecast([job.name for job in jobs], NOON, until)

    def behave(fire, attempt):
        return (lasts[fire.job] if isinstance(lasts, dict) else lasts), Succeeded()

    heard = simulate(jobs, NOON, until, behave=behave, disturbances=disturbances, hear=forecast.hear)
    for job, gap in heard.gaps:
        forecast.hear_gap(job, gap)
    return forecast, simulate(jobs, NOON, until, behave=behave, disturbances=disturbances)


def marks(course):
    return [Mark(mark) for mark in sorted(set(course.strip))]


def test_a_quiet_day():
    forecast, _ = seen([a_job(trigger=Cron("0 * * * *"))], NOON + DAY, lasts=10 * M)
    (course,) = forecast.courses.values()
    assert (course.fires, course.started, course.crowded, course.missed) == (24, 24, 0, 0)
    assert course.busy == 23 * 10 * M  # the last one begins with the end
    assert course.outcomes == {"succeeded": 23, "running": 1}
    assert marks(course) == [Mark.NOTHING, Mark.RUNNING]
    runs = [cell for cell in range(CELLS) if course.strip[cell] and not course.strip[cell - 1]]
    assert len(runs) == 24


def test_what_is_too_slow_for_its_period_is_crowded_or_waits():
    forecast, _ = seen([a_job(trigger=Every(M))], NOON + H, lasts=90 * S)
    course = forecast.courses["tick"]
    assert (course.fires, course.started, course.crowded) == (60, 30, 30)
    assert marks(course)[-1] is Mark.CROWDED
    queued, _ = seen([a_job(trigger=Every(M), overlap=Overlap.QUEUE)], NOON + 10 * M, lasts=90 * S)
    course = queued.courses["tick"]
    assert (course.fires, course.started, course.waited, course.still_waiting) == (10, 7, 6, 3)
    assert course.longest_wait == 6 * 30 * S
    assert marks(course)[-1] is Mark.WAITING


@pytest.mark.parametrize(("catch_up", "missed", "coalesced"), [(CatchUp.NONE, 6, 0), (CatchUp.LATEST, 0, 5)])
def test_an_outage(catch_up, missed, coalesced):
    outage = Outage(NOON + 90 * M, NOON + 90 * M + 6 * H)
    forecast, _ = seen([a_job(trigger=Cron("0 * * * *"), catch_up=catch_up)], NOON + DAY, disturbances=[outage])
    course = forecast.courses["tick"]
    assert (course.missed, course.skipped["coalesced"], course.caught_up) == (missed, coalesced, int(coalesced > 0))
    assert marks(course)[-1] is (Mark.MISSED if missed else Mark.COALESCED)


def test_a_run_that_an_outage_takes_is_marked_as_lost():
    outage = Outage(NOON + 65 * M, NOON + 70 * M)
    forecast, _ = seen([a_job(trigger=Every(H))], NOON + 100 * M, lasts=10 * M, disturbances=[outage])
    course = forecast.courses["tick"]
    assert course.outcomes == {"abandoned": 1}
    assert course.strip[int(65 / 100 * CELLS)] == Mark.MISSED


def test_what_lies_in_a_gap_is_counted_as_far_as_it_is_known():
    forecast = Forecast(["tick"], NOON, NOON + DAY)
    forecast.hear_gap("tick", Gap(NOON, NOON + H, SkipReason.EXPIRED, 40))
    forecast.hear_gap("tick", Gap(NOON + H, NOON + 2 * H, SkipReason.EXPIRED, None))
    course = forecast.courses["tick"]
    assert (course.fires, course.missed, course.uncounted) == (40, 40, True)
    assert [course.strip[hour * 50] for hour in (0, 1, 3)] == [Mark.MISSED, Mark.MISSED, Mark.NOTHING]


def test_the_peak_names_whose_runs_they_are():
    jobs = [a_job("a", Cron("0 * * * *")), a_job("b", Cron("30 * * * *")), a_job("c", Cron("45 15 * * *"))]
    forecast, _ = seen(jobs, NOON + DAY, lasts={"a": 50 * M, "b": 20 * M, "c": 50 * M})
    peak = forecast.peak()
    assert (peak.at, peak.runs, peak.jobs) == (NOON + 3 * H + 45 * M, 3, {"a": 1, "b": 1, "c": 1})


def test_runs_that_take_no_time_run_beside_nothing():
    forecast, _ = seen([a_job("a"), a_job("b")], NOON + H, lasts=0 * S)
    assert forecast.peak() is None
    assert max(forecast.profile()) == 0
    busy = forecast.busiest()[0]
    assert (busy.runs, busy.jobs) == (12, {"a": 6, "b": 6})


def test_the_load_by_hour_and_minute_is_in_the_zone_of_the_reader():
    forecast, _ = seen([a_job(trigger=Cron("15 2 * * *"))], NOON + 10 * DAY)
    kathmandu = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead
    assert [hour for hour, count in enumerate(forecast.by_hour(kathmandu)) if count] == [8]
    assert [minute for minute, count in enumerate(forecast.by_minute(kathmandu)) if count] == [0]
    assert sum(forecast.by_hour(ZoneInfo("UTC"))) == 10


def a_few_jobs(rng):
    action = Function(print, "builtins:print", "coroutine")
    triggers = [
        Every(rng.randint(1, 90) * M),
        Cron(f"{rng.randrange(60)} */2 * * *"),
        AfterFinish(rng.randint(9, 99) * M),
    ]
    return [
        Job(
            f"job{n}",
            action,
            rng.choice(triggers),
            Policies(overlap=rng.choice(list(Overlap)), catch_up=rng.choice(list(CatchUp)), catch_up_max=3),
        )
        for n in range(6)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_all_numbers_are_those_of_the_fires(seed):
    rng = Random(seed)
    jobs = a_few_jobs(rng)
    until = NOON + 2 * DAY
    lasts = {job.name: rng.randint(1, 100) * M for job in jobs}
    outages = [Outage(NOON + 10 * H, NOON + 10 * H + rng.randint(1, 600) * M)]
    forecast, simulation = seen(jobs, until, lasts=lasts, disturbances=outages)
    runs = [one for one in simulation.fires.values() if one.started_at is not None]
    in_gaps = sum(gap.count for _, gap in simulation.gaps)
    assert forecast.started == len(runs)
    assert forecast.fires == len(simulation.fires) + in_gaps
    spans = [(one.started_at, min(one.finished_at or until, until)) for one in runs]
    spans = [span for span in spans if span[0] < span[1]]
    counted = {at: sum(start <= at < end for start, end in spans) for at, _ in spans}
    peak = forecast.peak()
    assert peak.runs == sum(peak.jobs.values()) == max(counted.values()) == max(forecast.profile())
    assert abs(peak.at - min(at for at, count in counted.items() if count == peak.runs)) < timedelta(milliseconds=1)
    minutes = [one.started_at.replace(second=0, microsecond=0) for one in runs]
    assert [busy.runs for busy in forecast.busiest()] == sorted(map(minutes.count, set(minutes)), reverse=True)[:5]
    assert all(sum(busy.jobs.values()) == busy.runs for busy in forecast.busiest())


def test_begins_and_ends_in_their_cells():
    forecast = Forecast(["tick"], datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    forecast.hear_gap("tick", Gap(forecast.since, forecast.until, SkipReason.MISSED, 1))
    assert set(forecast.courses["tick"].strip) == {Mark.MISSED}


def test_the_busiest_second_is_that_in_which_most_start():
    jobs = [
        a_job("hourly", trigger=Cron("0 * * * *")),
        a_job("nightly", trigger=Cron("0 3 * * *")),
        a_job("later", trigger=Every(DAY, NOON + 15 * H + S)),
    ]
    forecast, _ = seen(jobs, NOON + DAY)
    busiest = forecast.busiest_second()
    assert busiest is not None
    assert (busiest.at, busiest.runs) == (NOON + 15 * H, 2)
    assert busiest.jobs == {"hourly": 1, "nightly": 1}


def test_nothing_that_starts_has_no_busiest_second():
    assert seen([a_job(trigger=Cron("0 0 1 1 *"))], NOON + DAY)[0].busiest_second() is None
