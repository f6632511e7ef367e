"""H: stable by name, inside its range, spread over it, and refused where it is not understood."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.core.localtime.cron import Cron
from asched.core.localtime.cronfields import DAY, HOUR, MINUTE, MONTH, SECOND, WEEKDAY, Unit
from asched.core.localtime.spread import resolve
from asched.errors import ScheduleError

FIELDS = [(SECOND, 0, 59), (MINUTE, 0, 59), (HOUR, 0, 23), (DAY, 1, 28), (MONTH, 1, 12), (WEEKDAY, 0, 6)]
names = st.text(min_size=1)
fields = st.sampled_from(FIELDS)


def values(token: str, unit: Unit, name: str) -> tuple[int, ...]:
    """What Cron makes of the token in that field."""
    words = [token if unit is each else "*" for each, _, _ in FIELDS]
    return getattr(Cron(resolve(" ".join(words), name)).fields, unit.name).values


@st.composite
def ranges(draw: st.DrawFn) -> tuple[Unit, int, int]:
    unit, low, high = draw(fields)
    first, last = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
    return unit, first, last


@given(fields, names)
def test_h_is_one_value_of_its_field(field: tuple[Unit, int, int], name: str) -> None:
    unit, low, high = field
    (value,) = values("H", unit, name)
    assert low <= value <= high
    assert values("h", unit, name) == (value,)


@given(ranges(), names)
def test_a_range_is_kept_to(chosen: tuple[Unit, int, int], name: str) -> None:
    unit, low, high = chosen
    (value,) = values(f"H({low}-{high})", unit, name)
    assert low <= value <= high


@given(fields, names, st.data())
def test_a_step_has_an_offset_below_it_and_goes_on_to_the_end(
    field: tuple[Unit, int, int], name: str, data: st.DataObject
) -> None:
    unit, low, high = field
    step = data.draw(st.integers(1, high - low + 1))
    found = values(f"H/{step}", unit, name)
    assert low <= found[0] < low + step
    assert found == tuple(range(found[0], high + 1, step))


@given(ranges(), names, st.data())
def test_a_step_in_a_range_stays_in_it(chosen: tuple[Unit, int, int], name: str, data: st.DataObject) -> None:
    unit, low, high = chosen
    step = data.draw(st.integers(1, high - low + 1))
    found = values(f"H({low}-{high})/{step}", unit, name)
    assert low <= found[0] < low + step
    assert found == tuple(range(found[0], high + 1, step))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("H H * * *", "5 1 * * *"),
        ("H/15 * * * *", "5-59/15 * * * *"),
        ("H(0-29)/10 H(1-5) H * H", "5-29/10 4 20 * 6"),
        ("H  H H  H H  H", "1  5 1  20 2  6"),
        ("H,30 2 * * *", "5,30 2 * * *"),
        ("0 0 1 H(JAN-MAR) *", "0 0 1 2 *"),
    ],
)
def test_the_values_of_a_name_never_change(expression: str, expected: str) -> None:
    """They are promised for ever: a job must not move to another hour with a new version."""
    assert resolve(expression, "nightly-backup") == expected


@pytest.mark.parametrize(("unit", "low", "high"), FIELDS, ids=[unit.name for unit, _, _ in FIELDS])
def test_many_names_spread_over_the_whole_field(unit: Unit, low: int, high: int) -> None:
    size = high - low + 1
    counts = Counter(values("H", unit, f"job-{number}")[0] for number in range(100 * size))
    assert len(counts) == size
    assert min(counts.values()) >= 50
    assert max(counts.values()) <= 160


def test_the_fields_of_one_name_are_independent() -> None:
    pairs = {tuple(resolve("H H * * *", f"job-{number}").split()[:2]) for number in range(1_000)}
    assert len(pairs) > 600  # of 1,440; if the hour followed from the minute there would be 60


@pytest.mark.parametrize("expression", ["0 9 * * THU", "0 9 1 MAR *", "*/5 * * * *", "30 2 * *", "H 2 * *", "@daily"])
def test_without_an_h_and_without_the_fields_it_is_left_to_others(expression: str) -> None:
    assert resolve(expression, "name") == expression


@pytest.mark.parametrize(
    ("expression", "message", "blamed"),
    [
        ("1-H 2 * * *", '"1-H" is not understood', "1-H"),
        ("H-5 2 * * *", '"H-5" is not understood', "H-5"),
        ("H(5) 2 * * *", '"H(5)" is not understood', "H(5)"),
        ("H(5-9 2 * * *", '"H(5-9" is not understood', "H(5-9"),
        ("0 2 * * H#2", '"H#2" is not understood', "H#2"),
        ("0 H,H5 * * *", '"H5" is not understood', "H5"),
        ("0 H(20-25) * * *", "hour 25 is out of range 0-23", "25"),
        ("0 0 H(0-9) * *", "day 0 is out of range 1-31", "0"),
        ("H(30-10) * * * *", "30-10 does not wrap here", "30-10"),
        ("H(-10) * * * *", '"" is not a minute', "-"),
        ("0 0 1 H(JAN-MÄR) *", '"MÄR" is not a month', "MÄR"),
        ("H/90 * * * *", "step 90 is wider than minute 0-59 (60)", "90"),
        ("H(0-29)/31 * * * *", "step 31 is wider than minute 0-29 (30)", "31"),
        ("0 0 H/29 * *", "step 29 is wider than day 1-28 (28)", "29"),
        ("H/0 * * * *", 'step "0" is not a whole number from 1', "0"),
        ("H/x * * * *", 'step "x" is not a whole number from 1', "x"),
        ("H/ * * * *", 'step "" is not a whole number from 1', " "),
        ("0 0 0 1 1 * H", "H does not go with a year", "H"),
    ],
)
def test_a_malformed_h_is_named_and_pointed_at(expression: str, message: str, blamed: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        resolve(expression, "name")
    assert caught.value.message == message
    assert caught.value.text == expression
    assert caught.value.span is not None
    start, end = caught.value.span
    assert expression[start:end] == blamed


def test_a_job_without_a_name_has_no_value() -> None:
    with pytest.raises(ScheduleError, match="needs the name of a job"):
        resolve("H 2 * * *", "")


@given(st.text(alphabet="H()-/,*0159 THURS#", max_size=20), names)
def test_whatever_is_written_it_is_resolved_or_refused(text: str, name: str) -> None:
    try:
        once = resolve(text, name)
    except ScheduleError:
        return
    assert resolve(once, name) == once
