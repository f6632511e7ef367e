"""Intervals that vary: every gap within its bounds, no drift, and known from anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import TICK, instants, is_a_set, survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.triggers.varied import VariedEvery
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAR = datetime.max.replace(tzinfo=UTC)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


lows = st.timedeltas(TICK, timedelta(days=3))
widths = st.timedeltas(TICK, timedelta(days=3))
anchors = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
varied = st.builds(lambda low, width, anchor: VariedEvery(low, low + width, anchor), lows, widths, anchors)


@given(varied)
def test_every_gap_lies_between_the_two_also_the_first(trigger: VariedEvery) -> None:
    assert trigger.anchor is not None
    found = [trigger.anchor, *instants(trigger, trigger.anchor, FAR, 200)]
    gaps = [b - a for a, b in pairwise(found)]
    assert len(gaps) == 200
    assert trigger.low <= min(gaps)
    assert max(gaps) <= trigger.high


@given(varied, st.integers(1, 10**4))
def test_it_never_drifts(trigger: VariedEvery, k: int) -> None:
    """However far from its anchor, an instant is within a quarter of the width of where the mean has it."""
    assert trigger.anchor is not None
    quarter = (trigger.high - trigger.low) / 4 + TICK
    there = trigger.anchor + k * (trigger.low + trigger.high) / 2
    found = trigger.next_after(there - quarter - TICK)
    assert found is not None
    assert abs(found - there) <= quarter


@given(varied, st.lists(st.integers(-5, 60), max_size=8))
def test_it_is_a_set(trigger: VariedEvery, places: list[int]) -> None:
    assert trigger.anchor is not None
    middle = (trigger.low + trigger.high) / 2
    questions = [trigger.anchor + n * middle for n in places]
    is_a_set(trigger, trigger.anchor - timedelta(days=1), trigger.anchor + 80 * middle, questions)


@given(varied)
def test_it_survives(trigger: VariedEvery) -> None:
    survives(trigger, "Asia/Tokyo")


def test_it_varies_and_another_anchor_varies_otherwise() -> None:
    one, other = (VariedEvery(seconds(15), seconds(30), at) for at in (NOON, NOON + seconds(1)))
    found = [[at - t.anchor for at in instants(t, NOON, NOON + seconds(900))][:30] for t in (one, other)]  # type: ignore[operator]
    assert len({b - a for a, b in pairwise(found[0])}) > 20
    assert found[0] != found[1]


def test_the_mean_is_in_the_middle() -> None:
    found = instants(VariedEvery(seconds(15), seconds(30), NOON), NOON, FAR, 4000)
    assert abs(found[-1] - (NOON + 4000 * seconds(22.5))) <= seconds(15 / 4)


def test_it_is_known_without_those_before() -> None:
    """A hundred years of microseconds away it is as quick: three hashes at most."""
    trigger = VariedEvery(TICK, 2 * TICK, NOON)
    assert trigger.next_after(NOON + timedelta(days=36500)) is not None


def test_without_an_anchor_it_has_no_instants() -> None:
    free = VariedEvery(seconds(15), seconds(30))
    with pytest.raises(ScheduleError, match="needs an anchor"):
        free.next_after(NOON)
    assert free.anchored(NOON) == VariedEvery(seconds(15), seconds(30), NOON)
    assert free.anchored(NOON).anchored(NOON + TICK) == free.anchored(NOON)
    assert (free.steady, free.relative, free.startup) == (True, False, None)


def test_nothing_is_due_past_the_end_of_the_calendar() -> None:
    assert VariedEvery(seconds(15), seconds(30), NOON).next_after(FAR) is None
    assert VariedEvery(timedelta.max - seconds(1), timedelta.max, NOON).next_after(NOON) is None


@pytest.mark.parametrize(("low", "high"), [(0, 5), (-1, 5), (5, 5), (6, 5)])
def test_the_periods_are_longer_than_nothing_and_in_order(low: int, high: int) -> None:
    with pytest.raises(ScheduleError, match=r"not longer than nothing|from the shorter"):
        VariedEvery(seconds(low), seconds(high))


def test_as_text_and_in_words() -> None:
    trigger = parse_schedule("every 15s to 30s from 2026-01-01T12:00Z")
    assert trigger == VariedEvery(seconds(15), seconds(30), NOON)
    assert parse_schedule("@every 90s TO 2 minutes") == VariedEvery(seconds(90), seconds(120))
    assert explain_trigger(trigger) == ("every 15 seconds to 30 seconds, varying, counted from 2026-01-01 12:00:00 UTC")


@pytest.mark.parametrize(
    ("text", "message", "blamed", "help"),
    [
        (
            "every 30s to 15s",
            "the second period must be longer than the first",
            "15s",
            'did you mean "every 15s to 30s"?',
        ),
        ("every 15s to 15s", "the second period must be longer than the first", "15s", 'did you mean "every 15s"?'),
        ("every 15 to 30s", "a duration needs a unit", "15", 'did you mean "15s"?'),
        ("every 15s to 0s", "a period must be longer than nothing", "0s", ""),
        ("every 15s to 30s to 45s", "not a duration", "to 45s", ...),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, message: str, blamed: str, help: object) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.message == message
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == blamed
    assert help in (caught.value.help, ...)
