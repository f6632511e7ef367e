"""Triggers are values with one pure method, and survive a trip through JSON and through text."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf, any_of
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)

periods = st.timedeltas(min_value=TICK, max_value=timedelta(days=4000))
instants = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def test_an_interval_begins_one_period_after_its_anchor() -> None:
    every = Every(seconds(10), NOON)
    assert every.next_after(NOON - timedelta(days=1)) == NOON + seconds(10)
    assert every.next_after(NOON) == NOON + seconds(10)
    assert every.next_after(NOON + seconds(10) - TICK) == NOON + seconds(10)
    assert every.next_after(NOON + seconds(10)) == NOON + seconds(20)


@given(periods, instants, instants)
def test_an_interval_yields_the_first_multiple_that_is_later(
    period: timedelta, anchor: datetime, after: datetime
) -> None:
    found = Every(period, anchor).next_after(after)
    assert found is not None
    assert (found - anchor) % period == timedelta(0)
    assert found > max(after, anchor)
    assert found - period <= max(after, anchor)


def test_an_interval_never_drifts() -> None:
    third = timedelta(microseconds=333_333)
    at: datetime | None = NOON
    for _ in range(1000):
        assert at is not None
        at = Every(third, NOON).next_after(at)
    assert at == NOON + 1000 * third


def test_an_interval_without_an_anchor_has_no_instants() -> None:
    with pytest.raises(ScheduleError, match="needs an anchor"):
        Every(seconds(10)).next_after(NOON)


def test_an_interval_is_anchored_in_any_zone_and_keeps_utc() -> None:
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert Every(seconds(10)).anchored(tokyo) == Every(seconds(10), NOON)
    assert Every(seconds(10), tokyo).spec() == Every(seconds(10), NOON).spec()


def test_nothing_is_due_past_the_end_of_the_calendar() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert Every(seconds(10), NOON).next_after(end) is None
    assert Every(timedelta.max, NOON).next_after(NOON) is None
    assert AfterFinish(seconds(10)).next_after(end) is None


@pytest.mark.parametrize("kind", [Every, AfterFinish])
@pytest.mark.parametrize("period", [timedelta(0), -seconds(1)])
def test_a_period_is_longer_than_nothing(kind: type[Every], period: timedelta) -> None:
    with pytest.raises(ScheduleError, match="not longer than nothing"):
        kind(period)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ScheduleError, match="has no time zone"):
        At(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ScheduleError, match="has no time zone"):
        Every(seconds(1), datetime(2026, 1, 1))  # noqa: DTZ001


def test_after_finish_counts_from_the_end_of_the_run() -> None:
    assert AfterFinish(seconds(60)).next_after(NOON + seconds(7)) == NOON + seconds(67)


def test_one_instant_is_due_once() -> None:
    assert At(NOON).next_after(NOON - TICK) == NOON
    assert At(NOON).next_after(NOON) is None


def test_startup_has_no_instants() -> None:
    assert Startup().next_after(NOON) is None


@pytest.mark.parametrize(
    ("trigger", "steady", "relative"),
    [
        (Every(seconds(1)), True, False),
        (AfterFinish(seconds(1)), True, True),
        (At(NOON), False, False),
        (Startup(), False, False),
        (Cron("0 0 * * *"), False, False),
        (AnyOf((Every(seconds(1)), Every(seconds(2)))), True, False),
        (AnyOf((Every(seconds(1)), At(NOON))), False, False),
    ],
)
def test_each_says_on_which_time_it_lives(trigger: Trigger, steady: bool, relative: bool) -> None:
    assert (trigger.steady, trigger.relative) == (steady, relative)


def test_a_union_merges_in_order_and_without_duplicates() -> None:
    union = AnyOf((Every(seconds(2), NOON), Every(seconds(3), NOON), At(NOON + seconds(5))))
    at, found = NOON, []
    for _ in range(5):
        following = union.next_after(at)
        assert following is not None
        at = following
        found.append((at - NOON).total_seconds())
    assert found == [2, 3, 4, 5, 6]


def test_a_union_that_is_over_yields_nothing() -> None:
    assert AnyOf((At(NOON), Startup())).next_after(NOON) is None


def test_order_nesting_and_duplicates_make_no_difference_to_a_union() -> None:
    a, b, c = At(NOON), Cron("0 0 * * *"), Startup()
    assert AnyOf((a, AnyOf((b, c)), a)) == AnyOf((c, b, a))
    assert hash(AnyOf((a, b))) == hash(AnyOf((b, a)))


def test_a_union_refuses_what_counts_from_the_end_of_a_run() -> None:
    with pytest.raises(ScheduleError, match="stands alone"):
        AnyOf((At(NOON), AfterFinish(seconds(1))))
    with pytest.raises(ScheduleError, match="at least one"):
        AnyOf(())


def test_a_union_of_one_is_that_one() -> None:
    finish = AfterFinish(seconds(1))
    assert any_of([finish]) is finish
    assert any_of([At(NOON), At(NOON)]) == At(NOON)
    assert any_of([At(NOON), Startup()]) == AnyOf((At(NOON), Startup()))


def test_a_startup_is_found_inside_a_union() -> None:
    assert AnyOf((At(NOON), Startup(once_per_boot=True))).startup == Startup(once_per_boot=True)
    assert AnyOf((Startup(once_per_boot=True), Startup())).startup == Startup()
    assert Startup().startup == Startup()
    assert At(NOON).startup is None


def test_anchoring_reaches_into_unions_and_respects_anchors() -> None:
    earlier = NOON - timedelta(days=1)
    union = AnyOf((Every(seconds(1)), Every(seconds(2), earlier), At(NOON)))
    assert union.anchored(NOON) == AnyOf((Every(seconds(1), NOON), Every(seconds(2), earlier), At(NOON)))
    assert Every(seconds(1)).anchored(NOON) == Every(seconds(1), NOON)
    assert At(NOON).anchored(NOON) == At(NOON)


crons = st.sampled_from(
    [
        Cron("30 2 * * MON-FRI"),
        Cron("*/10 * * * * *", "Europe/Berlin", "both"),
        Cron("0 0 L * 5L", "Asia/Tokyo", "skip", "and"),
    ]
)
single = st.one_of(
    st.builds(Every, periods, st.none() | instants),
    st.builds(At, instants),
    st.builds(Startup, st.booleans()),
    crons,
)
triggers = st.one_of(
    single,
    st.builds(AfterFinish, periods),
    st.lists(single, min_size=1, max_size=4).map(lambda some: AnyOf(tuple(some))),
)


@given(triggers)
def test_every_trigger_survives_a_trip_through_json(trigger: Trigger) -> None:
    there = json.loads(json.dumps(trigger.spec()))
    back = from_spec(there)
    assert back == trigger
    assert hash(back) == hash(trigger)
    assert back.spec() == there


@given(triggers)
def test_every_trigger_survives_pickling(trigger: Trigger) -> None:
    assert pickle.loads(pickle.dumps(trigger)) == trigger


@given(
    st.one_of(st.builds(Every, periods, st.none() | instants), st.builds(At, instants), st.builds(AfterFinish, periods))
)
def test_every_trigger_without_a_zone_survives_a_trip_through_text(trigger: Trigger) -> None:
    assert parse_schedule(trigger.text(), tz="Asia/Tokyo") == trigger


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"kind": "sometimes"},
        {"kind": "every"},
        {"kind": "at", "instant": "noon"},
        {"kind": "at", "instant": 5},
        {"kind": "any_of", "triggers": 5},
        {"kind": "every", "period": "1q", "anchor": None},
        {"kind": "cron", "expression": "61 * * * *", "tz": "UTC", "dst": "auto", "day_rule": "crontab"},
    ],
)
def test_what_is_no_spec_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises(ScheduleError):
        from_spec(spec)
