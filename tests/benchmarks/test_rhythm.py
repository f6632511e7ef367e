"""How starts move away from their grid, in numbers."""

from __future__ import annotations

import math

import pytest

from benchmarks.workloads.drift import figures

PERIOD, FIRES = 0.1, 100


def starts(late=lambda number: 0.0, left_out=()):
    return [1e9 + number * PERIOD + late(number) for number in range(FIRES) if number not in left_out]


def test_what_keeps_its_grid_does_not_drift():
    found = figures([starts()], PERIOD, FIRES * PERIOD)
    assert found["drift_us"] == pytest.approx(0, abs=0.5)
    assert found["phase_ms"] == pytest.approx(0, abs=0.001)
    assert found["lost_pct"] == pytest.approx(0)


def test_a_start_that_each_time_comes_a_little_later_drifts_by_that():
    found = figures([starts(lambda number: number * 0.0002)], PERIOD, FIRES * PERIOD)
    assert found["drift_us"] == pytest.approx(200, abs=0.5)


def test_scatter_is_phase_and_no_drift():
    found = figures([starts(lambda number: 0.003 * (number % 2))], PERIOD, FIRES * PERIOD)
    assert found["phase_ms"] == pytest.approx(3, abs=0.01)
    assert found["drift_us"] < 2


def test_a_fire_that_is_left_out_is_lost_and_no_drift():
    found = figures([starts(left_out={40, 41, 42})], PERIOD, FIRES * PERIOD)
    assert found["drift_us"] == pytest.approx(0, abs=0.5)
    assert found["lost_pct"] == pytest.approx(3)


def test_without_starts_there_is_no_drift_to_tell():
    found = figures([[]], PERIOD, FIRES * PERIOD)
    assert math.isnan(found["drift_us"])
    assert found["lost_pct"] == 100
