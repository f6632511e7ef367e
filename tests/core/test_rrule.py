"""Recurrence rules: the wall times against dateutil, the zones against brute force, and what they cost."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from counting import counting
from daily_oracle import fires, walked
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.recurrence import Recurrence, parse_recurrence
from asched.core.localtime.recurringwalls import RecurringWalls
from asched.core.triggers.rrule import RRule
from asched.core.triggers.specs import from_spec
from asched.errors import ScheduleError

BERLIN = "Europe/Berlin"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
START = datetime(2026, 1, 5, 9)  # noqa: DTZ001  a Monday
NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)


def seconds(wall: datetime) -> int:
    return int((wall - EPOCH).total_seconds())


def ours(rule: str, start: datetime, n: int) -> list[datetime]:
    parsed = parse_recurrence(rule)
    until = None if parsed.until is None else seconds(parsed.until)
    walls, at, found = RecurringWalls(parsed, seconds(start), until), seconds(start), []
    while len(found) < n and (wall := walls.at_or_after(at)) is not None:
        found.append(EPOCH + timedelta(seconds=wall))
        at = wall + 1
    return found


def theirs(rule: str, start: datetime, n: int) -> list[datetime]:
    return list(islice(rrulestr(rule, dtstart=start), n))


@pytest.mark.parametrize(
    "rule",
    [
        # Those of RFC 5545, 3.8.5.3, but for the one with two EXDATEs.
        "FREQ=DAILY;COUNT=10",
        "FREQ=DAILY;UNTIL=20261224T000000",
        "FREQ=DAILY;INTERVAL=2",
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        "FREQ=YEARLY;UNTIL=20300131T140000;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "FREQ=DAILY;UNTIL=20300131T140000;BYMONTH=1",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "FREQ=WEEKLY;UNTIL=20271007T000000;WKST=SU;BYDAY=TU,TH",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "FREQ=HOURLY;INTERVAL=3;UNTIL=20260902T170000",
        "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
        "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        # And some more corners.
        "FREQ=YEARLY;BYWEEKNO=53,-1;BYDAY=MO,SU",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SA,TH;WKST=SU",
        "FREQ=YEARLY;BYYEARDAY=-1,366",
        "FREQ=YEARLY;BYDAY=-1SU,53MO",
        "FREQ=SECONDLY;INTERVAL=4000",
        "FREQ=SECONDLY;INTERVAL=7;BYMINUTE=0,30;BYSECOND=0,1,2,3,4,5",
        "FREQ=HOURLY;INTERVAL=36;BYMONTH=2",
        "FREQ=HOURLY;BYMINUTE=0,15,30;BYSETPOS=-1",
        "FREQ=DAILY;BYHOUR=8,12;BYMINUTE=0,30;BYSETPOS=1,-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_wall_times_are_those_of_dateutil(rule: str) -> None:
    for start in (START, datetime(2024, 2, 29, 23, 59, 58), datetime(2027, 1, 1)):  # noqa: DTZ001
        assert ours(rule, start, 25) == theirs(rule, start, 25)


def test_positions_count_within_whole_weeks_from_the_first_on() -> None:
    rule, thursday = "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=8,20;BYSETPOS=2,-2", datetime(2026, 1, 8)  # noqa: DTZ001
    assert [f"{at:%a %H}" for at in ours(rule, thursday, 4)] == ["Fri 08", "Mon 20", "Fri 08", "Mon 20"]


def test_a_list_of_days_may_mix_numbered_ones_with_others() -> None:
    assert [at.day for at in ours("FREQ=MONTHLY;BYDAY=MO,1TU", START, 6)] == [5, 6, 12, 19, 26, 2]


def numbers(low: int, high: int, *, negative: bool = False, most: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    one = st.integers(low, high)
    return st.lists(one | one.map(lambda n: -n) if negative else one, max_size=most, unique=True).map(tuple)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]))
    often = freq in ("MINUTELY", "SECONDLY")
    weekday = st.integers(0, 6)
    nth = {"YEARLY": st.integers(-8, 8), "MONTHLY": st.integers(-4, 4)}.get(freq, st.just(0))
    given = {
        "bymonth": numbers(1, 12) if not often else st.just(()),
        "byday": st.lists(st.tuples(nth, weekday), max_size=3).map(tuple) if not often else st.just(()),
        "bymonthday": numbers(1, 31, negative=True) if freq not in ("WEEKLY",) and not often else st.just(()),
        "byyearday": numbers(1, 366, negative=True) if freq == "YEARLY" else st.just(()),
        "byhour": numbers(0, 23),
        "byminute": numbers(0, 59),
        "bysecond": numbers(0, 59),
        "bysetpos": numbers(1, 6, negative=True, most=2),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(given)), max_size=3))
    values = {name: draw(given[name]) for name in sorted(chosen)}
    interval = draw(st.integers(1, 5) | st.sampled_from([1, 7, 24, 90]))
    try:
        return Recurrence(freq, interval, wkst=draw(weekday), **values)
    except ScheduleError:
        assume(False)
        raise


starts = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(recurrences(), starts)
def test_any_rule_has_the_wall_times_of_dateutil(rule: Recurrence, start: datetime) -> None:
    # dateutil counts positions from the start on in the first week, the RFC in all of it; and it takes "MO,1TU" for
    # days that are both, the RFC for days that are either.
    assume(len({nth == 0 for nth, _ in rule.byday}) < 2)
    assume(not (rule.freq == "WEEKLY" and rule.bysetpos and start.weekday() != rule.wkst))
    text = rule.text()
    try:
        found = ours(text, start, 12)
    except ScheduleError:
        return  # it fires too rarely
    if len(found) == 12:  # else dateutil would go on for long
        assert theirs(text, start, 12) == found
    else:
        assert theirs(f"{text};COUNT={len(found)}", start, 12) == found if found else True


@settings(max_examples=150, deadline=None)
@given(recurrences(), starts, st.integers(0, 10**8))
def test_it_does_not_matter_where_one_begins_to_look(rule: Recurrence, start: datetime, ahead: int) -> None:
    walls, since = RecurringWalls(rule, seconds(start)), seconds(start) + ahead
    try:
        found = walls.at_or_after(since)
        if found is not None:
            assert found >= since
            assert walls.at_or_after(found) == found
            assert walls.at_or_after((since + found) // 2) == found
    except ScheduleError:
        assume(False)


@settings(max_examples=100, deadline=None)
@given(recurrences(), starts | st.none(), st.sampled_from(["UTC", BERLIN]))
def test_it_survives_json_text_and_pickling(rule: Recurrence, start: datetime | None, tz: str) -> None:
    made = RRule(rule, tz, start=start)
    assert from_spec(json.loads(json.dumps(made.spec()))) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert explain_trigger(made) == " ".join(explain_trigger(made).split())
    with suppress(ScheduleError):  # it never fires, or too rarely
        assert parse_schedule(made.text(), tz=tz) == made


# In a zone.


@pytest.mark.parametrize(
    ("dst", "spring", "autumn"),
    [
        ("auto", ["01:00"], ["00:30"]),
        ("last", ["01:00"], ["01:30"]),
        ("both", ["01:00"], ["00:30", "01:30"]),
        ("skip", [], ["00:30"]),
    ],
)
def test_a_time_of_day_meets_offset_changes_as_a_fixed_time_does(dst, spring: list[str], autumn: list[str]) -> None:
    daily = parse_schedule("rrule:DTSTART=20260101T023000;FREQ=DAILY", tz=BERLIN, dst=dst)
    for day, expected in ((datetime(2026, 3, 29, tzinfo=UTC), spring), (datetime(2026, 10, 25, tzinfo=UTC), autumn)):
        assert [f"{at:%H:%M}" for at in walked(daily, day, day + timedelta(hours=12))] == expected


def test_a_pace_through_the_day_meets_offset_changes_as_an_interval_does() -> None:
    hourly = parse_schedule("rrule:DTSTART=20260101T003000;FREQ=HOURLY", tz=BERLIN)
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        found = walked(hourly, day, day + timedelta(hours=4))
        assert found == [day + timedelta(minutes=30, hours=n) for n in range(4)]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Santiago"]),
    st.sampled_from(["auto", "skip", "first", "last", "both"]),
    st.sampled_from([(2, 30), (0, 0), (1, 45), (3, 0), (12, 0)]),
)
def test_daily_is_what_a_walk_over_the_calendar_finds(tz: str, dst, clock: tuple[int, int]) -> None:
    start = datetime(2026, 1, 1, *clock)  # noqa: DTZ001
    daily = RRule(Recurrence("DAILY"), tz, dst, start)
    end = datetime(2027, 1, 1, tzinfo=UTC)
    expected = fires(lambda _: True, [time(*clock)], start.date(), 366, tz, dst)
    assert walked(daily, datetime(2026, 1, 3, tzinfo=UTC), end) == [
        at for at in expected if datetime(2026, 1, 3, tzinfo=UTC) < at <= end
    ]


def test_without_a_start_it_is_counted_from_when_it_is_anchored() -> None:
    weekly = parse_schedule("rrule:FREQ=WEEKLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", tz=BERLIN)
    with pytest.raises(ScheduleError, match="needs a start"):
        weekly.next_after(NOW)
    anchored = weekly.anchored(NOW + timedelta(microseconds=1))
    assert anchored == RRule(weekly.rule, BERLIN, start=datetime(2026, 11, 21, 12, 0, 1))  # type: ignore[attr-defined]  # noqa: DTZ001
    assert anchored.next_after(NOW) == datetime(2026, 11, 28, 8, tzinfo=UTC)
    assert anchored.anchored(NOW + timedelta(days=1)) == anchored


@pytest.mark.parametrize(
    ("text", "start", "tz"),
    [
        ("rrule:DTSTART=20260105T090000;FREQ=DAILY", START, BERLIN),
        ("RRULE:freq=daily", None, BERLIN),
        ("rrule:DTSTART=20260105T080000Z;FREQ=DAILY", START, BERLIN),
        ("DTSTART:20260105T090000\nRRULE:FREQ=DAILY", START, BERLIN),
        ("DTSTART;TZID=Asia/Tokyo:20260105T090000\r\nRRULE:FREQ=DAILY\n", START, "Asia/Tokyo"),
        ("rrule:DTSTART;TZID=Asia/Tokyo:20260105T090000;FREQ=DAILY", START, "Asia/Tokyo"),
        ('DTSTART;TZID="Asia/Tokyo":20260105T090000 RRULE:FREQ=DAILY', START, "Asia/Tokyo"),
        ("rrule:DTSTART=20260105;FREQ=DAILY", datetime(2026, 1, 5), BERLIN),  # noqa: DTZ001
    ],
)
def test_how_it_may_be_written(text: str, start: datetime | None, tz: str) -> None:
    made = parse_schedule(text, tz=BERLIN)
    assert made == RRule(Recurrence("DAILY"), tz, start=start)
    assert parse_schedule(made.text(), tz=BERLIN) == made
    assert start is None or parse_schedule(made.text(), tz="UTC") == made


@pytest.mark.parametrize(
    ("text", "message", "span", "help"),
    [
        ("rrule:FREQ=FORTNIGHTLY", '"FORTNIGHTLY" is not a frequency', "FREQ=FORTNIGHTLY", "one of|did you mean"),
        ("rrule:FREQ=DALY", '"DALY" is not a frequency', "FREQ=DALY", 'did you mean "DAILY"'),
        ("rrule:FREQ=DAILY;BYHOURS=9", '"BYHOURS=9" is no part', "BYHOURS=9", 'did you mean "BYHOUR"'),
        ("rrule:FREQ=DAILY; BYHOUR=24", '"24" is not from 0 to 23', "BYHOUR=24", ""),
        ("rrule:FREQ=DAILY;BYHOUR=9;BYHOUR=10", "stands there twice", "BYHOUR=10", ""),
        ("rrule:FREQ=WEEKLY;BYDAY=XX", '"XX" is not a day', "BYDAY=XX", "MO"),
        ("rrule:FREQ=WEEKLY;UNTIL=tomorrow", "UNTIL cannot be", "UNTIL=tomorrow", ""),
        ("rrule:BYHOUR=9", "needs its FREQ", "BYHOUR=9", "as in"),
        ("rrule:FREQ=DAILY;COUNT=5;UNTIL=20270101", "COUNT and UNTIL", "FREQ=DAILY;COUNT=5;UNTIL=20270101", "keep one"),
        ("rrule:FREQ=WEEKLY;BYDAY=2MO", "a number before a day", "FREQ=WEEKLY;BYDAY=2MO", "month"),
        ("rrule:FREQ=MONTHLY;BYWEEKNO=5", "BYWEEKNO does not go", "FREQ=MONTHLY;BYWEEKNO=5", "YEARLY"),
        ("rrule:FREQ=DAILY;BYSETPOS=1", "BYSETPOS chooses among", "FREQ=DAILY;BYSETPOS=1", "add one"),
        ("rrule:FREQ=DAILY;COUNT=5000", "out of range 1-1000", "COUNT=5000", "UNTIL"),
        ("rrule:DTSTART=noon;FREQ=DAILY", '"noon" is not a start', "noon", "20260105T090000"),
        ("rrule:DTSTART;TZID=Asia/Tokio:20260105;FREQ=DAILY", "unknown time zone", "Asia/Tokio", '"Asia/Tokyo"'),
        ("DTSTART;TZID=Berlin:20260105 RRULE:FREQ=DAILY", "unknown time zone", "Berlin", '"Europe/Berlin"'),
        ("rrule:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "can never fire", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", ""),
    ],
)
def test_what_is_not_understood_is_pointed_at(text: str, message: str, span: str, help: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, tz=BERLIN)
    error = caught.value
    start, end = error.span or (0, 0)
    assert message in error.message
    assert text[start:end] == span
    assert any(part in error.help for part in help.split("|"))


NEVER = [
    "DTSTART=20260101T000000;FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "DTSTART=20260101T000000;FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
    "DTSTART=20260101T000000;FREQ=MINUTELY;INTERVAL=1440;BYHOUR=1",
    "DTSTART=20260105T090000;FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "DTSTART=20260105T090000;FREQ=DAILY;BYMONTH=6;BYMONTHDAY=31",
    "DTSTART=20260105T090000;FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12",
    "DTSTART=20260105T090000;FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=400",
    "DTSTART=20260105T090000;FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
    "DTSTART=20260131T090000;FREQ=MONTHLY;BYMONTH=2",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12",
    "FREQ=SECONDLY;BYHOUR=1;BYSETPOS=2",
]


@pytest.mark.parametrize("rule", NEVER)
def test_what_can_never_fire_is_refused_and_quickly(rule: str) -> None:
    with counting() as calls, pytest.raises(ScheduleError, match=r"never|too rarely"):
        parse_schedule(f"rrule:{rule}")
    assert calls.count < 400_000


@pytest.mark.parametrize(
    "rule",
    [
        "DTSTART=19700101T000000;FREQ=SECONDLY",
        "DTSTART=19700101T000000;FREQ=SECONDLY;INTERVAL=86399",
        "DTSTART=19700101T000000;FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=29",
        "DTSTART=19700101T000000;FREQ=DAILY;INTERVAL=997;BYDAY=FR",
        "DTSTART=20000229T000000;FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU",
        "DTSTART=20000101T000000;FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;BYMONTH=2",
        "DTSTART=20000101T000000;FREQ=SECONDLY;COUNT=1000;INTERVAL=100",
    ],
)
def test_the_next_one_costs_no_more_for_all_that_came_before(rule: str) -> None:
    made = parse_schedule(f"rrule:{rule}", tz=BERLIN)
    with counting() as calls:
        for day in range(5):
            made.next_after(NOW + timedelta(days=100 * day))
    assert calls.count < 20_000 * 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "rrule:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=9;BYMINUTE=0",
            "every 2 weeks on Monday at 09:00 (Europe/Berlin)",
        ),
        (
            "rrule:FREQ=MONTHLY;BYDAY=-1FR,2TU;BYHOUR=17;BYMINUTE=30;BYSECOND=5",
            "every month on the last Friday and the 2nd Tuesday at 17:30:05 (Europe/Berlin)",
        ),
        (
            "rrule:FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=-2;COUNT=1",
            "every year on the 2nd to last of the month in January and February (Europe/Berlin), 1 time",
        ),
        (
            "rrule:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;UNTIL=20270101T000000Z",
            "every month on Monday and Tuesday (the last of these in each month) (Europe/Berlin),"
            " until 2027-01-01 00:00:00 UTC",
        ),
        ("rrule:FREQ=MINUTELY;BYHOUR=9,10", "every minute at hours 9 and 10 (Europe/Berlin)"),
        (
            "rrule:DTSTART=20260105T090000;FREQ=DAILY",
            "every day (Europe/Berlin), counted from 2026-01-05 09:00:00",
        ),
    ],
)
def test_in_words(text: str, expected: str) -> None:
    assert explain_trigger(parse_schedule(text, tz=BERLIN)) == expected


def test_the_last_one_is_the_last() -> None:
    thrice = parse_schedule("rrule:DTSTART=20260105T090000;FREQ=DAILY;COUNT=3", tz=BERLIN)
    found = walked(thrice, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert [at.astimezone(ZoneInfo(BERLIN)).day for at in found] == [5, 6, 7]
    until = parse_schedule("rrule:DTSTART=20260105T090000;FREQ=DAILY;UNTIL=20260106T080000Z", tz=BERLIN)
    assert until.next_after(datetime(2026, 1, 6, 8, tzinfo=UTC)) is None
