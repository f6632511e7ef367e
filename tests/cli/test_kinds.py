"""Instants as flags hold them: what they mean on the clocks of a zone."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from asched.cli.kinds import in_zone, next_moment
from asched.core.grammar.instants import read_instants


@pytest.mark.parametrize(
    ("written", "tz", "instant"),
    [
        ("2026-01-01T02:30", "Europe/Berlin", "2026-01-01T01:30Z"),
        ("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00Z"),  # in a gap
        ("2026-03-29T02:10", "Europe/Berlin", "2026-03-29T01:00Z"),
        ("2026-03-29T02:59:59.5", "Europe/Berlin", "2026-03-29T01:00Z"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00Z"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30Z"),  # of half an hour
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00Z"),  # of a day
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30Z"),  # in a fold
        ("2026-03-29T02:10+01:00", "Europe/Berlin", "2026-03-29T01:10Z"),  # with an offset there is no gap
    ],
)
def test_an_instant_means_what_it_means_in_a_schedule(written: str, tz: str, instant: str) -> None:
    found = in_zone(datetime.fromisoformat(written), ZoneInfo(tz))
    assert found == datetime.fromisoformat(instant)
    assert (found,) == read_instants(written, tz)


@pytest.mark.parametrize(
    ("written", "now", "instant"),
    [
        ("02:10", "2026-03-28T12:00Z", "2026-03-29T01:00Z"),
        ("02:10", "2026-03-29T01:00Z", "2026-03-30T00:10Z"),  # it has passed
        ("02:10", "2026-10-25T00:20Z", "2026-10-26T01:10Z"),
        ("02:10+01:00", "2026-03-28T12:00Z", "2026-03-29T01:10Z"),
    ],
)
def test_a_time_of_day_is_the_next_one_that_clocks_show_or_pass(written: str, now: str, instant: str) -> None:
    found = next_moment(time.fromisoformat(written), ZoneInfo("Europe/Berlin"), datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(instant)
