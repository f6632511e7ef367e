"""A date behind "except" is its whole day, in the schedule's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import instants, survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.errors import ScheduleError

DAY = timedelta(days=1)
START = datetime(2026, 3, 20, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"]

days = st.lists(st.integers(0, 20).map(lambda n: START.date() + n * DAY), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), days, st.sampled_from(["17 */3 * * *", "*/40 * * * *", "0 0 * * *"]))
def test_just_what_falls_on_those_days_is_left_out(tz: str, out: list[date], cron: str) -> None:
    """Against the clocks of every instant, over a night in which they are set forward."""
    made = parse_schedule(f"{cron} except {', '.join(map(str, out))}", tz=tz)
    every = instants(parse_schedule(cron, tz=tz), START, START + 25 * DAY)
    assert instants(made, START, START + 25 * DAY) == [
        at for at in every if at.astimezone(ZoneInfo(tz)).date() not in out
    ]
    survives(made, tz)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("@daily except 2026-12-24", "0 0 * * * except 2026-12-24"),
        ("@daily except at 2026-12-24", "0 0 * * * except 2026-12-24"),
        ("@daily except 2026-12-25 and 2026-12-24", "0 0 * * * except 2026-12-24, 2026-12-25"),
        ("@daily except 2026-12-24 except 2026-12-25", "0 0 * * * except 2026-12-24, 2026-12-25"),
        ("@daily except (2026-12-24 | (2026-12-25))", "0 0 * * * except 2026-12-24, 2026-12-25"),
        ("@daily except (2026-12-24 | 0 0 1 * *)", "0 0 * * * except 2026-12-24 except 0 0 1 * *"),
        ("@daily except 0 0 1 * * except 2026-12-24", "0 0 * * * except 2026-12-24 except 0 0 1 * *"),
        ("@daily except 2026-12-24T00:00", "0 0 * * * except at 2026-12-24T00:00:00Z"),
        ("every 10m except 2026-12-24", "every 10m except 2026-12-24"),
        (
            "(@daily except 2026-12-24) until 2026-12-31T12:00Z",
            "(0 0 * * * except 2026-12-24) until 2026-12-31T12:00:00Z",
        ),
        ("@daily except 2026-12-24 & 0 0 * * thu", "0 0 * * THU & 0 0 * * * except 2026-12-24"),
        ("@hourly | @daily except 2026-12-24", "0 * * * * | 0 0 * * * except 2026-12-24"),
    ],
)
def test_how_it_may_be_written(text: str, canonical: str) -> None:
    made = parse_schedule(text)
    assert made == parse_schedule(canonical)
    assert made.text() == canonical
    survives(made)


def test_in_words() -> None:
    made = parse_schedule("daily at 09:00 except 2026-12-24, 2026-12-25", tz="Europe/Berlin")
    assert explain_trigger(made) == (
        "every day at 09:00 (Europe/Berlin), except on 2026-12-24 and 2026-12-25 (Europe/Berlin)"
    )
    assert explain_trigger(parse_schedule("@daily except 2026-12-24")) == "every day at 00:00, except on 2026-12-24"


@pytest.mark.parametrize(
    ("text", "message", "blamed"),
    [
        ("@daily except 2026-02-30", '"2026-02-30" is not a day', "2026-02-30"),
        ("@daily except 2026-12-24, 2026-12-32", '"2026-12-32" is not a day', "2026-12-32"),
        ("@daily except 1800-01-01", '"1800-01-01" is not between the years 1900 and 9000', "1800-01-01"),
        ("2026-12-24T09:00 except 2026-12-24", "this can never fire: no instant fits all of it", None),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, message: str, blamed: str | None) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.message == message
    assert blamed is None or text[slice(*(caught.value.span or ()))] == blamed
