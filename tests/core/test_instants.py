"""Instants in an interval: the first ones, and the latest ones without listing what lies before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import Windows
from asched.core.triggers.at import At
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.instants import between, latest_between
from asched.core.triggers.interval import Every
from asched.core.triggers.minus import Minus
from asched.core.triggers.once import OncePerWindow
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.within import Within

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


class Counted:
    """A trigger that counts the questions."""

    steady, relative = False, False

    def __init__(self, trigger: Trigger) -> None:
        self.trigger, self.questions = trigger, 0

    def next_after(self, instant: datetime) -> datetime | None:
        self.questions += 1
        return self.trigger.next_after(instant)

    def spec(self) -> dict[str, object]:
        return self.trigger.spec()

    def text(self) -> str:
        return self.trigger.text()


def test_the_interval_is_open_on_the_left_and_closed_on_the_right() -> None:
    every = Every(timedelta(hours=1), NOON)
    hours = [NOON + timedelta(hours=n) for n in range(5)]
    assert between(every, hours[1], hours[3], 10) == hours[2:4]
    assert latest_between(every, hours[1], hours[3], 10) == (hours[2:4], False)


def test_no_more_than_the_limit_are_listed() -> None:
    every = Every(timedelta(hours=1), NOON)
    assert between(every, NOON, NOON + YEAR, 2) == [NOON + timedelta(hours=1), NOON + timedelta(hours=2)]
    assert between(every, NOON, NOON + YEAR, 0) == []


def test_there_may_be_none() -> None:
    assert between(At(NOON), NOON, NOON + YEAR, 5) == []
    assert latest_between(At(NOON), NOON, NOON + YEAR, 5) == ([], False)
    assert latest_between(Startup(), NOON, NOON + YEAR, 5) == ([], False)
    assert latest_between(Every(YEAR, NOON), NOON + YEAR, NOON, 5) == ([], False)


def test_asking_for_none_still_tells_whether_there_are_any() -> None:
    assert latest_between(At(NOON), NOON - YEAR, NOON, 0) == ([], True)
    assert latest_between(At(NOON), NOON, NOON + YEAR, 0) == ([], False)


MIXED: list[Trigger] = [
    Every(timedelta(minutes=7), NOON),
    Every(timedelta(microseconds=900_001), NOON),
    Cron("* * * * * *"),
    Cron("* * 3 1 2 *"),
    Cron("30 2 * * *", "Europe/Berlin"),
    Cron("0 0 29 2 *"),
    AnyOf((Cron("*/5 9 * * MON"), Cron("0 0 1 1 *"))),
    AnyOf((At(NOON + timedelta(days=3)), Cron("* 10 5 * * *"))),
    VariedEvery(timedelta(seconds=1), timedelta(hours=2), NOON),
    Within(Every(timedelta(minutes=7), NOON), Windows(((22 * 3600, 6 * 3600),), "Europe/Berlin", (1, 2, 3, 4, 5))),
    Bounded(Every(timedelta(seconds=9), NOON), start=NOON + timedelta(days=1), end=NOON + timedelta(days=900)),
    Bounded(Cron("*/5 * * * *"), start=NOON, times=1000),
    AllOf((Every(timedelta(minutes=7), NOON), Every(timedelta(minutes=11), NOON), Cron("* * * * *"))),
    AllOf((Cron("0 0 * * *", "Europe/Berlin"), Cron("0 19 * * *", "America/New_York"))),
    Minus(Cron("* * * * *"), Cron("* 9-17 * * *")),
    OncePerWindow(Windows(((2 * 3600, 5 * 3600),), "Europe/Berlin", (1,))),
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(MIXED),
    st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    st.timedeltas(timedelta(0), timedelta(hours=1)) | st.timedeltas(timedelta(0), timedelta(days=3)),
    st.integers(1, 30),
)
def test_the_latest_are_the_end_of_the_whole_list(
    trigger: Trigger, shift: timedelta, length: timedelta, n: int
) -> None:
    after = NOON + shift
    everything = between(trigger, after, after + length, 1_000_000)
    assert latest_between(trigger, after, after + length, n) == (everything[-n:], len(everything) > n)


@pytest.mark.parametrize("trigger", MIXED)
@pytest.mark.parametrize(("n", "most"), [(1, 700), (100, 8_000)])
def test_the_cost_is_bounded_when_millions_lie_between(trigger: Trigger, n: int, most: int) -> None:
    counted = Counted(trigger)
    latest_between(counted, NOON, NOON + 10 * YEAR, n)
    assert counted.questions < most


def test_a_burst_long_ago_is_found() -> None:
    """Every second of one hour, years before the end: nothing at first, then thousands at once."""
    burst = Cron("* * 5 1 2 * 2026")
    found, more = latest_between(burst, NOON, NOON + 9 * YEAR, 3)
    assert more
    assert found == [datetime(2026, 2, 1, 5, 59, s, tzinfo=UTC) for s in (57, 58, 59)]
