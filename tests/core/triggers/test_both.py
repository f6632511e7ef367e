"""What several triggers share."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from bruteforce import DAY, MINUTE, multiples, nights, shown
from counting import counting
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import TICK, instants, is_a_set, survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron
from asched.core.triggers.at import At
from asched.core.triggers.both import AllOf, all_of
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.delayed import In
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

intervals = st.builds(
    lambda period, shift: (NOON + shift * MINUTE, period * MINUTE), st.integers(1, 60), st.integers(-300, 300)
)


@settings(max_examples=100, deadline=None)
@given(st.lists(intervals, min_size=1, max_size=3))
def test_intervals_meet_where_their_multiples_do(some: list[tuple[datetime, timedelta]]) -> None:
    until = NOON + 20 * DAY
    sets = [set(multiples(anchor, period, NOON - DAY, until)) for anchor, period in some]
    expected = sorted(set.intersection(*sets))
    members = [Every(period, anchor) for anchor, period in some]
    if not expected:  # in 20 days; they meet later than that, or never
        with suppress(ScheduleError):
            assert AllOf(tuple(members)).next_after(NOON) > until  # type: ignore[operator]
        return
    trigger = all_of(members)
    assert instants(trigger, NOON - DAY, until) == expected
    is_a_set(trigger, NOON - DAY, until, [NOON + n * 5 * HOUR for n in range(20)])
    survives(trigger)


@settings(max_examples=100, deadline=None)
@given(nights, st.integers(1, 59), st.integers(1, 59), st.integers(1, 120), st.integers(0, 6))
def test_crons_and_intervals_meet_where_clocks_say_so(
    night: tuple[str, datetime], a: int, b: int, period: int, weekday: int
) -> None:
    """Starred crons: every minute that clocks show, in both passes, none in a gap."""
    zone, change = night
    start, end = change - 2 * DAY, change + 2 * DAY
    anchor = start - 7 * MINUTE
    trigger = AllOf(
        (
            Cron(f"*/{a} * * * *", zone),
            Cron(f"*/{b} * * * {weekday},{(weekday + 1) % 7}", zone),
            Bounded(Every(period * MINUTE, anchor), end=end + DAY),  # that ends, for some never meet
        )
    )
    inside = set(multiples(anchor, period * MINUTE, start, end))
    expected = [
        at
        for at, wall in shown(zone, start, end)
        if wall.minute % a == 0
        and wall.minute % b == 0
        and wall.isoweekday() % 7 in (weekday, (weekday + 1) % 7)
        and at in inside
    ]
    assert instants(trigger, start, end - TICK) == expected
    survives_if_it_fires(trigger, zone, expected)


def survives_if_it_fires(trigger: Trigger, zone: str, expected: list[datetime]) -> None:
    if expected:
        survives(trigger, zone)


def test_instants_are_shared_to_the_microsecond() -> None:
    with pytest.raises(ScheduleError, match="never meet"):
        AllOf((Every(HOUR, NOON), Every(HOUR, NOON + TICK)))
    assert AllOf((At(NOON), At(NOON + TICK))).next_after(NOON - DAY) is None


def test_intervals_meet_by_arithmetic_however_far_away() -> None:
    """Two primes of microseconds: their next common instant is a trillion of them away."""
    trigger = AllOf((Every(999_983 * TICK, NOON), Every(1_000_003 * TICK, NOON)))
    assert trigger.next_after(NOON) == NOON + 999_983 * 1_000_003 * TICK
    far = AllOf((Every(timedelta(days=99991), NOON), Every(timedelta(days=99989), NOON)))
    assert far.next_after(NOON) is None


def test_intervals_meet_only_when_both_have_begun() -> None:
    trigger = AllOf((Every(2 * HOUR, NOON), Every(3 * HOUR, NOON + DAY)))
    assert trigger.next_after(NOON - DAY) == NOON + DAY + 6 * HOUR


def test_order_nesting_and_duplicates_make_no_difference() -> None:
    a, b, c = Cron("0 9 * * *"), Cron("0 9 * * MON"), Cron("0 9 13 * *")
    assert AllOf((a, AllOf((b, c)), a)) == AllOf((c, b, a))
    assert hash(AllOf((a, b))) == hash(AllOf((b, a)))
    assert all_of([a, a]) == a
    assert all_of([a]) is a


def test_it_ends_when_one_of_them_ends() -> None:
    trigger = AllOf((Cron("0 * * * *"), Bounded(Cron("*/30 * * * *"), end=NOON)))
    assert instants(trigger, NOON - 3 * HOUR, NOON + DAY) == [NOON - 2 * HOUR, NOON - HOUR, NOON]


@pytest.mark.parametrize(
    "floating", [Every(HOUR), In(HOUR), Bounded(Cron("0 9 * * *"), times=5), AnyOf((Every(HOUR), At(NOON)))]
)
def test_what_counts_from_its_anchoring_is_refused(floating: Trigger) -> None:
    with pytest.raises(ScheduleError, match="counts from when it is first scheduled"):
        AllOf((floating, Cron("0 9 * * *")))


@pytest.mark.parametrize("inner", [AfterFinish(HOUR), Startup()])
def test_what_has_no_instants_is_refused(inner: Trigger) -> None:
    with pytest.raises(ScheduleError, match="&"):
        AllOf((inner, Cron("0 9 * * *")))
    with pytest.raises(ScheduleError, match="at least one"):
        AllOf(())


@pytest.mark.parametrize(("other", "steady"), [(Every(2 * HOUR, NOON), True), (Cron("0 9 * * *"), False)])
def test_it_is_steady_when_all_are(other: Trigger, steady: bool) -> None:
    trigger = AllOf((Every(HOUR, NOON), other))
    assert (trigger.steady, trigger.relative, trigger.startup) == (steady, False, None)
    assert trigger.anchored(NOON) == trigger


def test_a_search_without_end_is_given_up() -> None:
    with counting() as calls, pytest.raises(ScheduleError, match="gave up"):
        AllOf((Cron("0 0 * * *"), Cron("30 0 * * *"))).next_after(NOON)
    assert calls.count < 400_000


def test_ground_that_was_searched_is_not_searched_again() -> None:
    """Midnight in Berlin is 19:00 in New York in three weeks of the year; the rest of it is walked through once."""
    trigger = AllOf((Cron("0 0 * * *", "Europe/Berlin"), Cron("0 19 * * *", "America/New_York")))
    found = trigger.next_after(datetime(2026, 4, 1, tzinfo=UTC))
    assert found == datetime(2026, 10, 25, 23, tzinfo=UTC)
    with counting() as calls:
        assert all(trigger.next_after(datetime(2026, 4, 1, tzinfo=UTC) + n * HOUR) == found for n in range(3000))
    assert calls.count < 100_000
    assert trigger.next_after(found) == datetime(2026, 10, 26, 23, tzinfo=UTC)
    assert trigger.next_after(datetime(2026, 3, 20, tzinfo=UTC)) == datetime(2026, 3, 20, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 9 * * * & 0 9 13 * *", AllOf((Cron("0 9 * * *"), Cron("0 9 13 * *")))),
        (
            "0 9 * * * & 0 9 13 * * | @hourly",
            AnyOf((AllOf((Cron("0 9 * * *"), Cron("0 9 13 * *"))), Cron("0 * * * *"))),
        ),
        (
            "0 9 * * * & (0 9 13 * * | @hourly)",
            AllOf((Cron("0 9 * * *"), AnyOf((Cron("0 9 13 * *"), Cron("0 * * * *"))))),
        ),
    ],
)
def test_a_text_is_understood(text: str, expected: Trigger) -> None:
    assert parse_schedule(text) == expected


def test_in_words() -> None:
    trigger = parse_schedule("0 9 * * mon & (0 9 13 * * | 0 9 14 * *)")
    assert explain_trigger(trigger) == (
        "whenever these coincide: (at 09:00 on day 13 of the month; and at 09:00 on day 14 of the month); with"
        " at 09:00 on Monday"
    )


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("0 9 * * * & 30 9 * * *", "this can never fire, it seems: nothing fits within 12000 steps", ""),
        ("2026-01-01 & 2026-01-02", "this can never fire: no instant fits all of it", ""),
        (
            "every 10m & 0 9 * * *",
            '"every 10m" counts from when it is first scheduled: with "&", say from where',
            'as in "every 10m from 2026-01-01T00:00"',
        ),
        (
            "@startup & 0 9 * * *",
            '"@startup" is no instant on the calendar: "&" does not go with it',
            'put it beside the rest with "|", outside of the parentheses',
        ),
        ("0 9 * * * &", "an empty schedule", ...),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str, help: object) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.message == message
    assert help in (caught.value.help, ...)
    assert caught.value.text == text
