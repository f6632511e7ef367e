"""What follows from what was measured, without measuring."""

from __future__ import annotations

from datetime import timedelta

import pytest
from boards import NOON
from jobdoubles import S

from asched.bench.figures import Lateness, Pace, Recorded, Spread, lateness_of
from asched.core.model import Fire, Origin
from asched.core.outcome import Start
from asched.core.record import FireRecord

MS = timedelta(milliseconds=1)


def started(number: int, late: timedelta) -> FireRecord:
    """Due at that second, and so late."""
    at = NOON + number * S
    fire = Fire(number, "job", 1, at, at, Origin.SCHEDULE)
    return FireRecord(fire, Start(), at, 1, 1, started_at=at + late)


def test_a_spread_is_of_times_that_were_really_measured() -> None:
    assert Spread.of([n * MS for n in range(100, 0, -1)]) == Spread(100, 50 * MS, 99 * MS, 100 * MS)
    assert Spread.of([7 * MS]) == Spread(1, 7 * MS, 7 * MS, 7 * MS)
    assert Spread.of([]) == Spread(0, None, None, None)


@pytest.mark.parametrize(
    ("times", "per_second"), [([MS, 3 * MS], 500.0), ([timedelta(0)], 0.0), ([], 0.0)], ids=["some", "no time", "none"]
)
def test_a_pace_is_how_many_fit_into_a_second(times: list[timedelta], per_second: float) -> None:
    assert Pace.of(times).per_second == per_second


def test_runs_cost_what_the_process_spent_meanwhile() -> None:
    assert Recorded(200, 3000, 1.5, 0.3).per_second == 2000
    assert Recorded(200, 3000, 1.5, 0.3).cpu_per_run == 100 * MS / 1000
    assert Recorded(200, 0, 1.5, 0.3).cpu_per_run is None


@pytest.mark.parametrize(
    ("fires", "count", "missed"),
    [
        ([started(0, MS), started(1, 2 * MS), started(2, 3 * MS)], 3, 0),
        ([started(0, MS), started(2, 3 * MS)], 2, 1),
        ([started(0, S), started(1, 999 * MS), started(2, 3 * MS)], 2, 1),
        ([started(-1, MS), started(3, MS)], 0, 3),
        ([], 0, 3),
    ],
    ids=["all", "one not at all", "one when the next was due", "others than those that count", "none"],
)
def test_missed_is_what_did_not_start_before_the_next_was_due(fires: list[FireRecord], count: int, missed: int) -> None:
    found = lateness_of(fires, 1, S, NOON, NOON + 3 * S)
    assert (found.instants, found.late.count, found.missed) == (3, count, missed)


def test_what_was_missed_is_counted_over_all_jobs() -> None:
    both = [started(0, MS), started(0, 3 * MS), started(1, 2 * MS)]
    assert lateness_of(both, 2, S, NOON, NOON + 2 * S) == Lateness(2, S, 2, Spread(3, 2 * MS, 3 * MS, 3 * MS), 1)
