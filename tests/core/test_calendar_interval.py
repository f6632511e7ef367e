"""Every so many days, weeks, months or years: against a walk over the calendar, and at offset changes."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from counting import counting
from daily_oracle import days, fires, instants, last_day, walked
from hypothesis import given, settings
from hypothesis import strategies as st

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.monthdays import LastDay, LastWeekday, LastWorkday, NearestWorkday, NthWeekday
from asched.core.triggers.calendarinterval import CalendarInterval
from asched.core.triggers.specs import from_spec
from asched.errors import ScheduleError

BERLIN = "Europe/Berlin"
FRIDAY = datetime(2026, 11, 20, 11, tzinfo=UTC)  # noon in Berlin
NINE, EIGHT = 9 * 3600, 8 * 3600


def upcoming(text: str, n: int, at: datetime = FRIDAY, tz: str = BERLIN) -> list[str]:
    trigger, found = parse_schedule(text, tz=tz).anchored(at), []
    for _ in range(n):
        following = trigger.next_after(at)
        assert following is not None
        at = following
        found.append(f"{at.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 2 weeks on monday at 09:00", ["2026-11-23 09:00", "2026-12-07 09:00", "2026-12-21 09:00"]),
        ("every other week on tue at 9:00", ["2026-11-24 09:00", "2026-12-08 09:00"]),
        # Friday at 09:00 is over, so the week that counts is the next one, whole.
        ("every 2 weeks on fri, mon at 09:00", ["2026-11-23 09:00", "2026-11-27 09:00", "2026-12-07 09:00"]),
        ("every 2 weeks on friday at 13:00", ["2026-11-20 13:00", "2026-12-04 13:00"]),
        ("every week on weekends at 10:00", ["2026-11-21 10:00", "2026-11-22 10:00", "2026-11-28 10:00"]),
        ("every 2 weeks at 09:00", ["2026-11-21 09:00", "2026-12-05 09:00"]),
        ("every 3 days at 09:00, 17:00", ["2026-11-20 17:00", "2026-11-23 09:00", "2026-11-23 17:00"]),
        ("every 3 months on the 31st at 08:00", ["2026-11-30 08:00", "2027-02-28 08:00", "2027-05-31 08:00"]),
        (
            "every 3 months on the 31st at 08:00 skipping short months",
            ["2026-12-31 08:00", "2027-03-31 08:00", "2027-12-31 08:00"],
        ),
        ("every 2 months on the 1st and 15th at 08:00", ["2026-12-01 08:00", "2026-12-15 08:00", "2027-02-01 08:00"]),
        ("every month on the 30th, 31st at 08:00", ["2026-11-30 08:00", "2026-12-30 08:00", "2026-12-31 08:00"]),
        ("every 2 months on the last day at 08:00", ["2026-11-30 08:00", "2027-01-31 08:00", "2027-03-31 08:00"]),
        ("every 2 months on the last workday at 08:00", ["2026-11-30 08:00", "2027-01-29 08:00"]),
        ("every 6 months on the 2nd tuesday at 08:00", ["2026-12-08 08:00", "2027-06-08 08:00"]),
        ("every 2 months on the last friday at 17:00", ["2026-11-27 17:00", "2027-01-29 17:00"]),
        ("every year on february 29 at 10:00", ["2027-02-28 10:00", "2028-02-29 10:00", "2029-02-28 10:00"]),
        ("every year on 29 feb at 10:00 skipping short months", ["2028-02-29 10:00", "2032-02-29 10:00"]),
        ("every 2 years on the last friday of november at 8:00", ["2026-11-27 08:00", "2028-11-24 08:00"]),
        ("every 2 weeks on monday at 09:00 from 2026-11-30", ["2026-11-30 09:00", "2026-12-14 09:00"]),
        ("every 2 weeks on monday at noon from 2026-11-30", ["2026-11-30 12:00", "2026-12-14 12:00"]),
        ("every 2 weeks on monday at 09:00 from 2026-11-16T09:00", ["2026-11-30 09:00", "2026-12-14 09:00"]),
    ],
)
def test_what_a_phrase_means(text: str, expected: list[str]) -> None:
    assert upcoming(text, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "message", "span", "help"),
    [
        ("every 2 weeks on moonday at 9:00", '"moonday" is not a weekday', "moonday", 'did you mean "monday"?'),
        ("every 2 weeks on mon and fryday at 9:00", '"fryday" is not a weekday', "fryday", 'did you mean "friday"?'),
        ("every 2 weeks on monday", "at what time?", None, "every 2 weeks on monday at 09:00"),
        ("every 2 weeks on monday at 25:00", '"25:00" is not a time of day', "25:00", "02:30"),
        ("every 0 weeks on monday at 02:00", "every 0 weeks is never", "0", "count from 1"),
        ("every 3 months", "on which day?", None, "every 3 months on the 1st at 08:00"),
        ("every month at 09:00", "on which day?", None, "every 3 months on the 1st at 08:00"),
        ("every 2 months on the 32nd at 8:00", '"the 32nd" is not a day of the month', "the 32nd", "the last day"),
        ("every month on the last fridays at 8:00", "is not a day of the month", "the last fridays", "tuesday"),
        ("every year on the 1st at 8:00", "in which month?", "the 1st", "march 1"),
        ("every year on march at 8:00", "on which day?", "march", "march 1"),
        ("every year on march 1, april 1 at 8:00", "one month, please", "march 1, april 1", "march 1"),
        ("every year on february 30 at 10:00", "there is no February 30", "february 30", ""),
        ("every 2 days on monday at 9:00", "needs no day", "monday", "every 3 days at 09:00"),
        ("every 2 days at 9:00 skipping short months", "no day is a short month", " skipping short months", "leave"),
        ("every 2 days at 9:00 from tomorrow", '"tomorrow" is not an instant', "tomorrow", "2026-12-24"),
    ],
)
def test_what_is_not_understood_is_pointed_at(text: str, message: str, span: str | None, help: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, tz=BERLIN)
    error = caught.value
    assert message in error.message
    assert help in error.help
    assert error.text == text
    start, end = error.span or (0, 0)
    assert text[start:end] == (span or text)


def test_a_complaint_within_a_list_points_into_the_whole() -> None:
    text = "@daily | every 2 weeks on moonday at 9:00"
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    start, end = caught.value.span or (0, 0)
    assert text[start:end] == "moonday"


@pytest.mark.parametrize("text", ["every day at 10:30", "every 2 weeks", "every 3 days", "every year", "every month"])
def test_what_is_a_cron_or_a_length_of_time_stays_one(text: str) -> None:
    assert not isinstance(parse_schedule(text), CalendarInterval)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 2 weeks on fri, mon at 17:00, 9:00", "every 2 weeks on Monday and Friday at 09:00 and 17:00"),
        (
            "every 3 months on the 31st at 08:00",
            "every 3 months on the 31st (the last day of a shorter month) at 08:00",
        ),
        (
            "every month on the 30th at 08:00 skipping short months",
            "every month on the 30th (not in a shorter month) at 08:00",
        ),
        ("every 2 months on the 15th and last friday at 8:00", "every 2 months on the 15th and last Friday at 08:00"),
        ("every year on the last friday of november at 8:00", "every year on the last Friday of November at 08:00"),
        (
            "every 3 days at 9:00 from 2026-01-05",
            "every 3 days at 09:00, counted from 2026-01-05 00:00:00 UTC",
        ),
    ],
)
def test_in_words(text: str, expected: str) -> None:
    assert explain_trigger(parse_schedule(text)) == expected


def test_the_zone_and_the_rule_for_offset_changes_are_told() -> None:
    trigger = parse_schedule("every 2 weeks on monday at 09:00", tz=BERLIN, dst="skip")
    assert explain_trigger(trigger) == "every 2 weeks on Monday at 09:00 (Europe/Berlin, dst: skip)"


@pytest.mark.parametrize(
    "made",
    [
        lambda: CalendarInterval(0, "day", (NINE,)),
        lambda: CalendarInterval(1, "day", ()),
        lambda: CalendarInterval(1, "day", (86_400,)),
        lambda: CalendarInterval(1, "day", (NINE,), on=(1,)),
        lambda: CalendarInterval(1, "week", (NINE,), on=(7,)),
        lambda: CalendarInterval(1, "week", (NINE,), on=(LastDay(),)),
        lambda: CalendarInterval(1, "month", (NINE,)),
        lambda: CalendarInterval(1, "month", (NINE,), on=(0,)),
        lambda: CalendarInterval(1, "month", (NINE,), on=(NearestWorkday(3),)),
        lambda: CalendarInterval(1, "month", (NINE,), on=(1,), month=2),
        lambda: CalendarInterval(1, "year", (NINE,), on=(1,)),
        lambda: CalendarInterval(1, "year", (NINE,), on=(31,), month=6),
        lambda: CalendarInterval(1, "day", (NINE,), tz="Mars/Base"),
    ],
)
def test_what_can_never_be_is_refused(made) -> None:
    with pytest.raises(ScheduleError):
        made()


def test_without_an_anchor_it_has_no_instants() -> None:
    with pytest.raises(ScheduleError, match="needs an anchor"):
        CalendarInterval(1, "day", (NINE,)).next_after(FRIDAY)


def test_an_anchor_that_is_there_stays() -> None:
    anchored = CalendarInterval(2, "day", (NINE,), anchor=FRIDAY)
    assert anchored.anchored(FRIDAY + timedelta(days=1)) == anchored


def test_order_and_duplicates_make_no_difference() -> None:
    one = CalendarInterval(1, "week", (NINE, EIGHT, NINE), on=(1, 3, 1))
    assert one == CalendarInterval(1, "week", (EIGHT, NINE), on=(3, 1))


# Offset changes: the wall time is a fixed time (T4, T5).

SPRING = datetime(2026, 3, 27, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dst", "spring", "autumn"),
    [
        ("auto", ["01:00"], ["00:30"]),
        ("first", ["01:00"], ["00:30"]),
        ("last", ["01:00"], ["01:30"]),
        ("both", ["01:00"], ["00:30", "01:30"]),
        ("skip", [], ["00:30"]),
    ],
)
def test_gaps_and_folds(dst, spring: list[str], autumn: list[str]) -> None:
    for since, night, expected in ((SPRING, 29, spring), (AUTUMN, 25, autumn)):
        daily = CalendarInterval(1, "day", (9000,), tz=BERLIN, dst=dst, anchor=since)  # 02:30
        found = walked(daily, since, since + timedelta(days=5))
        assert [f"{at:%H:%M}" for at in found if at.astimezone(ZoneInfo(BERLIN)).day == night] == expected


def test_times_in_one_gap_are_one_fire() -> None:
    daily = CalendarInterval(1, "day", (7200, 9000, 10_800), tz=BERLIN, anchor=SPRING)  # 02:00, 02:30, 03:00
    found = walked(daily, SPRING, SPRING + timedelta(days=4))
    assert [at for at in found if at.day == 29 and at.month == 3] == [datetime(2026, 3, 29, 1, tzinfo=UTC)]


def test_a_day_that_a_zone_leaves_out() -> None:
    """Apia had no 30 December 2011."""
    since = datetime(2011, 12, 27, tzinfo=UTC)
    daily = CalendarInterval(1, "day", (NINE,), tz="Pacific/Apia", anchor=since)
    local = [at.astimezone(ZoneInfo("Pacific/Apia")) for at in walked(daily, since, since + timedelta(days=5))]
    assert [f"{at:%d %H:%M}" for at in local] == [
        "27 09:00",
        "28 09:00",
        "29 09:00",
        "31 00:00",
        "31 09:00",
        "01 09:00",
    ]


# Against a walk over the calendar.

zones = st.sampled_from(
    ["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"]
)
rules = st.sampled_from(["auto", "skip", "first", "last", "both"])
minutes = st.integers(0, 1439).map(lambda minute: 60 * minute)
times = st.lists(minutes, min_size=1, max_size=3, unique=True).map(tuple)
anchors = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC, microsecond=0)
)
month_days = st.one_of(
    st.integers(1, 31),
    st.just(LastDay()),
    st.just(LastWorkday()),
    st.builds(NthWeekday, st.integers(0, 6), st.integers(1, 5)),
    st.builds(LastWeekday, st.integers(0, 6)),
)
intervals = st.one_of(
    st.builds(CalendarInterval, st.integers(1, 40), st.just("day"), times, tz=zones, dst=rules, anchor=anchors),
    st.builds(
        CalendarInterval,
        st.integers(1, 9),
        st.just("week"),
        times,
        st.lists(st.integers(0, 6), min_size=1, max_size=4).map(tuple),
        tz=zones,
        dst=rules,
        anchor=anchors,
    ),
    st.builds(
        CalendarInterval,
        st.integers(1, 15),
        st.just("month"),
        times,
        st.lists(month_days, min_size=1, max_size=3).map(tuple),
        tz=zones,
        dst=rules,
        skip_short=st.booleans(),
        anchor=anchors,
    ),
    st.builds(
        CalendarInterval,
        st.integers(1, 3),
        st.just("year"),
        times,
        st.lists(month_days.filter(lambda day: not isinstance(day, int) or day < 30), min_size=1, max_size=2).map(
            tuple
        ),
        month=st.integers(1, 12),
        tz=zones,
        dst=rules,
        skip_short=st.booleans(),
        anchor=anchors,
    ),
)


def is_on(day: date, on: object, skip: bool) -> bool:
    last = last_day(day)
    match on:
        case int():
            return day.day == on or (on > last and day.day == last and not skip)
        case LastDay():
            return day.day == last
        case LastWorkday():
            workdays = [d for d in range(1, last + 1) if day.replace(day=d).weekday() < 5]
            return day.day == workdays[-1]
        case NthWeekday(weekday, nth):
            return day.isoweekday() % 7 == weekday and (day.day + 6) // 7 == nth
        case LastWeekday(weekday):
            return day.isoweekday() % 7 == weekday and day.day > last - 7
    raise AssertionError(on)


def period(day: date, unit: str) -> int:
    monday = day - timedelta(days=day.weekday())
    return {
        "day": day.toordinal(),
        "week": monday.toordinal() // 7,
        "month": day.year * 12 + day.month,
        "year": day.year,
    }[unit]


def expected(interval: CalendarInterval, count: int) -> list[datetime]:
    """All its instants in `count` days from its anchor."""
    assert interval.anchor is not None
    start = interval.anchor.astimezone(ZoneInfo(interval.tz)).replace(tzinfo=None)
    clocks = [time(seconds // 3600, seconds % 3600 // 60) for seconds in interval.times]

    def fits(day: date) -> bool:
        match interval.unit:
            case "day":
                return True
            case "week":
                return day.isoweekday() % 7 in interval.on
            case "month":
                return any(is_on(day, on, interval.skip_short) for on in interval.on)
            case "year":
                return day.month == interval.month and any(is_on(day, on, interval.skip_short) for on in interval.on)

    walls = (datetime.combine(day, at) for day in days(start.date(), count) if fits(day) for at in sorted(clocks))
    first = next((wall for wall in walls if wall >= start), None)
    if first is None:
        return []

    def counts(day: date) -> bool:
        return fits(day) and (period(day, interval.unit) - period(first.date(), interval.unit)) % interval.count == 0

    found = fires(counts, clocks, first.date(), count - (first.date() - start.date()).days, interval.tz, interval.dst)
    early = {
        at for clock in clocks for at in instants(datetime.combine(first.date(), clock), interval.tz, interval.dst)
    }
    early -= {
        at
        for clock in clocks
        if datetime.combine(first.date(), clock) >= first
        for at in instants(datetime.combine(first.date(), clock), interval.tz, interval.dst)
    }
    return [at for at in found if at not in early and at >= interval.anchor]


@settings(max_examples=250, deadline=None)
@given(intervals)
def test_it_is_what_a_walk_over_the_calendar_finds(interval: CalendarInterval) -> None:
    assert interval.anchor is not None
    count = {"day": 150, "week": 200, "month": 800, "year": 1600}[interval.unit]
    until = interval.anchor + timedelta(days=count - 3)
    found = walked(interval, interval.anchor - timedelta(days=3), until)
    assert found == [at for at in expected(interval, count) if at <= until]


@settings(max_examples=250, deadline=None)
@given(intervals, anchors)
def test_any_question_finds_the_first_later_one(interval: CalendarInterval, after: datetime) -> None:
    found = interval.next_after(after)
    if found is not None:
        assert found > after
        assert interval.next_after(found - timedelta(microseconds=1)) == found
        middle = after + (found - after) / 2
        assert interval.next_after(middle) == found


@given(intervals, st.booleans())
def test_it_survives_json_text_and_pickling(interval: CalendarInterval, anchored: bool) -> None:
    if not anchored:
        interval = CalendarInterval(
            interval.count, interval.unit, interval.times, interval.on, interval.month, interval.tz, interval.dst
        )
    assert from_spec(json.loads(json.dumps(interval.spec()))) == interval
    assert parse_schedule(interval.text(), tz=interval.tz, dst=interval.dst) == interval
    assert pickle.loads(pickle.dumps(interval)) == interval
    assert explain_trigger(interval) == " ".join(explain_trigger(interval).split())


@pytest.mark.parametrize(
    "interval",
    [
        CalendarInterval(1000, "month", (NINE,), on=(31,), skip_short=True, anchor=FRIDAY),
        CalendarInterval(48, "month", (NINE,), on=(NthWeekday(0, 5),), anchor=FRIDAY),
        CalendarInterval(97, "year", (NINE,), on=(29,), month=2, skip_short=True, anchor=FRIDAY),
        CalendarInterval(10**12, "week", (NINE,), on=(1,), anchor=FRIDAY),
    ],
)
def test_a_rare_one_ends_quickly(interval: CalendarInterval) -> None:
    at, asked = FRIDAY, 1
    with counting() as calls:
        while (following := interval.next_after(at)) is not None:
            at, asked = following, asked + 1
    assert calls.count < 20_000 * asked
