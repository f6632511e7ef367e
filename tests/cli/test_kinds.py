"""Instants as flags hold them: said once, and meant on the clocks of a zone, at some moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import pytest

from asched.cli.kinds import SINCE, Moment, read_said, since_when
from asched.core.grammar.instants import read_instants
from asched.errors import ScheduleError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


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
    found = read_said(written).at(ZoneInfo(tz), NOW)
    assert found == datetime.fromisoformat(instant)
    assert (found,) == read_instants(written, tz)


@pytest.mark.parametrize(
    ("written", "now", "instant"),
    [
        ("02:10", "2026-03-28T12:00Z", "2026-03-29T01:00Z"),
        ("02:10", "2026-03-29T01:00Z", "2026-03-30T00:10Z"),  # it has passed
        ("02:10", "2026-10-25T00:20Z", "2026-10-25T01:10Z"),  # clocks show it again
        ("02:10", "2026-10-25T01:10Z", "2026-10-26T01:10Z"),
        ("02:10+01:00", "2026-03-28T12:00Z", "2026-03-29T01:10Z"),
    ],
)
def test_a_time_of_day_is_the_next_one_that_clocks_show_or_pass(written: str, now: str, instant: str) -> None:
    assert Moment(written).at(BERLIN, datetime.fromisoformat(now)) == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("written", "since"),
    [
        ("36h", NOW - timedelta(hours=36)),
        ("yesterday", datetime(2026, 11, 18, 23, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("11:00", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ("fri 09:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
    ],
)
def test_since_takes_a_length_of_time_or_an_instant_of_the_past(written: str, since: datetime) -> None:
    assert since_when(SINCE.convert(written, None, None), BERLIN, NOW) == since


def test_since_an_instant_that_is_to_come_is_refused() -> None:
    with pytest.raises(click.BadParameter, match=r"2026-11-21 00:00:00\+01:00 is to come"):
        since_when(Moment("tomorrow"), BERLIN, NOW)


@pytest.mark.parametrize("text", ["soon", "1x", "", "2026-99-01"])
def test_what_is_neither_a_length_nor_an_instant_is_refused_with_examples_of_both(text: str) -> None:
    with pytest.raises(click.BadParameter, match='neither a length of time, as in "36h", nor an instant') as refused:
        SINCE.convert(text, None, None)
    assert "tomorrow 11:00" in str(refused.value)


def test_what_is_no_instant_is_refused_before_anybody_knows_the_zone() -> None:
    with pytest.raises(ScheduleError, match='"soon" is not an instant'):
        read_said("soon")
