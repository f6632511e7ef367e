"""A job's past at a glance: marks, counts, percentiles."""

from datetime import timedelta

import pytest
from boards import NOON
from jobdoubles import S

from asched.core.change import Absence, Gap
from asched.core.hindsight.chronicle import ABSENT, Chronicle, Went, percentile
from asched.core.model import Fire
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    ErrorNote,
    Failed,
    Interrupted,
    Queue,
    Skip,
    SkipReason,
    Start,
    Succeeded,
    TimedOut,
)
from asched.core.record import FireRecord


def a_record(at, outcome=None, decision=None, took=1.0, late=0.0):
    """A fire so many seconds after noon."""
    due = NOON + timedelta(seconds=at)
    started = None if isinstance(decision, Skip | Queue) else due + late * S
    finished = None if outcome is None else started + took * S
    duration = None if outcome is None else took * S
    return FireRecord(
        Fire(1 << 32 | round(at) + 1, "tick", 1, due, due), decision or Start(), due, 1,
        started_at=started, finished_at=finished, duration=duration, outcome=outcome,
    )  # fmt: skip


FAILED = Failed(ErrorNote("ValueError", "no"))
MARKS = [  # (outcome, decision, mark)
    (Succeeded(), None, Went.SUCCEEDED),
    (FAILED, None, Went.FAILED),
    (TimedOut(S), None, Went.FAILED),
    (Abandoned("died"), None, Went.MISSED),
    (Cancelled("by ada"), None, Went.STOPPED),
    (Interrupted("stopped"), None, Went.STOPPED),
    (None, None, Went.RUNNING),
    (None, Queue(), Went.WAITING),
    (None, Skip(SkipReason.MISSED), Went.MISSED),
    (None, Skip(SkipReason.EXPIRED), Went.MISSED),
    (None, Skip(SkipReason.COALESCED), Went.COALESCED),
    (None, Skip(SkipReason.OVERLAPPED), Went.CROWDED),
    (None, Skip(SkipReason.QUEUE_FULL), Went.CROWDED),
    (None, Skip(SkipReason.PAUSED), Went.SKIPPED),
    (None, Skip(SkipReason.BLOCKED), Went.SKIPPED),
]


@pytest.mark.parametrize(("outcome", "decision", "mark"), MARKS)
def test_every_end_and_every_skip_has_its_mark(outcome, decision, mark):
    chronicle = Chronicle("tick")
    chronicle.hear(a_record(0, outcome, decision))
    assert chronicle.strip((), 10) == [mark]


def a_past():
    chronicle = Chronicle("tick")
    for record in (
        a_record(30, FAILED, took=3),
        a_record(10, Succeeded(), took=1, late=2),
        a_record(20, Succeeded(), took=2),
        a_record(40, decision=Skip(SkipReason.PAUSED)),
        a_record(50, Interrupted("stopped"), took=9),
    ):
        chronicle.hear(record)
    return chronicle


def test_marks_stand_oldest_first_with_absences_between_them():
    absence = Absence(NOON + 25 * S, NOON + 29 * S, "stopped")
    assert a_past().strip([absence], 6) == [
        Went.SUCCEEDED, Went.SUCCEEDED, ABSENT, Went.FAILED, Went.SKIPPED, Went.STOPPED,
    ]  # fmt: skip


def test_where_they_do_not_fit_a_cell_shows_the_worst_of_several_and_the_newest_cells_are_whole():
    assert a_past().strip((), 3) == [Went.SUCCEEDED, Went.FAILED, Went.STOPPED]
    assert a_past().strip((), 1) == [Went.FAILED]


def test_counts_are_by_outcome_and_by_reason_and_durations_only_of_what_came_to_its_end():
    chronicle = a_past()
    assert (chronicle.fires, chronicle.started, chronicle.failed) == (5, 4, 1)
    assert chronicle.outcomes == {"succeeded": 2, "failed": 1, "interrupted": 1}
    assert chronicle.skipped == {"paused": 1}
    assert sorted(chronicle.durations) == [1 * S, 2 * S, 3 * S]
    assert sorted(chronicle.lateness) == [0 * S, 0 * S, 0 * S, 2 * S]


def test_a_gap_is_one_mark_and_counts_for_all_that_is_in_it():
    chronicle = Chronicle("tick")
    chronicle.hear_gap(Gap(NOON, NOON + 60 * S, SkipReason.MISSED, 6))
    chronicle.hear_gap(Gap(NOON + 60 * S, NOON + 90 * S, SkipReason.REMOVED))
    assert (chronicle.fires, chronicle.uncounted) == (6, True)
    assert chronicle.strip((), 9) == [Went.MISSED, Went.SKIPPED]


PERCENTILES = [([], 50, None), ([3], 50, 3), ([3, 1, 2], 50, 2), ([1, 2, 3, 4], 50, 2), (range(1, 101), 95, 95)]


@pytest.mark.parametrize(("seconds", "percent", "expected"), PERCENTILES)
def test_a_percentile_is_one_of_the_values(seconds, percent, expected):
    assert percentile([one * S for one in seconds], percent) == (None if expected is None else expected * S)
