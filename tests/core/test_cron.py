"""The rules of the time contract, T1 to T8, in tables."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import croniter
import pytest

from asched.core.localtime import cron as cron_module
from asched.core.localtime.cron import Cron, DayRule, Dst
from asched.errors import ScheduleError


def fires(expression: str, tz: str, day: str, *, dst: Dst = "auto", rule: DayRule = "crontab") -> list[str]:
    """Local times with their offsets of all fires on that local day, without the date."""
    cron, there = Cron(expression, tz, dst, rule), ZoneInfo(tz)
    start = datetime.fromisoformat(day).replace(tzinfo=there).astimezone(UTC)
    found, at = [], cron.next_after(start - timedelta(microseconds=1))
    while at is not None and (local := at.astimezone(there)).date().isoformat() == day:
        found.append(f"{local:%H:%M}{local.isoformat()[-6:]}")
        at = cron.next_after(at)
    return found


def days(expression: str, start: str, count: int, rule: DayRule = "crontab") -> list[str]:
    cron, at = Cron(expression, day_rule=rule), datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = []
    for _ in range(count):
        following = cron.next_after(at)
        assert following is not None
        at = following
        found.append(f"{at:%m-%d}")
    return found


SPRING, AUTUMN = ("America/New_York", "2026-03-08"), ("America/New_York", "2026-11-01")


@pytest.mark.parametrize(
    ("night", "expression", "expected"),
    [
        (SPRING, "30 2 * * *", ["03:00-04:00"]),
        (SPRING, "0,30 2 * * *", ["03:00-04:00"]),
        (SPRING, "30 2,3 * * *", ["03:00-04:00", "03:30-04:00"]),
        (SPRING, "*/30 2 * * *", []),
        (SPRING, "* 2 * * *", []),
        (SPRING, "0 0-4/2,3 * * *", ["00:00-05:00", "03:00-04:00", "04:00-04:00"]),
        (AUTUMN, "30 1 * * *", ["01:30-04:00"]),
        (AUTUMN, "*/30 1 * * *", ["01:00-04:00", "01:30-04:00", "01:00-05:00", "01:30-05:00"]),
        (("America/Santiago", "2026-09-06"), "0 0 * * *", ["01:00-03:00"]),
        (("Australia/Lord_Howe", "2026-10-04"), "15 2 * * *", ["02:30+11:00"]),
        (("Antarctica/Troll", "2026-03-29"), "30 1 * * *", ["03:00+02:00"]),
        (("Antarctica/Troll", "2026-03-29"), "30 2 * * *", ["03:00+02:00"]),
        (("Pacific/Apia", "2011-12-31"), "0 9,17 * * *", ["00:00+14:00", "09:00+14:00", "17:00+14:00"]),
    ],
)
def test_the_worked_examples_hold(night: tuple[str, str], expression: str, expected: list[str]) -> None:
    assert fires(expression, *night) == expected


def test_an_hourly_job_skips_the_hour_that_does_not_exist() -> None:
    assert fires("0 * * * *", *SPRING)[1:3] == ["01:00-05:00", "03:00-04:00"]


def test_an_hour_range_is_fixed_time_and_sleeps_through_the_second_pass() -> None:
    assert fires("0 0-23 * * *", *AUTUMN)[1:3] == ["01:00-04:00", "02:00-05:00"]


def test_a_star_in_the_hour_runs_in_both_passes() -> None:
    found = fires("0 */3 * * *", "Europe/Riga", "2021-10-31")
    assert found[1:3] == ["03:00+03:00", "03:00+02:00"]


@pytest.mark.parametrize(
    ("dst", "spring", "autumn"),
    [
        ("auto", ["03:00-04:00"], ["01:30-04:00"]),
        ("skip", [], ["01:30-04:00"]),
        ("first", ["03:00-04:00"], ["01:30-04:00"]),
        ("last", ["03:00-04:00"], ["01:30-05:00"]),
        ("both", ["03:00-04:00"], ["01:30-04:00", "01:30-05:00"]),
    ],
)
def test_a_policy_replaces_the_rules_for_gap_and_fold(dst: Dst, spring: list[str], autumn: list[str]) -> None:
    assert fires("30 2 * * *", *SPRING, dst=dst) == spring
    assert fires("30 1 * * *", *AUTUMN, dst=dst) == autumn


def test_a_policy_holds_for_interval_like_jobs_too() -> None:
    assert fires("*/30 1 * * *", *AUTUMN, dst="last") == ["01:00-05:00", "01:30-05:00"]
    assert fires("*/30 2 * * *", *SPRING, dst="first") == ["03:00-04:00"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 * * FRI-SUN", ["01-02", "01-03", "01-04", "01-09"]),
        ("0 0 * * sat-mon", ["01-03", "01-04", "01-05", "01-10"]),
        ("0 0 * * 5-7", ["01-02", "01-03", "01-04", "01-09"]),
        ("0 0 * * 7-7", ["01-04", "01-11", "01-18", "01-25"]),
        ("0 0 * * 0,7", ["01-04", "01-11", "01-18", "01-25"]),
        ("0 0 * * MON-MON", ["01-05", "01-12", "01-19", "01-26"]),
        ("0 0 5-5 * *", ["01-05", "02-05", "03-05", "04-05"]),
        ("0 0 30-2 * *", ["01-01", "01-02", "01-30", "01-31"]),
        ("0 0 1 NOV-FEB *", ["01-01", "02-01", "11-01", "12-01"]),
        ("0 0 13 * FRI", ["01-02", "01-09", "01-13", "01-16"]),
        ("0 0 */2 * FRI", ["01-09", "01-23", "02-13", "02-27"]),
        ("0 0 13 * */2", ["01-13", "06-13", "08-13", "09-13"]),
        ("0 0 ? * FRI", ["01-02", "01-09", "01-16", "01-23"]),
        ("0 0 1,*/10 * FRI", ["05-01", "07-31", "08-21", "09-11"]),
        ("0 0 L * *", ["01-31", "02-28", "03-31", "04-30"]),
        ("0 0 L-3 * *", ["01-28", "02-25", "03-28", "04-27"]),
        ("0 0 LW * *", ["01-30", "02-27", "03-31", "04-30"]),
        ("0 0 1W * *", ["01-01", "02-02", "03-02", "04-01"]),
        ("0 0 15W * *", ["01-15", "02-16", "03-16", "04-15"]),
        ("0 0 31W * *", ["01-30", "02-27", "03-31", "04-30"]),
        ("0 0 * * 5#2", ["01-09", "02-13", "03-13", "04-10"]),
        ("0 0 * * FRI#5", ["01-30", "05-29", "07-31", "10-30"]),
        ("0 0 * * 5L", ["01-30", "02-27", "03-27", "04-24"]),
        ("0 0 1 * 5#2", ["01-01", "01-09", "02-01", "02-13"]),
        ("0 0 15W * MON", ["01-05", "01-12", "01-15", "01-19"]),
        ("0 0 29 2 *", ["02-29", "02-29", "02-29", "02-29"]),
    ],
)
def test_days_match_as_written(expression: str, expected: list[str]) -> None:
    assert days(expression, "2025-12-31T12:00:00", 4) == expected


def test_the_and_rule_asks_for_both_days() -> None:
    assert days("0 0 13 * FRI", "2026-01-01", 3, "and") == ["02-13", "03-13", "11-13"]


def test_wrapping_ranges_keep_their_step_over_the_end() -> None:
    assert Cron("0 22-4/3 * * *").fields.hour.values == (1, 4, 22)
    assert Cron("50-10/7 * * * *").fields.minute.values == (4, 50, 57)


def test_a_start_with_a_step_runs_to_the_end_of_the_field() -> None:
    assert Cron("59/15 5/6 * * 1/2").fields.minute.values == (59,)
    assert Cron("59/15 5/6 * * 1/2").fields.hour.values == (5, 11, 17, 23)
    assert Cron("59/15 5/6 * * 1/2").fields.weekday.values == (1, 3, 5)


def test_six_fields_begin_with_the_second_and_a_seventh_is_the_year() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert Cron("*/20 * * * * *").next_after(start) == start + timedelta(seconds=20)
    assert Cron("5 0 0 1 1 * 2030").next_after(start) == datetime(2030, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert Cron("5 0 0 1 1 * 2020").next_after(start) is None


def test_the_next_fire_is_strictly_later_and_to_the_microsecond() -> None:
    cron, noon = Cron("0 12 * * *"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert cron.next_after(noon - timedelta(microseconds=1)) == noon
    assert cron.next_after(noon) == noon + timedelta(days=1)
    assert cron.next_after(noon + timedelta(microseconds=1)) == noon + timedelta(days=1)


def test_an_instant_in_any_zone_is_accepted_and_utc_comes_back() -> None:
    found = Cron("0 12 * * *").next_after(datetime(2026, 1, 1, 20, tzinfo=ZoneInfo("Asia/Tokyo")))
    assert found == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert found is not None
    assert found.tzinfo is UTC


def test_there_are_no_instants_outside_1970_to_2199() -> None:
    cron = Cron("0 0 * * *", "Asia/Tokyo")
    assert cron.next_after(datetime.min.replace(tzinfo=UTC)) == datetime(1970, 1, 1, 15, tzinfo=UTC)
    assert cron.next_after(datetime(2199, 12, 30, 15, tzinfo=UTC)) is None
    assert cron.next_after(datetime.max.replace(tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "message", "blamed", "help"),
    [
        ("61 3 * * *", "minute 61 is out of range 0-59", "61", 'did you mean "1 3 * * *"?'),
        ("0 24 * * *", "hour 24 is out of range 0-23", "24", 'did you mean "0 0 * * *"?'),
        ("0  0 32 * *", "day 32 is out of range 1-31", "32", "days are 1-31, and the last one of a month is L"),
        ("0 0 0 * *", "day 0 is out of range 1-31", "0", "days are 1-31, and the last one of a month is L"),
        ("0 0 1 13 *", "month 13 is out of range 1-12", "13", "months are 1-12, or jan-dec"),
        ("0 0 * * 8", "weekday 8 is out of range 0-7", "8", "weekdays are 0-7, where 0 and 7 are Sunday, or sun-sat"),
        ("0 0 * * 1,2,9", "weekday 9 is out of range 0-7", "9", ...),
        ("0 0-25 * * *", "hour 25 is out of range 0-23", "25", 'did you mean "0 0-1 * * *"?'),
        ("0-60 * * * *", "minute 60 is out of range 0-59", "60", 'did you mean "0-59 * * * *"?'),
        ("5,30-60/10 * * * *", "minute 60 is out of range 0-59", "60", 'did you mean "5,30-59/10 * * * *"?'),
        ("0 9-24 * * *", "hour 24 is out of range 0-23", "24", 'did you mean "0 9-23 * * *"?'),
        ("0 0 0 1 1 * 1969", "year 1969 is out of range 1970-2099", "1969", ""),
        ("0 0 * mno *", '"mno" is not a month', "mno", 'did you mean "nov"?'),
        ("0 0 * * monday", '"monday" is not a weekday', "monday", 'did you mean "mon"?'),
        ("0 0 * * mon-fry", '"fry" is not a weekday', "fry", 'did you mean "fri"?'),
        ("*/90 * * * *", "step 90 is wider than the minute field (60)", "90", 'did you mean "every 90m"?'),
        ("0 0-8/30 * * *", "step 30 is wider than the hour field (24)", "30", ""),
        ("*/0 * * * *", 'step "0" is not a whole number from 1', "0", ""),
        ("*/x * * * *", 'step "x" is not a whole number from 1', "x", ""),
        ("1,,2 * * * *", "an empty item in the minute field", ",", "a comma too many?"),
        ("-1 * * * *", '"-1" is not a minute', "-1", ""),
        ("1-2-3 * * * *", '"1-2-3" is not a minute', "1-2-3", ""),
        ("1.5 * * * *", '"1.5" is not a minute', "1.5", ""),
        ("² * * * *", '"²" is not a minute', "²", ""),
        ("? * * * *", '"?" is not a minute', "?", 'did you mean "*"?'),
        ("0 0 1,? * *", '"?" is not a day', "?", 'did you mean "*"?'),
        ("0 0 W15 * *", '"W15" is not a day', "W15", 'did you mean "15W"?'),
        ("0 0 * * 1,FRI#L", '"FRI#L" is not a weekday', "FRI#L", 'did you mean "FRIL"?'),
        ("0 0 * * MON-FRI#1", '"MON-FRI#1" is not a weekday', "MON-FRI#1", 'each day by itself, as in "MON#1,TUE#1"'),
        ("*/9999999999 * * * *", 'step "9999999999" is not a whole number from 1', "9999999999", ""),
        ("0 0 1-15W * *", "W goes with a single day", "1-15W", 'as in "15W"'),
        ("0 0 32W * *", "day 32 is out of range 1-31", "32", "days are 1-31, and the last one of a month is L"),
        ("0 0 * * 5#6", "a month has no weekday number 6: 1-5", "5#6", ""),
        ("0 0 * * 1-5#2", '"1-5#2" is not a weekday', "1-5#2", 'each day by itself, as in "MON#1,TUE#1"'),
        ("0 0 L-31 * *", "no month has a day that far before its last", "L-31", ""),
        ("0 0 0 1 1 * 2030-2026", "years do not wrap: 2030 is after 2026", "2030-2026", 'did you mean "2026-2030"?'),
        ("0 0 30 2 *", "this can never fire: there is no day 30 in February", "30 2", 'the last day of a month is "L"'),
        ("0 0 31 4,6,9 *", "this can never fire: there is no day 31 in April or June or September", "31 4,6,9", ...),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_pointed_at(text: str, message: str, blamed: str, help: object) -> None:
    with pytest.raises(ScheduleError) as caught:
        Cron(text)
    error = caught.value
    assert error.message == message
    assert error.text == text
    assert error.span is not None
    start, end = error.span
    assert text[start:end] == blamed or (blamed == "," and text[start - 1] == ",")
    assert help in (error.help, ...)


def test_the_span_is_right_when_the_same_number_stands_twice() -> None:
    with pytest.raises(ScheduleError) as caught:
        Cron("  24  24 * * *")
    assert caught.value.span == (6, 8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("R 0 * * *", "R is refused"),
        ("R(0-10) 0 * * *", "R is refused"),
        ("R/10 * * * *", "R is refused"),
        ("H 0 * * *", "H is not supported"),
        ("0 H/3 * * *", "H is not supported"),
        ("0 0 * * L", '"L" is not a weekday'),
        ("0 0 * * L5", '"L5" is not a weekday'),
        ("* * * *", "5 fields, 6 (seconds first) or 7 (year last), not 4"),
        ("", "not 0"),
        ("* * * * * * * *", "not 8"),
        ("0 0 0 29 2 * 2026", "can never fire"),
    ],
)
def test_what_is_not_part_of_the_dialect_is_refused(text: str, said: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        Cron(text)
    assert said in str(caught.value)


def test_six_fields_with_the_second_last_are_told_that_seconds_come_first() -> None:
    with pytest.raises(ScheduleError) as caught:
        Cron("30 2 * * MON 0")
    assert caught.value.help == "six fields are read as: second minute hour day month weekday"


def test_four_fields_are_offered_a_fifth() -> None:
    with pytest.raises(ScheduleError) as caught:
        Cron("30  2 * *")
    assert 'did you mean "30 2 * * *"?' in caught.value.help


@pytest.mark.parametrize("options", [{"dst": "never"}, {"day_rule": "or"}, {"tz": "Europe/Berlni"}])
def test_unknown_options_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ScheduleError):
        Cron("0 0 * * *", **options)  # type: ignore[arg-type]


def test_spelling_does_not_matter_and_meaning_does() -> None:
    assert Cron(" 0  9 * * mon-fri ") == Cron("0 9 * * MON-FRI")
    assert hash(Cron("0 9 * * mon-fri")) == hash(Cron("0 9 * * MON-FRI"))
    assert Cron("0 9 * * *") != Cron("0 9 * * *", "Europe/Berlin")
    assert Cron("0 9 * * *") != Cron("0 9 * * *", dst="both")


def test_it_can_be_copied_and_sent_to_another_process() -> None:
    cron = Cron("0 9 * * *", "Europe/Berlin", "both", "and")
    assert pickle.loads(pickle.dumps(cron)) == cron == copy.deepcopy(cron)
    assert pickle.loads(pickle.dumps(cron)).next_after(datetime(2026, 1, 1, tzinfo=UTC)) is not None


def test_croniter_is_asked_once_per_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    cron_module._instants.cache_clear()
    cron_module._walls.cache_clear()
    asked = []
    monkeypatch.setattr(cron_module, "_ask_croniter", asked.append)
    for tz in ("UTC", "Europe/Berlin", "UTC"):
        cron = Cron("17 4 * * *", tz)
        cron.next_after(datetime(2026, 1, 1, tzinfo=UTC))
    assert len(asked) == 1


def test_a_different_opinion_of_croniter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        @staticmethod
        def expand(text: str, **options: object) -> tuple[list[list[object]], dict[int, set[int]]]:
            return [[1], [4], ["*"], ["*"], ["*"], [0]], {}

    monkeypatch.setattr(croniter, "croniter", Other)
    with pytest.raises(ScheduleError, match="croniter reads"):
        Cron("18 4 * * *")


def test_the_second_field_decides_on_the_kind_too() -> None:
    assert Cron("* 30 2 * * *").interval_like
    assert Cron("30 */2 * * *").interval_like
    assert not Cron("0-59 0-23 * * *").interval_like
    assert not Cron("0,*/5 2 * * *").interval_like


def test_jobs_with_the_same_expression_ask_once_for_the_same_instant() -> None:
    one, other, now = Cron("*/5 * * * *"), Cron("*/5 * * * *"), datetime(2026, 3, 1, tzinfo=UTC)
    first = one.next_after(now)
    assert first is other.next_after(now)
    assert one.next_after(now + timedelta(minutes=5)) == now + timedelta(minutes=10)
    assert other.next_after(now + timedelta(microseconds=1)) == first == now + timedelta(minutes=5)
