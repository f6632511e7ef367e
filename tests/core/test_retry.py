"""Whether, and when, a failed attempt is followed by another."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobdoubles import S

from asched.core.model import Retry
from asched.core.outcome import Abandoned, Cancelled, ErrorNote, Failed, Interrupted, Succeeded, TimedOut
from asched.core.retry import backoff, next_delay

TIMEOUT = ErrorNote("TimeoutError", "no answer", types=("TimeoutError", "builtins.TimeoutError"))
VALUE = ErrorNote("ValueError", "no", types=("ValueError", "builtins.ValueError", "Exception"))

AGAIN = [  # (outcome, retry on, is it tried again)
    (Failed(VALUE), (), True),
    (Failed(VALUE), ("ValueError",), True),
    (Failed(VALUE), ("builtins.ValueError",), True),
    (Failed(VALUE), ("Exception",), True),
    (Failed(VALUE), ("OSError",), False),
    (Failed(VALUE), ("OSError", "ValueError"), True),
    (Failed(TIMEOUT), ("TimeoutError",), True),
    (TimedOut(S), (), True),
    (TimedOut(S), ("TimeoutError",), True),
    (TimedOut(S), ("ValueError",), False),
    (TimedOut(S, left_running=True), (), False),
    (TimedOut(S, left_running=True), ("TimeoutError",), False),
    (Succeeded(), (), False),
    (Cancelled("by hand"), (), False),
    (Interrupted("stopped"), (), False),
    (Abandoned("asched 1"), (), False),
]


@pytest.mark.parametrize(("outcome", "on", "again"), AGAIN)
def test_only_failures_and_timeouts_that_are_asked_for_are_tried_again(outcome, on, again):
    delay = next_delay(Retry(attempts=2, on=on), outcome, 1, "1-1")
    assert (delay is not None) == again


@pytest.mark.parametrize(("attempt", "again"), [(1, True), (2, True), (3, False), (4, False)])
def test_attempts_count_all_tries_the_first_included(attempt, again):
    assert (next_delay(Retry(attempts=3), Failed(VALUE), attempt, "1-1") is not None) == again


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 60), (5, 60), (5000, 60)])
def test_the_wait_doubles_up_to_its_maximum_and_never_overflows(attempt, seconds):
    assert backoff(Retry(max_delay=60 * S, jitter=0.0), attempt, "1-1") == seconds * S


def test_its_jitter_is_the_same_in_every_process_and_differs_from_run_to_run():
    policy = Retry(jitter=0.5)
    assert backoff(policy, 1, "1-1") == backoff(policy, 1, "1-1")
    assert len({backoff(policy, 1, f"1-{n}") for n in range(50)}) == 50


@given(
    st.integers(1, 10_000),
    st.floats(1.0, 100.0),
    st.floats(0.0, 1.0),
    st.timedeltas(timedelta(0), timedelta(days=30)),
    st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_a_wait_lies_between_nothing_and_its_maximum(attempt, factor, jitter, delay, most):
    policy = Retry(attempts=99, delay=delay, factor=factor, max_delay=most, jitter=jitter)
    assert timedelta(0) <= backoff(policy, attempt, "1-1") <= most
