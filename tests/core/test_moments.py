"""What people say for an instant, and what it means at that moment."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.core.grammar.moments import read_moment
from asched.errors import ScheduleError

BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # a Friday, 10:30 in Berlin


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ahead", "back"),
    [
        ("now", "2026-11-20 09:30", "2026-11-20 09:30"),
        ("03:00", "2026-11-21 02:00", "2026-11-20 02:00"),
        ("3:00", "2026-11-21 02:00", "2026-11-20 02:00"),
        ("11:00", "2026-11-20 10:00", "2026-11-19 10:00"),
        ("10:30", "2026-11-21 09:30", "2026-11-20 09:30"),
        ("11:00:05", "2026-11-20 10:00:05", "2026-11-19 10:00:05"),
        ("today 03:00", "2026-11-20 02:00", "2026-11-20 02:00"),
        ("tomorrow 11:00", "2026-11-21 10:00", "2026-11-21 10:00"),
        ("Tomorrow at 11:00", "2026-11-21 10:00", "2026-11-21 10:00"),
        ("yesterday 11:00", "2026-11-19 10:00", "2026-11-19 10:00"),
        ("sat 09:00", "2026-11-21 08:00", "2026-11-14 08:00"),
        ("friday 11:00", "2026-11-20 10:00", "2026-11-13 10:00"),
        ("fri 09:00", "2026-11-27 08:00", "2026-11-20 08:00"),
        ("2026-12-24T17:30", "2026-12-24 16:30", "2026-12-24 16:30"),
        ("2026-12-24 17:30", "2026-12-24 16:30", "2026-12-24 16:30"),
        ("2026-12-24T17:30Z", "2026-12-24 17:30", "2026-12-24 17:30"),
        ("2026-12-24T17:30+05:00", "2026-12-24 12:30", "2026-12-24 12:30"),
        ("2026-12-24", "2026-12-23 23:00", "2026-12-23 23:00"),
        ("noon", "2026-11-20 11:00", "2026-11-19 11:00"),
        ("10:30+01:00", "2026-11-21 09:30", "2026-11-20 09:30"),
        ("10:30-05:00", "2026-11-20 15:30", "2026-11-19 15:30"),
        ("9:00z", "2026-11-21 09:00", "2026-11-20 09:00"),
        ("yesterday", "2026-11-18 23:00", "2026-11-18 23:00"),
        ("today", "2026-11-19 23:00", "2026-11-19 23:00"),
        ("Tomorrow", "2026-11-20 23:00", "2026-11-20 23:00"),
        ("sat", "2026-11-20 23:00", "2026-11-13 23:00"),
        ("friday", "2026-11-26 23:00", "2026-11-19 23:00"),
    ],
)
def test_what_is_said_is_meant_in_the_zone(text, ahead, back):
    assert read_moment(text, BERLIN, NOW) == utc(ahead)
    assert read_moment(text, BERLIN, NOW, back=True) == utc(back)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "weekdays", "1", "2026-13-01", "noon 11:00", "mon-fri 11:00", "sat sun 9:00"]
)
def test_what_is_no_instant_is_refused_and_an_example_given(text):
    with pytest.raises(ScheduleError) as refused:
        read_moment(text, BERLIN, NOW)
    assert refused.value.help


def test_a_day_whose_midnight_clocks_skip_begins_just_after_it():
    assert read_moment("2026-03-29", "Asia/Beirut", NOW) == utc("2026-03-28 22:00")


def test_where_clocks_show_a_time_twice_a_time_alone_may_be_the_second():
    between = utc("2026-10-25 00:40")  # 02:40, for the first time
    assert read_moment("02:30", BERLIN, between) == utc("2026-10-25 01:30")
    assert read_moment("02:30", BERLIN, between, back=True) == utc("2026-10-25 00:30")
    assert read_moment("today 02:30", BERLIN, between) == utc("2026-10-25 00:30")


def test_a_time_that_clocks_skip_is_the_first_after_the_gap():
    assert read_moment("tomorrow 02:30", BERLIN, utc("2026-03-28 12:00")) == utc("2026-03-29 01:00")


@given(
    st.integers(946_684_800, 4_102_444_800),
    st.integers(0, 23),
    st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_a_time_alone_is_less_than_two_days_away(now, hour, tz):
    now = datetime.fromtimestamp(now, UTC)
    ahead, back = (read_moment(f"{hour}:30", tz, now, back=which) for which in (False, True))
    assert timedelta(0) < ahead - now <= timedelta(days=2)
    assert timedelta(0) <= now - back <= timedelta(days=2)
