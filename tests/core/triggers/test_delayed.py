"""Once, so long after it is scheduled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from laws import survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.triggers.at import At
from asched.core.triggers.delayed import In
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_it_is_an_instant_once_it_is_anchored() -> None:
    trigger = parse_schedule("in 10m")
    assert trigger == In(timedelta(minutes=10))
    assert trigger.anchored(NOON) == At(NOON + timedelta(minutes=10))
    assert explain_trigger(trigger) == "once, 10 minutes after it is scheduled"
    assert (trigger.steady, trigger.relative, trigger.startup) == (False, False, None)
    survives(trigger)


def test_before_that_it_has_no_instant() -> None:
    with pytest.raises(ScheduleError, match="needs an anchor"):
        In(timedelta(minutes=10)).next_after(NOON)


def test_past_the_end_of_the_calendar_it_is_at_its_end() -> None:
    assert In(timedelta.max).anchored(NOON) == At(datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "blamed"), [("in 0s", "0s"), ("in 5", "5"), ("in ten minutes", "ten minutes"), ("in 5x", "5x")]
)
def test_what_is_wrong_is_pointed_at(text: str, blamed: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == blamed
    with pytest.raises(ScheduleError, match="not longer than nothing"):
        In(timedelta(0))
