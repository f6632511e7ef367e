"""Jitter: reproducible, within its bounds, and before the next nominal instant."""

import subprocess
import sys
from datetime import timedelta

from boards import NOON, TICK
from hypothesis import given
from hypothesis import strategies as st
from jobdoubles import S

from asched.core.jitter import due_at, fraction

spans = st.timedeltas(timedelta(0), timedelta(days=40))


@given(st.text(), st.integers())
def test_a_fraction_depends_on_its_parts_only(name, number):
    assert 0 <= fraction(name, number) < 1
    assert fraction(name, number) == fraction(name, number)


def test_a_fraction_is_the_same_in_another_process():
    code = "from asched.core.jitter import fraction; print(fraction('backup', 7))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(told) == fraction("backup", 7)


def test_many_jobs_of_one_instant_spread_over_their_jitter():
    delays = sorted((due_at(f"job{n}", NOON, 60 * S, None) - NOON).total_seconds() for n in range(1000))
    assert delays[0] < 1
    assert delays[-1] > 59
    assert all(abs(delays[n] - n * 60 / 1000) < 4 for n in range(1000))


def test_without_jitter_a_fire_is_due_at_its_nominal_instant():
    assert due_at("job", NOON, timedelta(0), NOON + S) == NOON


@given(st.text(), spans, st.none() | spans)
def test_a_fire_is_due_at_or_after_its_instant_within_its_jitter_and_before_the_next(name, jitter, distance):
    following = None if distance is None else NOON + distance
    due = due_at(name, NOON, jitter, following)
    assert NOON <= due <= NOON + jitter
    if following is not None and distance > timedelta(0):
        assert due < following


def test_it_is_held_below_the_next_instant_even_when_that_is_the_next_microsecond():
    assert due_at("job", NOON, 60 * S, NOON + TICK) == NOON
