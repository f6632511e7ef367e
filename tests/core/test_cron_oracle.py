"""Around offset changes, past ones too, Cron agrees with the brute-force oracle; what does not, hypothesis shrinks."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from cronproof import TYPICAL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import changes, fires

from asched.core.localtime.cron import Cron

# Ordinary ones, half an hour (Lord_Howe), two hours (Troll), midnight gaps (Santiago, Beirut, Cairo, Havana),
# 45-minute offsets (Chatham), negative daylight saving (Dublin, Casablanca), and the date line.
ZONES = [
    *("America/New_York", "Europe/Berlin", "Europe/Riga", "Europe/Dublin", "Australia/Lord_Howe", "Antarctica/Troll"),
    *("America/Santiago", "Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "America/Havana"),
    *("America/St_Johns", "Asia/Gaza", "Pacific/Easter", "Atlantic/Azores"),
]
PAST = [  # gaps of a day, changes that are not daylight saving time, and some without a whole hour
    ("Pacific/Apia", 2011, 2011),
    ("Pacific/Kiritimati", 1994, 1995),
    ("Pacific/Kwajalein", 1993, 1993),
    ("Asia/Pyongyang", 2015, 2018),
    ("America/Caracas", 2007, 2016),
    ("Europe/Istanbul", 2016, 2016),
    ("Europe/Volgograd", 2018, 2020),
    ("Asia/Kathmandu", 1986, 1986),
    ("Europe/Riga", 2021, 2021),
]
MARGIN = timedelta(hours=26)
CHANGES = [(zone, at) for zone in ZONES for at in changes(zone, 2024, 2037)]
PAST_CHANGES = [(zone, at) for zone, first, last in PAST for at in changes(zone, first, last)]


def cron_fires(
    expression: str, zone: str, change: datetime, margin: timedelta = MARGIN, dst: str = "auto", rule: str = "crontab"
) -> list[datetime]:
    cron = Cron(expression, zone, dst, rule)  # type: ignore[arg-type]
    found, at = [], cron.next_after(change - margin - timedelta(microseconds=1))
    while at is not None and at <= change + margin:
        found.append(at)
        at = cron.next_after(at)
    return found


def number_fields(low: int, high: int) -> st.SearchStrategy[str]:
    value = st.integers(low, high)
    pair = st.tuples(value, value).map(sorted)
    step = st.integers(1, high - low + 1)
    item = st.one_of(
        value.map(str),
        pair.map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.tuples(pair, step).map(lambda both: f"{both[0][0]}-{both[0][1]}/{both[1]}"),
        st.tuples(value, step).map(lambda both: f"{both[0]}/{both[1]}"),
        step.map(lambda n: f"*/{n}"),
    )
    return st.one_of(st.just("*"), item, st.lists(item, min_size=2, max_size=3).map(",".join))


# Hours near the changes and days near the date of a change would be rare in a uniform choice.
small_hours = st.one_of(number_fields(0, 3), number_fields(0, 23))
any_day = st.one_of(st.just("*"), st.just("*"), number_fields(1, 31))
any_weekday = st.one_of(st.just("*"), st.just("0"), number_fields(0, 6))
expressions = st.tuples(
    number_fields(0, 59), small_hours, any_day, st.one_of(st.just("*"), number_fields(1, 12)), any_weekday
).map(" ".join)
policies = st.sampled_from(["auto", "auto", "auto", "skip", "first", "last", "both"])
rules = st.sampled_from(["crontab", "crontab", "and"])


def satisfiable(expression: str, zone: str, rule: str) -> bool:
    try:
        Cron(expression, zone, "auto", rule)  # type: ignore[arg-type]
    except ValueError as error:
        return "can never fire" not in str(error)
    return True


def agrees(expression: str, zone: str, change: datetime, dst: str = "auto", rule: str = "crontab") -> None:
    if satisfiable(expression, zone, rule):
        expected = fires(expression, zone, change, MARGIN, dst, rule)
        assert cron_fires(expression, zone, change, MARGIN, dst, rule) == expected


quick = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
around_changes = given(st.sampled_from(CHANGES + PAST_CHANGES), expressions, policies, rules)


@quick
@around_changes
def test_random_expressions_agree_around_a_random_change(
    change: tuple[str, datetime], expression: str, dst: str, rule: str
) -> None:
    agrees(expression, *change, dst, rule)


@pytest.mark.parametrize(("zone", "at"), PAST_CHANGES, ids=str)
def test_typical_expressions_agree_around_political_changes(zone: str, at: datetime) -> None:
    for expression in TYPICAL:
        agrees(expression, zone, at)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CHANGES), expressions, st.integers(-7200, 7200), st.integers(0, 999_999))
def test_the_next_fire_depends_on_the_instant_alone(
    change: tuple[str, datetime], expression: str, seconds: int, microseconds: int
) -> None:
    zone, at = change
    if not satisfiable(expression, zone, "crontab"):
        return
    after = at + timedelta(seconds=seconds, microseconds=microseconds)
    all_fires = cron_fires(expression, zone, at)
    expected = next((fire for fire in all_fires if fire > after), None)
    actual = Cron(expression, zone).next_after(after)
    assert actual is not None
    assert actual == expected if expected else actual > at + MARGIN


def test_seconds_are_kept_to_the_second_around_a_change() -> None:
    """An interval-like job with six fields has the fires of its five, at each of the seconds."""
    for zone, at in random.Random(7).sample(CHANGES, 20):
        for expression in TYPICAL:
            if "*" in (expression[0], expression.split()[1][0]):
                each = [fire + timedelta(seconds=s) for fire in cron_fires(expression, zone, at) for s in (5, 50)]
                assert cron_fires("5,50 " + expression, zone, at) == [fire for fire in each if fire <= at + MARGIN]
