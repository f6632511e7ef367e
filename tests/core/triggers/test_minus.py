"""The instants of one that are not instants of another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bruteforce import DAY, MINUTE, multiples, nights, shown
from counting import counting
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import TICK, instants, is_a_set, survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron, Dst
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

anchors = st.integers(-300, 300).map(lambda n: NOON + n * MINUTE)
intervals = st.tuples(anchors, st.integers(1, 60).map(lambda n: n * MINUTE))
wide = st.tuples(anchors, st.integers(6, 60).map(lambda n: n * MINUTE))  # five days of them are within one budget


@settings(max_examples=100, deadline=None)
@given(wide, st.lists(intervals, min_size=1, max_size=3))
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
    many = parse_schedule("0 9 * * *" + "".join(f" except 0 9 {day % 28 + 1} * *" for day in range(500)))
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
    """9 o'clock in Tokyo is midnight in UTC, always; but that is not seen from their fields."""
    with counting() as calls, pytest.raises(ScheduleError, match="gave up"):
        Minus(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 * * * *")).next_after(NOON)
    assert calls.count < 400_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * * except * * 24-26 12 *", "2026-12-26T23:00"),
        ("* * * * * * except * * * * 12 *", "2026-12-31T23:00"),
        ("*/10 * * * * * except (* * * * * * between 08:00 and 24:00 | * * 23,24 12 *)", "2026-12-24T23:00"),
        ("*/5 * * * * except * 1-23 * * *", "2026-12-24T23:00"),
        ("30 * * * * * except 30 0-58 * * * *", "2026-12-24T12:59:30"),
        ("(*/2 * * * * on thu,fri) except (* * * * * on thu)", "2026-12-24T23:00"),
    ],
)
def test_over_what_the_other_has_of_it_it_goes_in_one_leap(text: str, expected: str) -> None:
    trigger = parse_schedule(text, tz="Europe/Berlin")
    with counting() as calls:
        found = trigger.next_after(datetime(2026, 12, 24, 12, tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert calls.count < 20_000


@pytest.mark.parametrize(
    "text",
    [
        "0 9 * * * except 0 * * * *",
        "0 9 * * * except (0 10 * * * | 0 * * * *)",
        "(0 9 * * * until 2150-01-01) except 0 9 * * *",
        "every 2h from 2026-01-01 except every 30m from 2026-01-01",
    ],
)
def test_what_is_taken_out_altogether_never_fires(text: str) -> None:
    with counting() as calls, pytest.raises(ScheduleError, match="this can never fire: no instant fits"):
        parse_schedule(text)
    assert calls.count < 120_000  # asked twice: from our days, and from 1970


fields = st.sampled_from(["*", "*/2", "*/15", "0", "0,30", "15-45", "30"])
hours = st.sampled_from(["*", "*/2", "1-5", "2", "0-2,23", "2,3"])
days = st.sampled_from(["* * *", "* * sun", "* * sat-mon", "29-31 * *", "* 3,10 *"])


@settings(max_examples=150, deadline=None)
@given(nights, fields, hours, days, fields, hours, days, st.sampled_from(["auto", "skip", "first", "last", "both"]))
def test_a_leap_passes_over_nothing_that_is_due(
    night: tuple[str, datetime], a: str, b: str, c: str, d: str, e: str, f: str, dst: Dst
) -> None:
    zone, change = night
    start, end = change - 2 * DAY, change + 2 * DAY
    one, other = Cron(f"{a} {b} {c}", zone, dst), Cron(f"{d} {e} {f}", zone, dst)
    taken = set(instants(other, start, end))
    trigger = Minus(Bounded(one, end=end), other)  # that ends, for some are taken out altogether
    assert instants(trigger, start, end) == [at for at in instants(one, start, end) if at not in taken]


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
