"""Maintenance windows: what falls into one is not due, or due once when it is over; against a walk."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from daily_oracle import walked
from hypothesis import given, settings
from hypothesis import strategies as st

from asched.core.english.trigger import explain_trigger
from asched.core.hindsight.exclusions import Exclusion, excluded_at
from asched.core.localtime.calendars import Span
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import Windows
from asched.core.triggers.blackout import Blackout
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.errors import ScheduleError

BERLIN = "Europe/Berlin"
SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)
HOURLY = Cron("0 * * * *", BERLIN)
NIGHT = Windows(((2 * 3600, 4 * 3600),), BERLIN, (0,))
TICK = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clocks(trigger: Trigger, since: datetime, until: datetime) -> list[str]:
    return [f"{at.astimezone(ZoneInfo(BERLIN)):%H:%M}" for at in walked(trigger, since, until)]


def test_nothing_is_due_inside_and_its_end_is_outside() -> None:
    found = clocks(Blackout(HOURLY, (NIGHT,)), SUNDAY, SUNDAY + timedelta(hours=5))
    assert found == ["04:00", "05:00", "06:00"]


def test_what_fell_into_it_is_owed_once_when_it_ends() -> None:
    half = Cron("30 * * * *", BERLIN)
    found = clocks(Blackout(half, (NIGHT,), owed=True), SUNDAY - timedelta(hours=1), SUNDAY + timedelta(hours=5))
    assert found == ["00:30", "01:30", "04:00", "04:30", "05:30"]
    assert clocks(Blackout(HOURLY, (NIGHT,), owed=True), SUNDAY, SUNDAY + timedelta(hours=4)) == ["04:00", "05:00"]


def test_nothing_is_owed_where_nothing_fell() -> None:
    early = Cron("30 1 * * *", BERLIN)
    assert clocks(Blackout(early, (NIGHT,), owed=True), SUNDAY - timedelta(hours=1), SUNDAY + timedelta(hours=20)) == [
        "01:30"
    ]


def test_windows_that_meet_are_one() -> None:
    more = Windows(((4 * 3600, 5 * 3600),), BERLIN, (0,))
    span = Span(utc("2026-11-22T03:30"), utc("2026-11-22T06:00"))  # 04:30 to 07:00
    once = Cron("0 3 * * *", BERLIN)
    found = walked(Blackout(once, (NIGHT, more), (span,), owed=True), SUNDAY, SUNDAY + timedelta(hours=12))
    assert found == [utc("2026-11-22T06:00")]


def test_a_long_span_knows_what_fell_at_its_beginning() -> None:
    span = Span(utc("2026-06-01T00:00"), utc("2026-11-01T00:00"))
    once = Blackout(Cron("0 12 2 6 *"), (NIGHT,), (span,), owed=True)
    assert once.next_after(utc("2026-10-20T00:00")) == utc("2026-11-01T00:00")
    assert once.next_after(utc("2026-11-01T00:00")) == utc("2027-06-02T12:00")


def test_the_windows_of_a_night_with_an_offset_change() -> None:
    every = Windows(((2 * 3600, 3 * 3600),), BERLIN)
    quarters = Cron("*/30 * * * *", BERLIN)
    autumn = walked(Blackout(quarters, (every,)), utc("2026-10-24T23:29"), utc("2026-10-25T02:30"))
    assert autumn == [utc("2026-10-24T23:30"), utc("2026-10-25T02:00"), utc("2026-10-25T02:30")]
    spring = walked(Blackout(quarters, (every,)), utc("2026-03-29T00:00"), utc("2026-03-29T01:30"))
    assert spring == [utc("2026-03-29T00:30"), utc("2026-03-29T01:00"), utc("2026-03-29T01:30")]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Blackout(HOURLY), "needs a window"),
        (lambda: Blackout(AfterFinish(timedelta(seconds=5)), (NIGHT,)), "end of a run"),
        (lambda: Blackout(Startup(), (NIGHT,)), "no instant on the calendar"),
        (lambda: Blackout(HOURLY, (Windows(((0, 86_400),)),)), "its blackout has no end"),
        (
            lambda: Blackout(HOURLY, (), (Span(datetime(2026, 1, 1), datetime(2026, 1, 2)),)),  # noqa: DTZ001
            "need a time zone",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(made, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        made()


def test_a_dense_schedule_goes_straight_to_the_end() -> None:
    span = Span(utc("2026-06-01T00:00"), utc("2026-11-01T00:00"))
    assert Blackout(Every(TICK, SUNDAY), (), (Span(SUNDAY, utc("2027-01-01")),)).next_after(SUNDAY) == utc("2027-01-01")
    assert Blackout(Cron("* * * * * *"), (), (span,)).next_after(utc("2026-07-01")) == utc("2026-11-01")


def test_in_words_and_why() -> None:
    span = Span(utc("2026-12-24T17:00"), utc("2026-12-27T00:00"))
    made = Blackout(AnyOf((HOURLY, Cron("5 5 * * *", BERLIN))), (NIGHT,), (span,), owed=True)
    assert made.text() == (
        "(0 * * * * | 5 5 * * *) but not between 02:00 and 04:00 on sun;"
        " from 2026-12-24T17:00:00Z until 2026-12-27T00:00:00Z, due when it ends"
    )
    assert explain_trigger(made) == (
        "(every hour (Europe/Berlin); and every day at 05:05 (Europe/Berlin)), not between 02:00 and 04:00 on Sunday"
        " (Europe/Berlin) nor from 2026-12-24 17:00:00 UTC to 2026-12-27 00:00:00 UTC; what falls in there is due when"
        " it ends"
    )
    assert excluded_at(made, utc("2026-11-22T02:00")) == Exclusion("blackout", "between 02:00 and 04:00 on sun")
    assert excluded_at(made, utc("2026-12-25T02:00")) == Exclusion(
        "blackout", "from 2026-12-24T17:00:00Z until 2026-12-27T00:00:00Z"
    )
    assert excluded_at(made, utc("2026-11-22T05:00")) is None


def test_starts_stay_and_anchoring_reaches_inside() -> None:
    assert Blackout(AnyOf((HOURLY, Startup())), (NIGHT,)).startup == Startup()
    every = Every(timedelta(hours=1))
    assert Blackout(every, (NIGHT,)).anchored(SUNDAY) == Blackout(Every(timedelta(hours=1), SUNDAY), (NIGHT,))


# Against a walk, looking at a clock for each instant.

zones = st.sampled_from(["UTC", BERLIN, "Australia/Lord_Howe", "America/Santiago"])
starts = st.sampled_from(["2026-03-25", "2026-04-02", "2026-09-03", "2026-10-22"]).map(utc)
hours = st.integers(0, 24)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Blackout, datetime, datetime]:
    tz, start = draw(zones), draw(starts)
    spans = draw(
        st.lists(
            st.tuples(hours, hours).filter(lambda span: span[0] != span[1] and span != (0, 24)), min_size=1, max_size=2
        )
    )
    days = draw(st.sets(st.integers(0, 6), min_size=1, max_size=5))
    window = (
        Windows(tuple((begin % 24 * 3600, end * 3600) for begin, end in spans if begin % 24 != end), tz, tuple(days))
        if any(begin % 24 != end for begin, end in spans)
        else NIGHT
    )
    offsets = draw(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), max_size=2))
    fixed = tuple(Span(start + timedelta(hours=a), start + timedelta(hours=a + b)) for a, b in offsets)
    trigger = draw(
        st.sampled_from(
            [
                Cron("7 */5 * * *", tz),
                Cron("30 2,23 * * *", tz),
                Every(timedelta(minutes=95), start),
                Cron("0 0,23 * * *", tz),
            ]
        )
    )
    return Blackout(trigger, (window,), fixed, draw(st.booleans())), start, start + timedelta(days=12)


def shown_inside(at: datetime, made: Blackout) -> bool:
    for window in made.windows:
        local = at.astimezone(ZoneInfo(window.tz))
        time, today = local.hour * 3600 + local.minute * 60 + local.second, local.isoweekday() % 7
        for begin, end in window.spans:
            if begin < end and today in window.weekdays and begin <= time < end:
                return True
            if begin >= end and (
                (today in window.weekdays and time >= begin) or ((today - 1) % 7 in window.weekdays and time < end)
            ):
                return True
    return any(span.start <= at < span.end for span in made.spans)


@settings(max_examples=120, deadline=None)
@given(cases())
def test_it_is_what_a_walk_finds(case) -> None:
    made, start, until = case
    every = walked(made.trigger, start - timedelta(days=9), until)
    expected = {at for at in every if not shown_inside(at, made)}
    if made.owed:
        minutes = [start - timedelta(days=9) + timedelta(minutes=30 * n) for n in range(48 * 21 + 1)]
        inside = [shown_inside(minute, made) for minute in minutes]
        begins = [m for (_, a), (m, b) in pairwise(zip(minutes, inside, strict=True)) if b and not a]
        for begin in begins:
            end = next((m for m, i in zip(minutes, inside, strict=True) if m > begin and not i), None)
            if end is not None and any(begin <= at < end for at in every):
                expected.add(end)
    assert walked(made, start, until) == sorted(at for at in expected if start < at <= until)


@settings(max_examples=80, deadline=None)
@given(cases(), st.integers(0, 10 * 86_400))
def test_any_question_finds_the_first_later_one(case, seconds: int) -> None:
    made, start, _ = case
    after = start + timedelta(seconds=seconds)
    found = made.next_after(after)
    assert found is not None
    assert found > after
    assert made.next_after(found - TICK) == found
    assert made.next_after(after + (found - after) / 2) == found
    assert from_spec(json.loads(json.dumps(made.spec()))) == made
    assert pickle.loads(pickle.dumps(made)) == made
