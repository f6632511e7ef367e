"""The instants of one that are not instants of another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bruteforce import DAY, MINUTE, multiples, nights, shown
from counting import counting
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import TICK, instants, is_a_set, survives

from asched.core.cron import Cron
from asched.core.explain import explain_trigger
from asched.core.phrases import parse_schedule
from asched.core.triggers.at import At
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.minus import Minus
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf, any_of
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

intervals = st.tuples(
    st.integers(-300, 300).map(lambda n: NOON + n * MINUTE), st.integers(1, 60).map(lambda n: n * MINUTE)
)


@settings(max_examples=100, deadline=None)
@given(intervals, st.lists(intervals, min_size=1, max_size=3))
def test_what_is_taken_out_is_not_due(
    minuend: tuple[datetime, timedelta], others: list[tuple[datetime, timedelta]]
) -> None:
    until = NOON + 5 * DAY
    expected = set(multiples(*minuend, NOON - DAY, until))
    for other in others:
        expected -= set(multiples(*other, NOON - DAY, until))
    bounded = Bounded(Every(minuend[1], minuend[0]), end=until)  # that ends, for some are taken out altogether
    trigger = Minus(bounded, any_of([Every(period, anchor) for anchor, period in others]))
    assert instants(trigger, NOON - DAY, until) == sorted(expected)
    is_a_set(trigger, NOON - DAY, until, [NOON + n * 5 * HOUR for n in range(20)])
    if expected:
        survives(trigger)


@settings(max_examples=100, deadline=None)
@given(nights, st.integers(1, 59), st.integers(2, 59), st.integers(0, 6))
def test_a_cron_without_another(night: tuple[str, datetime], a: int, b: int, weekday: int) -> None:
    zone, change = night
    start, end = change - 2 * DAY, change + 2 * DAY
    trigger = Minus(Cron(f"*/{a} * * * *", zone), Cron(f"*/{b} * * * {weekday}", zone))
    expected = [
        at
        for at, wall in shown(zone, start, end)
        if wall.minute % a == 0 and not (wall.minute % b == 0 and wall.isoweekday() % 7 == weekday)
    ]
    assert instants(trigger, start - TICK, end - TICK) == expected
    survives(trigger, zone)


def test_several_are_taken_out_together() -> None:
    a, b, c = Cron("0 9 * * *"), Cron("0 9 13 * *"), Cron("0 9 14 * *")
    assert Minus(Minus(a, b), c) == Minus(a, AnyOf((b, c))) == Minus(Minus(a, c), b)
    many = parse_schedule("0 9 * * *" + "".join(f" except 0 9 {day % 28 + 1} * *" for day in range(2000)))
    assert many.next_after(NOON) == datetime(2026, 1, 29, 9, tzinfo=UTC)


def test_only_the_very_instant_is_taken_out() -> None:
    trigger = Minus(Every(HOUR, NOON), At(NOON + 2 * HOUR))
    assert instants(trigger, NOON, NOON + 4 * HOUR) == [NOON + HOUR, NOON + 3 * HOUR, NOON + 4 * HOUR]
    assert Minus(Every(HOUR, NOON), At(NOON + 2 * HOUR + TICK)).next_after(NOON + HOUR) == NOON + 2 * HOUR


@pytest.mark.parametrize("floating", [Every(HOUR), Bounded(Cron("0 9 * * *"), times=5)])
def test_what_counts_from_its_anchoring_is_refused(floating: Trigger) -> None:
    for pair in ((floating, Cron("0 9 * * *")), (Cron("0 9 * * *"), floating)):
        with pytest.raises(ScheduleError, match="counts from when it is first scheduled"):
            Minus(*pair)


@pytest.mark.parametrize("inner", [AfterFinish(HOUR), Startup()])
def test_what_has_no_instants_is_refused(inner: Trigger) -> None:
    for pair in ((inner, Cron("0 9 * * *")), (Cron("0 9 * * *"), inner)):
        with pytest.raises(ScheduleError, match="except"):
            Minus(*pair)


@pytest.mark.parametrize(("other", "steady"), [(Every(2 * HOUR, NOON), True), (Cron("0 9 * * *"), False)])
def test_it_is_steady_when_both_are(other: Trigger, steady: bool) -> None:
    trigger = Minus(Every(HOUR, NOON), other)
    assert (trigger.steady, trigger.relative, trigger.startup) == (steady, False, None)
    assert trigger.anchored(NOON) == trigger


def test_when_all_is_taken_out_it_is_given_up() -> None:
    with counting() as calls, pytest.raises(ScheduleError, match="gave up"):
        Minus(Cron("0 9 * * *"), Cron("0 * * * *")).next_after(NOON)
    assert calls.count < 4_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 9 * * * except 0 9 13 * *", Minus(Cron("0 9 * * *"), Cron("0 9 13 * *"))),
        (
            "0 9 * * * EXCEPT 0 9 13 * * except 0 9 14 * *",
            Minus(Minus(Cron("0 9 * * *"), Cron("0 9 13 * *")), Cron("0 9 14 * *")),
        ),
        (
            "0 9 * * * except (0 9 13 * * | 0 9 14 * *)",
            Minus(Cron("0 9 * * *"), AnyOf((Cron("0 9 13 * *"), Cron("0 9 14 * *")))),
        ),
        (
            "0 9 * * * except (0 9 1-15 * * except 0 9 13 * *)",
            Minus(Cron("0 9 * * *"), Minus(Cron("0 9 1-15 * *"), Cron("0 9 13 * *"))),
        ),
        (
            "0 9 * * mon & 0 9 * * * except 0 9 13 * *",
            AllOf((Cron("0 9 * * MON"), Minus(Cron("0 9 * * *"), Cron("0 9 13 * *")))),
        ),
        (
            "(0 9 * * mon & 0 9 * * *) except 0 9 13 * *",
            Minus(AllOf((Cron("0 9 * * MON"), Cron("0 9 * * *"))), Cron("0 9 13 * *")),
        ),
        (
            "0 9 * * * except 0 9 13 * * until 2026-01-01T12:00",
            Minus(Cron("0 9 * * *"), Bounded(Cron("0 9 13 * *"), end=NOON)),
        ),
        (
            "(0 9 * * * except 0 9 13 * *) until 2026-01-01T12:00",
            Bounded(Minus(Cron("0 9 * * *"), Cron("0 9 13 * *")), end=NOON),
        ),
    ],
)
def test_a_text_is_understood(text: str, expected: Trigger) -> None:
    assert parse_schedule(text) == expected
    survives(expected)


def test_in_words() -> None:
    assert explain_trigger(parse_schedule("0 9 * * * except 0 9 13 * *")) == (
        "every day at 09:00, except at 09:00 on day 13 of the month"
    )


@pytest.mark.parametrize(
    ("text", "message", "blamed"),
    [
        ("@daily except whatever", "this schedule is not understood", "whatever"),
        ("@daily except 61 * * * *", "minute 61 is out of range 0-59", "61"),
        ("@daily except", "an empty schedule", ""),
        ("@daily excpt @hourly", '"excpt" is not understood', "excpt"),
        ("@daily except (@hourly", "this is never closed", "("),
        ("@daily) except @hourly", "nothing was opened that this could close", ")"),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, message: str, blamed: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.message == message
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == blamed
    assert caught.value.text == text
