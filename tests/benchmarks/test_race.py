"""Which instants a race finds served, and how late."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks.race import Race, Reading


def race(*starts, jobs=2, seconds=2, spread=False):
    made = Race(jobs, seconds, Path(), spread=spread)
    made.window = (100, 100 + seconds)
    made.starts = list(starts)
    made.readings = [Reading(0.0, 0, 0), Reading(0.5, len(starts), 0), Reading(9.0, 99, 0)]
    return made


def test_an_instant_is_served_by_the_first_start_before_the_next_one():
    served = race((0, 100.2), (0, 100.9), (1, 100.3), (0, 101.1), (1, 101.4)).served()
    assert served == {
        (0, 100): pytest.approx(0.2),
        (1, 100): pytest.approx(0.3),
        (0, 101): pytest.approx(0.1),
        (1, 101): pytest.approx(0.4),
    }


def test_a_timer_that_wakes_a_little_early_serves_the_instant_it_was_for():
    assert race((0, 99.995)).served() == {(0, 100): pytest.approx(-0.005)}


def test_starts_outside_the_window_do_not_count():
    assert race((0, 98.5), (1, 102.5)).served() == {}


def test_spread_jobs_are_due_one_after_the_other():
    found = race((0, 100.1), (1, 100.6), spread=True)
    assert found.served() == {(0, 100): pytest.approx(0.1), (1, 100): pytest.approx(0.1)}
    assert (found.anchor(1) - found.anchor(0)).total_seconds() == 0.5


def test_an_instant_without_a_start_is_missed():
    found = race((0, 100.2), (1, 100.3), (0, 101.1)).figures()
    assert found["missed_pct"] == 25


def test_cpu_a_run_is_told_only_where_nothing_was_missed():
    assert math.isnan(race((0, 100.2), (1, 100.3), (0, 101.1)).figures()["cpu_us"])
    assert race((0, 100), (1, 100), (0, 101), (1, 101)).figures()["cpu_us"] == pytest.approx(0.5 / 4 * 1e6)


def test_the_starts_of_each_job_that_count_are_told_in_order():
    assert list(race((0, 99), (0, 100.5), (1, 100.6), (0, 101.5), (1, 102)).by_job()) == [[100.5, 101.5], [100.6]]
