"""Durations: one text means one length, and every length has one text."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.core.text.durations import as_duration, format_duration, parse_duration
from asched.errors import ScheduleError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("1h 30m", timedelta(hours=1, minutes=30)),
        ("250ms", timedelta(milliseconds=250)),
        ("15us", timedelta(microseconds=15)),
        ("15µs", timedelta(microseconds=15)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
        ("1.5h", timedelta(minutes=90)),
        ("0.1s", timedelta(milliseconds=100)),
        ("5 minutes", timedelta(minutes=5)),
        ("1 hour 5 min", timedelta(minutes=65)),
        (" 10S ", timedelta(seconds=10)),
        ("0s", timedelta(0)),
    ],
)
def test_a_text_is_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("", "not a duration", "write a number and a unit"),
        ("soon", "not a duration", "write a number and a unit"),
        ("-5s", "not a duration", ""),
        ("10s!", "not a duration", ""),
        ("90", "a duration needs a unit", 'did you mean "90s"?'),
        ("1h30", "a duration needs a unit", 'did you mean "30s"?'),
        ("5 minuets", '"minuets" is not a unit of time', 'did you mean "minutes"?'),
        ("5q", '"q" is not a unit of time', ""),
        ("30m1h", "units go from large to small, each once", ""),
        ("1h1h", "units go from large to small, each once", ""),
        ("0.5us", "a duration is a whole number of microseconds", ""),
        ("99999999999w", "a duration this long cannot be kept", ""),
    ],
)
def test_anything_else_is_refused_with_help(text: str, message: str, help: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_duration(text)
    assert caught.value.message == message
    assert help in caught.value.help


def test_the_wrong_term_is_pointed_at() -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_duration("1h 20x")
    assert caught.value.span == (3, 6)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(hours=24), "1d"),
        (timedelta(days=10), "10d"),
        (timedelta(weeks=2), "2w"),
        (timedelta(seconds=1.5), "1s500ms"),
        (timedelta(microseconds=1), "1us"),
        (timedelta(seconds=-90), "-1m30s"),
    ],
)
def test_the_canonical_text(duration: timedelta, expected: str) -> None:
    assert format_duration(duration) == expected


@given(st.timedeltas(min_value=timedelta(0)))
def test_every_duration_survives_a_round_trip(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (90, timedelta(seconds=90)),
        (0.25, timedelta(milliseconds=250)),
        (0.1, timedelta(milliseconds=100)),
        ("5m", timedelta(minutes=5)),
        (timedelta(1), timedelta(1)),
    ],
)
def test_numbers_are_seconds(value: str | int | float | timedelta, expected: timedelta) -> None:
    assert as_duration(value) == expected


@pytest.mark.parametrize("value", [True, -1, float("nan"), float("inf"), 1e300, 10**400])
def test_other_numbers_are_refused(value: float) -> None:
    with pytest.raises(ScheduleError):
        as_duration(value)


@given(st.text(max_size=20))
def test_no_text_does_worse_than_a_schedule_error(text: str) -> None:
    with suppress(ScheduleError):
        parse_duration(text)
