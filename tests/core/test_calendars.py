"""Calendars, and schedules without their days, on their days only, or moved off them: against brute force."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from counting import counting
from daily_oracle import instants, walked
from hypothesis import given, settings
from hypothesis import strategies as st

from asched.core.english.trigger import explain_trigger
from asched.core.hindsight.exclusions import Exclusion, excluded_at
from asched.core.localtime.calendars import Calendar, Span, calendar_from_spec, joined
from asched.core.localtime.coverage import coverage
from asched.core.localtime.cron import Cron
from asched.core.triggers.at import At
from asched.core.triggers.excluding import Excluding, Shift
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import refuse_what_never_fires
from asched.core.triggers.specs import from_spec
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.errors import ScheduleError

BERLIN = "Europe/Berlin"
APIA = "Pacific/Apia"  # had no 2011-12-30
TICK = timedelta(microseconds=1)
CHRISTMAS = Calendar(
    "de",
    days=((date(2026, 12, 25), "Christmas Day"), (date(2026, 12, 26), "Second Day of Christmas")),
    yearly=((1, 1, "New Year"),),
)
WEEKENDS = Calendar("weekends", weekdays=(0, 6))
NINE = Cron("0 9 * * *", BERLIN)
DECEMBER = datetime(2026, 12, 23, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local_days(trigger: Trigger, count: int, since: datetime = DECEMBER, tz: str = BERLIN) -> list[str]:
    return [
        f"{at.astimezone(ZoneInfo(tz)):%m-%d %H:%M}" for at in walked(trigger, since, since + timedelta(days=count))
    ]


# The values.


def test_order_and_duplicates_make_no_difference_and_labels_of_a_day_are_joined() -> None:
    one = Calendar(
        "x", days=((date(2026, 1, 2), "b"), (date(2026, 1, 1), ""), (date(2026, 1, 2), "a")), weekdays=(6, 0, 6)
    )
    other = Calendar("x", days=((date(2026, 1, 1), ""), (date(2026, 1, 2), "a; b")), weekdays=(0, 6))
    assert one == other
    assert hash(one) == hash(other)


def test_how_far_it_knows_does_not_make_it_another_calendar() -> None:
    assert Calendar("x", until=date(2026, 1, 1)) == Calendar("x")


def test_a_union_has_the_days_of_both_and_knows_as_far_as_the_one_that_knows_least() -> None:
    both = joined(
        "all", (Calendar("a", weekdays=(0,), until=date(2030, 1, 1)), Calendar("b", weekdays=(6,)), CHRISTMAS)
    )
    assert (both.name, both.weekdays, both.days, both.until) == ("all", (0, 6), CHRISTMAS.days, date(2030, 1, 1))
    assert (WEEKENDS | CHRISTMAS).name == "weekends"


@pytest.mark.parametrize(
    "made",
    [
        lambda: Calendar(""),
        lambda: Calendar("x", weekdays=(7,)),
        lambda: Calendar("x", yearly=((2, 30, ""),)),
        lambda: Calendar("x", yearly=((13, 1, ""),)),
        lambda: Span(DECEMBER, DECEMBER),
        lambda: Span(DECEMBER, datetime(2026, 12, 24)),  # noqa: DTZ001
    ],
)
def test_what_is_no_calendar_is_refused(made: Callable[[], object]) -> None:
    with pytest.raises(ScheduleError):
        made()


# Leaving days out, and keeping to them.


def test_covered_days_are_not_due() -> None:
    assert local_days(Excluding(NINE, (CHRISTMAS,), BERLIN), 5) == ["12-23 09:00", "12-24 09:00", "12-27 09:00"]
    assert local_days(OnlyOn(NINE, (CHRISTMAS,), BERLIN), 12) == ["12-25 09:00", "12-26 09:00", "01-01 09:00"]


def test_a_day_is_local_in_the_zone_of_the_exclusion() -> None:
    late = Cron("30 23 * * *")  # 00:30 of the next day in Berlin
    found = walked(Excluding(late, (CHRISTMAS,), BERLIN), DECEMBER, DECEMBER + timedelta(days=5))
    assert [at.day for at in found] == [23, 26, 27]


def test_spans_leave_out_hours() -> None:
    aware = Span(utc("2026-12-24T08:30"), utc("2026-12-24T10:00"), "meeting")
    naive = Span(datetime(2026, 12, 25, 13), datetime(2026, 12, 25, 14, 30), "lunch")  # noqa: DTZ001
    hourly = Excluding(Cron("0 * * * *", BERLIN), (Calendar("office", spans=(aware, naive)),), BERLIN)
    missing = [
        at
        for at in walked(Cron("0 * * * *", BERLIN), DECEMBER, DECEMBER + timedelta(days=4))
        if hourly.next_after(at - TICK) != at
    ]
    assert missing == [utc("2026-12-24T09:00"), utc("2026-12-25T12:00"), utc("2026-12-25T13:00")]
    assert excluded_at(hourly, utc("2026-12-25T12:00")) == Exclusion("office", "lunch")
    only = OnlyOn(Cron("0 * * * *", BERLIN), (Calendar("office", spans=(aware, naive)),), BERLIN)
    assert walked(only, DECEMBER, DECEMBER + timedelta(days=4)) == missing


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ("none", ["12-23 09:00", "12-24 09:00", "12-28 09:00", "12-29 09:00"]),
        ("next", ["12-23 09:00", "12-24 09:00", "12-28 09:00", "12-29 09:00"]),
    ],
)
def test_what_moves_onto_what_is_there_is_one_fire(shift: Shift, expected: list[str]) -> None:
    assert local_days(Excluding(NINE, (CHRISTMAS, WEEKENDS), BERLIN, shift), 7) == expected


@pytest.mark.parametrize(
    ("shift", "expected"),
    [("none", []), ("next", ["12-28 08:00"]), ("previous", ["12-24 08:00"])],
)
def test_a_payday_moves(shift: Shift, expected: list[str]) -> None:
    payday = Excluding(Cron("0 8 26 * *", BERLIN), (CHRISTMAS, WEEKENDS), BERLIN, shift)
    assert local_days(payday, 12) == expected


def test_what_moves_into_a_gap_is_due_at_its_end() -> None:
    """The night of 2026-03-29 has no 02:30, Saturday before it has."""
    saturdays = Calendar("saturdays", weekdays=(6,))
    moved = Excluding(Cron("30 2 * * 6", BERLIN), (saturdays,), BERLIN, "next")
    assert walked(moved, utc("2026-03-27T00:00"), utc("2026-03-30T00:00")) == [utc("2026-03-29T01:00")]


def test_what_moves_into_a_fold_is_due_in_its_first_pass() -> None:
    saturdays = Calendar("saturdays", weekdays=(6,))
    moved = Excluding(Cron("30 2 * * 6", BERLIN), (saturdays,), BERLIN, "next")
    assert walked(moved, utc("2026-10-23T00:00"), utc("2026-10-26T00:00")) == [utc("2026-10-25T00:30")]


def test_what_moved_into_the_first_pass_is_over_in_the_second() -> None:
    saturdays = Calendar("saturdays", weekdays=(6,))
    moved = Excluding(Cron("0,20,40 2 * * 6", BERLIN), (saturdays,), BERLIN, "next")
    assert moved.next_after(utc("2026-10-25T01:05")) == utc("2026-11-01T01:00")
    # Clocks in St. John's went back from 00:01 on Sunday to 23:01 on Saturday.
    moved = Excluding(Cron("0 0 * * 6", "America/St_Johns"), (saturdays,), "America/St_Johns", "next")
    assert moved.next_after(utc("2010-11-07T02:00")) == utc("2010-11-07T02:30")
    assert moved.next_after(utc("2010-11-07T03:00")) == utc("2010-11-14T03:30")


# Refused.


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Excluding(AfterFinish(timedelta(seconds=5)), (WEEKENDS,)), "counts from the end of a run"),
        (lambda: OnlyOn(AfterFinish(timedelta(seconds=5)), (WEEKENDS,)), "counts from the end of a run"),
        (lambda: Excluding(Startup(), (WEEKENDS,)), "no instant on the calendar"),
        (lambda: Excluding(NINE, ()), "needs a calendar"),
        (lambda: Excluding(NINE, (Calendar("all", weekdays=tuple(range(7))),)), "all leaves no day"),
        (lambda: OnlyOn(NINE, (Calendar("none"),)), "none has no day"),
        (lambda: Excluding(NINE, (WEEKENDS,), "Mars/Base"), "unknown time zone"),
        (lambda: Excluding(NINE, (WEEKENDS,), shift="later"), 'shift "later" is not one of'),  # type: ignore[arg-type]
        (
            lambda: Excluding(NINE, (Calendar("x", spans=(Span(DECEMBER, DECEMBER + TICK),)),), shift="next"),
            "holds spans of time",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(made: Callable[[], object], message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        made()


@pytest.mark.parametrize(
    "trigger",
    [
        Excluding(Cron("0 9 * * SAT,SUN", BERLIN), (WEEKENDS,), BERLIN),
        Excluding(Cron("0 9 1 1 *", BERLIN), (CHRISTMAS,), BERLIN),
        Excluding(At(utc("2026-12-25T12:00")), (CHRISTMAS,)),
        OnlyOn(Cron("0 9 * * MON", BERLIN), (WEEKENDS,), BERLIN),
        OnlyOn(Cron("* * 3 5 *", BERLIN), (CHRISTMAS,), BERLIN),
    ],
)
def test_what_never_fires_is_found_and_quickly(trigger: Trigger) -> None:
    with counting() as calls, pytest.raises(ScheduleError, match="never"):
        refuse_what_never_fires(trigger)
    assert calls.count < 400_000


def test_what_fires_or_may_is_let_through() -> None:
    refuse_what_never_fires(Excluding(NINE, (CHRISTMAS,), BERLIN))
    refuse_what_never_fires(Excluding(Every(timedelta(days=7)), (WEEKENDS,)))
    refuse_what_never_fires(OnlyOn(NINE, (Calendar("old", days=((date(2001, 1, 1), ""),)),)))


def test_it_goes_over_covered_days_without_looking_at_each_second() -> None:
    august = Calendar("closed", days=tuple((date(2026, 8, day), "") for day in range(1, 32)))
    with counting() as calls:
        found = Excluding(Cron("* * * * * *", BERLIN), (august,), BERLIN).next_after(utc("2026-07-31T21:59:59"))
        assert found == utc("2026-08-31T22:00")
        assert Excluding(Every(TICK, DECEMBER), (CHRISTMAS,)).next_after(utc("2026-12-24T23:59:59.999999")) == utc(
            "2026-12-27"
        )
        for shift in ("next", "previous"):
            moved = Excluding(Cron("*/7 * * * * *", BERLIN), (august,), BERLIN, shift)  # type: ignore[arg-type]
            assert moved.next_after(utc("2026-07-30T00:00")) is not None
            assert moved.next_after(utc("2026-08-31T23:00")) is not None
    assert calls.count < 100_000


# Telling why.


def test_which_calendar_left_an_instant_out() -> None:
    daily = Excluding(NINE, (CHRISTMAS, WEEKENDS), BERLIN)
    assert excluded_at(daily, utc("2026-12-25T08:00")) == Exclusion("de", "Christmas Day")
    assert excluded_at(daily, utc("2026-12-27T08:00")) == Exclusion("weekends", "Sunday")
    assert excluded_at(daily, utc("2027-01-01T08:00")) == Exclusion("de", "New Year")
    assert excluded_at(daily, utc("2026-12-24T08:00")) is None  # it is due
    assert excluded_at(daily, utc("2026-12-25T09:00")) is None  # it never would have been


def test_it_is_found_inside_of_others() -> None:
    daily = Excluding(NINE, (CHRISTMAS,), BERLIN)
    union = AnyOf((daily, Cron("0 12 * * *", BERLIN)))
    assert excluded_at(union, utc("2026-12-25T08:00")) == Exclusion("de", "Christmas Day")
    assert excluded_at(AnyOf((daily, NINE)), utc("2026-12-25T08:00")) is None
    assert excluded_at(AnyOf((daily, Startup())), utc("2026-12-25T08:00")) == Exclusion("de", "Christmas Day")
    twice = Excluding(daily, (WEEKENDS,), BERLIN)
    assert excluded_at(twice, utc("2026-12-25T08:00")) == Exclusion("de", "Christmas Day")
    assert excluded_at(OnlyOn(NINE, (CHRISTMAS,), BERLIN), utc("2026-12-24T08:00")) == Exclusion(
        "de", "not one of its days"
    )


def test_a_day_without_a_label_is_its_date() -> None:
    bare = Calendar("own", days=((date(2026, 12, 24), ""),), yearly=((12, 31, ""),))
    daily = Excluding(NINE, (bare,), BERLIN)
    assert excluded_at(daily, utc("2026-12-24T08:00")) == Exclusion("own", "2026-12-24")
    assert excluded_at(daily, utc("2026-12-31T08:00")) == Exclusion("own", "12-31")


@pytest.mark.parametrize(
    ("trigger", "text", "words"),
    [
        (
            Excluding(NINE, (WEEKENDS, CHRISTMAS), BERLIN),
            "0 9 * * * except de, weekends",
            "every day at 09:00 (Europe/Berlin), except on the days of de and weekends",
        ),
        (
            Excluding(NINE, (CHRISTMAS,), BERLIN, "next"),
            "0 9 * * * except de, moved to the next free day",
            "every day at 09:00 (Europe/Berlin), except on the days of de; what falls on them moves to the next day"
            " that is free",
        ),
        (
            OnlyOn(AnyOf((NINE, Cron("30 10 * * *", BERLIN))), (CHRISTMAS,), BERLIN),
            "(0 9 * * * | 30 10 * * *) & de",
            "(every day at 09:00 (Europe/Berlin); and every day at 10:30 (Europe/Berlin)), only on the days of de",
        ),
    ],
)
def test_in_words(trigger: Trigger, text: str, words: str) -> None:
    assert trigger.text() == text
    assert explain_trigger(trigger) == words


def test_starts_of_the_scheduler_are_no_instants_and_stay() -> None:
    union = AnyOf((NINE, Startup()))
    assert Excluding(union, (CHRISTMAS,)).startup == Startup()
    assert OnlyOn(union, (CHRISTMAS,)).startup == Startup()


def test_anchoring_reaches_inside() -> None:
    every = Every(timedelta(hours=1))
    assert Excluding(every, (CHRISTMAS,)).anchored(DECEMBER) == Excluding(
        Every(timedelta(hours=1), DECEMBER), (CHRISTMAS,)
    )
    assert OnlyOn(every, (CHRISTMAS,)).anchored(DECEMBER).next_after(DECEMBER) == utc("2026-12-25T00:00")


# Against brute force: walk over the schedule itself, look at a clock for each instant.

ZONES = [
    "UTC",
    BERLIN,
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "America/St_Johns",
    "Africa/Cairo",
]
zones = st.sampled_from(ZONES)
# Around offset changes of these zones, some of them at midnight.
starts = st.sampled_from([datetime(2026, 3, 6), datetime(2026, 4, 2), datetime(2026, 9, 3), datetime(2010, 11, 1)])  # noqa: DTZ001
dates = st.integers(0, 40).map(lambda ahead: timedelta(days=ahead))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Trigger, tuple[Calendar, ...], str, datetime]:
    tz, start = draw(zones), draw(starts).replace(tzinfo=UTC)
    ahead = draw(st.lists(dates, max_size=14))
    yearly = [(start + day).date() for day in draw(st.lists(dates, max_size=2))]
    calendar = Calendar(
        "drawn",
        days=tuple(((start + day).date(), "") for day in ahead),
        yearly=tuple((day.month, day.day, "") for day in yearly),
        weekdays=draw(st.sampled_from([(), (), (0,), (0, 6), (1, 2, 3)])),
    )
    trigger = draw(
        st.sampled_from(
            [
                Cron("0 9 * * *", tz),
                Cron("30 0,2 * * *", tz),
                Cron("15,45 * * * *", tz),
                Cron("0 12 */9 * *", tz),
                Cron("30 23 * * 5", tz),
                Every(timedelta(hours=7), start),
                Every(timedelta(minutes=31), start),
            ]
        )
    )
    return trigger, (calendar, CHRISTMAS), tz, start


def is_covered(at: datetime, calendars: tuple[Calendar, ...], tz: str) -> bool:
    return day_is_covered(at.astimezone(ZoneInfo(tz)).date(), calendars)


def day_is_covered(day: date, calendars: tuple[Calendar, ...]) -> bool:
    return any(
        day in [each for each, _ in calendar.days]
        or (day.month, day.day) in [(month, number) for month, number, _ in calendar.yearly]
        or day.isoweekday() % 7 in calendar.weekdays
        for calendar in calendars
    )


@settings(max_examples=80, deadline=None)
@given(cases())
def test_leaving_out_and_keeping_to_are_what_a_walk_finds(case) -> None:
    trigger, calendars, tz, start = case
    until = start + timedelta(days=45)
    every = walked(trigger, start, until)
    left = [at for at in every if not is_covered(at, calendars, tz)]
    assert walked(Excluding(trigger, calendars, tz), start, until) == left
    assert walked(OnlyOn(trigger, calendars, tz), start, until) == [at for at in every if at not in set(left)]


@pytest.mark.parametrize(
    ("shift", "covered", "expected"),
    [
        ("previous", 31, ["12-28 09:00", "12-29 09:00", "01-01 09:00"]),  # merged with what is due there
        ("next", 29, ["12-28 09:00", "12-31 09:00", "01-01 09:00"]),
    ],
)
def test_nothing_moves_onto_the_day_that_a_zone_skipped(shift: Shift, covered: int, expected: list[str]) -> None:
    closed = Calendar("x", days=((date(2011, 12, covered), ""),))
    nine = Cron("0 9 * * *", APIA, "skip")
    moved = Excluding(nine, (closed,), APIA, shift)
    assert local_days(moved, 4, utc("2011-12-28T12:00"), APIA) == expected
    once = Excluding(At(utc(f"2011-12-{covered}T06:00")), (closed,), APIA, shift)
    assert len(walked(once, utc("2011-12-20"), utc("2012-01-10"))) == 1


@pytest.mark.parametrize("shift", ["previous", "next"])
def test_a_row_of_covered_days_goes_on_across_a_skipped_one(shift: Shift) -> None:
    closed = Calendar("x", days=((date(2011, 12, 29), ""), (date(2011, 12, 31), "")))
    moved = Excluding(Cron("0 9 29,31 12 *", APIA, "skip"), (closed,), APIA, shift)
    landed = {"previous": "12-28 09:00", "next": "01-01 09:00"}[shift]
    assert local_days(moved, 10, utc("2011-12-25T00:00"), APIA) == [landed]


@settings(max_examples=80, deadline=None)
@given(cases(), st.sampled_from(["next", "previous"]))
def test_moving_is_what_a_walk_finds(case, shift: Shift) -> None:
    trigger, calendars, tz, start = case
    margin, length = timedelta(days=60), timedelta(days=45)
    step = timedelta(days=1 if shift == "next" else -1)
    found = set()
    for at in walked(trigger, start - margin, start + length + margin):
        local = at.astimezone(ZoneInfo(tz)).replace(tzinfo=None)
        if not day_is_covered(local.date(), calendars):
            found.add(at)
            continue
        while day_is_covered(local.date(), calendars):
            local += step
        found.update(instants(local, tz))
    expected = sorted(at for at in found if start < at <= start + length)
    moved = Excluding(trigger, calendars, tz, shift)
    assert walked(moved, start, start + length) == expected


@settings(max_examples=80, deadline=None)
@given(cases(), st.sampled_from(["none", "next", "previous"]), st.integers(0, 45 * 86_400))
def test_any_question_finds_the_first_later_one(case, shift: Shift, seconds: int) -> None:
    trigger, calendars, tz, start = case
    after = start + timedelta(seconds=seconds)
    for made in (Excluding(trigger, calendars, tz, shift), OnlyOn(trigger, calendars, tz)):
        found = made.next_after(after)
        if found is not None:
            assert found > after
            assert made.next_after(found - TICK) == found
            assert made.next_after(after + (found - after) / 2) == found


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from(["none", "next", "previous"]))
def test_they_survive_json_and_pickling(case, shift: Shift) -> None:
    trigger, calendars, tz, _ = case
    for made in (Excluding(trigger, calendars, tz, shift), OnlyOn(trigger, calendars, tz)):
        assert from_spec(json.loads(json.dumps(made.spec()))) == made
        assert pickle.loads(pickle.dumps(made)) == made
        assert hash(pickle.loads(pickle.dumps(made))) == hash(made)


def test_spans_survive_json() -> None:
    spans = (Span(DECEMBER, DECEMBER + TICK, "x"), Span(datetime(2026, 1, 1), datetime(2026, 1, 2)))  # noqa: DTZ001
    calendar = Calendar("s", spans=spans)
    assert calendar_from_spec(json.loads(json.dumps(calendar.spec()))) == calendar


@settings(max_examples=100, deadline=None)
@given(cases(), st.integers(0, 45 * 86_400))
def test_where_a_cover_begins_and_ends(case, seconds: int) -> None:
    _, calendars, tz, start = case
    at = start + timedelta(seconds=seconds)
    cover = coverage(calendars, tz)
    leaves, enters = cover.leaves(at), cover.enters(at)
    assert (cover.at(at) is not None) == is_covered(at, calendars, tz)
    assert leaves is not None
    assert enters is not None
    for found, covered in ((leaves, False), (enters, True)):
        assert is_covered(found, calendars, tz) == covered
        if found > at:
            minutes = range(int((found - at).total_seconds() // 600) + 1)
            assert all(
                is_covered(at + timedelta(minutes=10 * n), calendars, tz) != covered
                for n in minutes
                if at + timedelta(minutes=10 * n) < found
            )
            assert is_covered(found - TICK, calendars, tz) != covered
