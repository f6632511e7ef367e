"""Bounds: from an instant on, until one, so many times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bruteforce import DAY, MINUTE, multiples
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import TICK, instants, is_a_set, survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron
from asched.core.triggers.at import At
from asched.core.triggers.bounded import MOST_TIMES, Bounded
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import refuse_what_never_fires
from asched.core.triggers.specs import from_spec
from asched.core.triggers.startup import Startup
from asched.core.triggers.varied import VariedEvery
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

some = st.none() | st.integers(-3000, 3000).map(lambda minutes: NOON + minutes * MINUTE)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 300), some, some, st.none() | st.integers(1, 30))
def test_they_are_a_slice_of_the_whole(
    period: int, start: datetime | None, end: datetime | None, times: int | None
) -> None:
    anchor, after, until = NOON - 5 * DAY, NOON - 3 * DAY, NOON + 3 * DAY
    trigger = Bounded(Every(period * MINUTE, anchor), start, end, times).anchored(NOON)
    begin = start or (NOON + TICK if times else anchor)
    everything = [at for at in multiples(anchor, period * MINUTE, anchor, until) if at >= begin]
    counted = everything[:times] if times else everything
    expected = [at for at in counted if end is None or at <= end]
    assert instants(trigger, after, until) == [at for at in expected if at > after]
    is_a_set(trigger, after, until, [after + n * 7 * HOUR for n in range(20)])


later_than_all = st.none() | st.integers(3000 + 8 * 1440, 99_999).map(lambda minutes: NOON + minutes * MINUTE)
inner_ones = st.sampled_from([Every(HOUR), VariedEvery(HOUR, 2 * HOUR), Cron("0 9 * * MON", "Asia/Tokyo")])


@given(inner_ones, some, later_than_all, st.none() | st.integers(1, 30), st.booleans())
def test_it_survives(
    inner: Trigger, start: datetime | None, end: datetime | None, times: int | None, anchored: bool
) -> None:
    """A week or more lies between its bounds, so each of these fires."""
    if start is None and end is None and times is None:
        end = NOON + 9 * DAY
    trigger = Bounded(inner, start, end, times)
    survives(trigger.anchored(NOON) if anchored else trigger, "Asia/Tokyo")


@given(inner_ones, st.integers(1, 3000), st.integers(0, 59))
def test_what_ends_before_it_begins_cannot_be_said(inner: Trigger, minutes: int, second: int) -> None:
    trigger = Bounded(inner, NOON, NOON - minutes * MINUTE + timedelta(seconds=second))
    with pytest.raises(ScheduleError, match="never fire"):
        refuse_what_never_fires(trigger)
    with pytest.raises(ScheduleError, match="never fire"):
        parse_schedule(trigger.text(), tz="Asia/Tokyo")


def test_both_ends_are_included() -> None:
    trigger = Bounded(Every(HOUR, NOON - DAY), NOON, NOON + 2 * HOUR)
    assert instants(trigger, NOON - DAY, NOON + DAY) == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_what_is_due_when_it_is_anchored_does_not_count() -> None:
    trigger = Bounded(Cron("0 * * * *"), times=2).anchored(NOON)
    assert instants(trigger, NOON - DAY, NOON + DAY) == [NOON + HOUR, NOON + 2 * HOUR]
    assert trigger.anchored(NOON + DAY) == trigger


def test_an_interval_counts_from_the_start_that_is_said() -> None:
    assert Bounded(Every(HOUR), start=NOON) == Bounded(Every(HOUR, NOON), start=NOON)
    assert Bounded(Every(HOUR), start=NOON).next_after(NOON - DAY) == NOON + HOUR


def test_bounds_of_what_is_bounded_are_one_set_of_bounds() -> None:
    cron = Cron("0 * * * *")
    whole = Bounded(cron, NOON, NOON + DAY, 5)
    assert Bounded(Bounded(Bounded(cron, times=5), end=NOON + DAY), start=NOON) == whole
    assert Bounded(Bounded(cron, NOON - DAY, NOON + DAY, 7), NOON, NOON + 2 * DAY, 5) == whole


def test_anchoring_it_too_late_is_no_error() -> None:
    """It was declared well, and is over before it begins: the engine anchors what it is given."""
    trigger = Bounded(Every(HOUR), end=NOON, times=3).anchored(NOON + DAY)
    assert trigger.next_after(NOON - DAY) is None
    assert from_spec(trigger.spec()) == trigger


def test_times_without_a_start_need_an_anchor() -> None:
    with pytest.raises(ScheduleError, match="needs one first"):
        Bounded(Cron("0 * * * *"), times=2).next_after(NOON)


def test_fewer_instants_than_times_are_all_of_them() -> None:
    assert instants(Bounded(At(NOON), NOON - DAY, times=5), NOON - DAY, NOON + DAY) == [NOON]


def test_the_most_times_are_counted_once() -> None:
    """The count walks through all of them, and is kept."""
    trigger = Bounded(Cron("* * * * * *"), NOON, times=MOST_TIMES)
    last = NOON + timedelta(seconds=MOST_TIMES - 1)
    assert trigger.next_after(last - TICK) == last
    assert all(trigger.next_after(last + n * TICK) is None for n in range(10_000))


@pytest.mark.parametrize("times", [0, -1, MOST_TIMES + 1])
def test_times_are_a_count(times: int) -> None:
    with pytest.raises(ScheduleError, match="out of range"):
        Bounded(At(NOON), times=times)


@pytest.mark.parametrize("inner", [AfterFinish(HOUR), Startup()])
def test_what_has_no_instants_is_refused(inner: AfterFinish | Startup) -> None:
    with pytest.raises(ScheduleError, match="until"):
        Bounded(inner, end=NOON)


@pytest.mark.parametrize(("inner", "steady"), [(Every(HOUR), True), (At(NOON), False)])
def test_it_lives_where_its_trigger_lives(inner: Every | At, steady: bool) -> None:
    assert Bounded(inner, times=1).steady is steady


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 * * * * from 2026-01-01T13:00", Bounded(Cron("0 * * * *", "Europe/Berlin"), start=NOON)),
        ("0 * * * * until 2026-01-01 13:00", Bounded(Cron("0 * * * *", "Europe/Berlin"), end=NOON)),
        ("0 * * * * UNTIL 2026-01-01T12:00Z 1 time", Bounded(Cron("0 * * * *", "Europe/Berlin"), end=NOON, times=1)),
        ("every 1h until 2026-01-01T12:00Z", Bounded(Every(HOUR), end=NOON)),
        ("every hour from 2026-01-01T13:00", Bounded(Cron("0 * * * *", "Europe/Berlin"), start=NOON)),
        ("every day at 09:00 from 2026-01-01T13:00", Bounded(Cron("0 9 * * *", "Europe/Berlin"), start=NOON)),
        ("every monday at noon from 2026-01-01T13:00", Bounded(Cron("0 12 * * MON", "Europe/Berlin"), start=NOON)),
        ("every hour at :15 from 2026-01-01T13:00", Bounded(Cron("15 * * * *", "Europe/Berlin"), start=NOON)),
        ("every 1h from 2026-01-01T12:00Z 5 times", Bounded(Every(HOUR, NOON), times=5)),
        ("(every 1h) from 2026-01-01T12:00Z", Bounded(Every(HOUR, NOON), start=NOON)),
        (
            "0 * * * * until 2026-03-29",  # a day of 23 hours, whole
            Bounded(Cron("0 * * * *", "Europe/Berlin"), end=datetime(2026, 3, 29, 22, tzinfo=UTC) - TICK),
        ),
        (
            "0 * * * * until 2026-10-25T02:30",  # the second of two
            Bounded(Cron("0 * * * *", "Europe/Berlin"), end=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ),
    ],
)
def test_a_text_is_understood(text: str, expected: Bounded) -> None:
    assert parse_schedule(text, tz="Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("@hourly from 2026-01-01", "every hour, from 2026-01-01 00:00:00 UTC"),
        ("@hourly until 2026-01-01T12:00", "every hour, until 2026-01-01 12:00:00 UTC"),
        ("@hourly until 2026-01-01", "every hour, before 2026-01-02 00:00:00 UTC"),
        ("@hourly until 2026-01-01 5 times", "every hour, before 2026-01-02 00:00:00 UTC, 5 times in all"),
        ("@hourly 1 time", "every hour, 1 time in all"),
    ],
)
def test_in_words(text: str, sentence: str) -> None:
    assert explain_trigger(parse_schedule(text)) == sentence


@pytest.mark.parametrize(
    ("text", "message", "blamed", "help"),
    [
        ("@daily until tomorrow", '"tomorrow" is not an instant', "tomorrow", ...),
        ("@daily until", '"" is not an instant', "", ...),
        ("@daily untill 2026-01-01", '"untill" is not understood', "untill", 'did you mean "until"?'),
        ("@daily 0 times", "0 times is out of range 1-10000", "0 times", ""),
        ("@daily 10001 times", "10001 times is out of range 1-10000", "10001 times", 'bound it by time, with "until"'),
        ("@daily 5 times a day", '"times a day" is not understood behind "5"', "5 times a day", ...),
        ("@daily from 2027-01-01 until 2026-01-01", ..., "until 2026-01-01", ""),
        ("@yearly from 2026-02-01 until 2026-03-01", "this can never fire: no instant fits all of it", ..., ""),
        ("after 5m until 2026-01-01", ..., ..., 'write "every" for a fixed interval'),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, message: object, blamed: object, help: object) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    error = caught.value
    assert error.message == message or message is ...
    assert error.span is not None
    assert text[slice(*error.span)] == blamed or blamed is ...
    assert error.help == help or help is ...


def test_to_count_has_one_budget_of_steps() -> None:
    """59 candidates for each of them would be seconds of looking."""
    text = "(* * * * * * except 1-59 * * * * *)"
    with pytest.raises(ScheduleError, match="to count 10000 times takes too long: more than"):
        parse_schedule(f"{text} from 2026-01-01T00:00 10000 times")
    few = parse_schedule(f"{text} from 2026-01-01T12:00 3 times")
    for _ in range(2):  # what was looked at before changes nothing
        assert instants(few, NOON - DAY, NOON + DAY) == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]


def test_as_many_as_may_be_counted_are_counted_within_a_question() -> None:
    trigger = parse_schedule("0 * * * * from 2026-01-01 10000 times | 30 9 * * *")
    assert trigger.next_after(NOON) == NOON + HOUR
