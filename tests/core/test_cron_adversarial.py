"""However an expression is written, reading it and asking it costs a bounded number of steps."""

from __future__ import annotations

import random
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from counting import counting
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asched.core.localtime import cron as cron_module
from asched.core.localtime.cron import Cron
from asched.core.localtime.zones import offsets
from asched.errors import ScheduleError

# A call is some ten nanoseconds to some microseconds: so many are well below 20 ms.
MOST_CALLS = 2_000  # 1,319 were the most, in 0.15 ms
MOST_COLD_CALLS = 20_000  # with the offsets of the years that it needs: 10 ms
ZONES = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll", "Pacific/Apia"]

# The rarest there are: leap days on one weekday, 13 leap years apart over 2100; days that few months have; the last
# second of the last year; times in gaps; all of it with dense and with single fields.
RARE = [
    "0 0 29 2 *", "59 59 23 29 2 * *", "0 0 31 1-12/2 *", "0 0 29W 2 *", "0 0 * 2 0#5", "0 0 * 2 MON#5", "0 0 L-28 2 *",
    "0 0 31 12 SUN#5", "* * * 29 2 * 2096", "59 59 23 31 12 * 2099", "0 0 0 1 1 * 1970", "30 2 29 2 *",
    "0 0 L-30 * *", "0-59 0-23 L-30,31 * 6#5", "30 2 8 3 *", "0 0 0 29 2 * 2024-2099/4", "0 0 0 29 2 0#5 *",
]  # fmt: skip


def calls(work: Any) -> int:
    """How many calls of Python functions, and of those in C, it takes: the same on every machine."""
    with counting() as calls:
        work()
    return calls.count


def read(expression: str, zone: str, **options: Any) -> Cron | ScheduleError:
    try:
        return Cron(expression, zone, **options)
    except ScheduleError as error:
        return error


def warm(zone: str) -> None:
    """The offsets of a zone are read once a process; that is not part of a question."""
    for year in range(1970, 2200):
        offsets(zone).stretch(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()))


@pytest.mark.parametrize("rule", ["crontab", "and"])
@pytest.mark.parametrize("expression", RARE)
def test_the_rarest_expressions_are_answered_in_few_steps(expression: str, rule: Any) -> None:
    for zone in ZONES:
        warm(zone)
        cron = read(expression, zone, day_rule=rule)
        if isinstance(cron, ScheduleError):
            assert rule == "and"
            assert "can never fire" in cron.message
            continue
        for start in ("1969-12-31", "2024-02-29", "2026-03-08T06:59:59.999999", "2096-03-01", "2198-12-31"):
            at = datetime.fromisoformat(start).replace(tzinfo=UTC)
            assert calls(lambda cron=cron, at=at: cron.next_after(at)) < MOST_CALLS, (expression, zone, start)


@pytest.mark.parametrize("expression", RARE)
def test_the_first_question_in_a_zone_reads_few_years_of_it(expression: str) -> None:
    offsets.cache_clear()
    cron_module._instants.cache_clear()
    cron = read(expression, "Europe/Berlin")
    assert isinstance(cron, Cron)
    assert calls(lambda: cron.next_after(datetime(2096, 3, 1, tzinfo=UTC))) < MOST_COLD_CALLS


numbers = st.integers(0, 70).map(str)
names = st.sampled_from(
    ["JAN", "feb", "DEC", "SUN", "mon", "SAT", "L", "LW", "W", "15W", "5L", "5#2", "L-3", "?", "H", "R"]
)
atoms = st.one_of(st.just("*"), numbers, names)
items = st.one_of(
    atoms,
    st.tuples(atoms, atoms).map("-".join),
    st.tuples(atoms, numbers).map("/".join),
    st.tuples(atoms, atoms, numbers).map(lambda of: f"{of[0]}-{of[1]}/{of[2]}"),
)
fields = st.lists(items, min_size=1, max_size=4).map(",".join)
grammar = st.one_of(st.lists(fields, min_size=5, max_size=7), st.lists(fields, max_size=9)).map(" ".join)
noise = st.text(alphabet="0123456789*/-,#LWH?() \t\nSUNFEB²١", max_size=60)
instants = st.datetimes(datetime(1960, 1, 1), datetime(2210, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(grammar, noise), st.sampled_from(ZONES), st.sampled_from(["auto", "skip", "last", "both"]), instants)
def test_whatever_is_written_is_read_or_refused_and_answered_soon(
    expression: str, zone: str, dst: Any, at: datetime
) -> None:
    warm(zone)
    assert calls(lambda: read(expression, zone, dst=dst)) < 10 * MOST_CALLS  # croniter's reading is in it, once
    cron = read(expression, zone, dst=dst)
    if isinstance(cron, ScheduleError):
        assert cron.span is None or 0 <= cron.span[0] < cron.span[1] <= len(expression) + 1
        return
    assert calls(lambda: cron.next_after(at)) < MOST_CALLS
    found = cron.next_after(at)
    assert found is None or found > at
    assert read(cron.text(), zone, dst=dst) == cron


@pytest.mark.parametrize("start", range(0, 60, 7))
def test_lists_of_thousands_of_items_are_read_in_proportion(start: int) -> None:
    few, many = (",".join(str((start + n) % 60) for n in range(size)) for size in (60, 6_000))
    few_calls, many_calls = (calls(lambda of=of: Cron(f"{of} {start % 24} * * *")) for of in (few, many))
    assert many_calls < 150 * few_calls
    assert Cron(f"{many} 0 * * *").fields.minute.values == tuple(range(60))


@pytest.mark.parametrize("text", ["1" * 100_000 + " * * * *", "*/" + "9" * 5_000 + " * * * *", "* * * * *" * 20_000])
def test_an_endless_text_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        Cron(text)


def test_memory_stays_bounded_however_many_expressions_come_by() -> None:
    """They are remembered up to a limit, and so are the answers: nothing grows with the questions."""
    dice = random.Random(4)
    cron, at = Cron("*/5 * * * *", "Europe/Berlin"), datetime(2026, 1, 1, tzinfo=UTC)
    warm("Europe/Berlin")
    cron.next_after(at)
    tracemalloc.start()
    try:
        for _ in range(20_000):
            cron.next_after(at + timedelta(minutes=dice.randrange(60 * 24 * 365 * 70)))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 200_000
    assert cron_module._instants.cache_info().maxsize == cron_module._walls.cache_info().maxsize == 8192
