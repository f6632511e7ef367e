"""Which successes meet a need, and until when a fire waits: tables."""

from datetime import UTC, datetime, timedelta

import pytest

from asched.core.need import KEPT, Need, Successes
from asched.core.wait import Wait, parse_wait
from asched.errors import ScheduleError

BERLIN = "Europe/Berlin"
FIRE = datetime(2026, 1, 15, 7, 30, tzinfo=UTC)  # 08:30 in Berlin


def on(day, hour, minute=0):
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


MEETS = [  # (need, success, does it meet it?)
    (Need("a"), on(15, 7), True),
    (Need("a"), on(15, 8), True),  # later that day: it was waited for, or run by hand
    (Need("a"), on(14, 23), True),  # midnight in Berlin
    (Need("a"), on(14, 22, 59), False),
    (Need("a"), on(15, 22, 59), True),
    (Need("a"), on(15, 23), False),  # the day after
    (Need("a", timedelta(hours=24)), on(14, 7, 30), True),
    (Need("a", timedelta(hours=24)), on(14, 7, 29), False),
    (Need("a", timedelta(hours=24)), on(16, 7), True),  # newer than was asked for
]


@pytest.mark.parametrize(("need", "success", "meets"), MEETS)
def test_what_meets_a_need(need, success, meets):
    known = Successes()
    known.note("a", success)
    known.note("b", FIRE)
    assert known.meet(need, FIRE, BERLIN) == meets


def test_a_success_of_that_day_is_not_hidden_by_later_ones():
    known = Successes()
    for day in (15, 16, 17):
        known.note("a", on(day, 7))
    assert known.meet(Need("a"), FIRE, BERLIN)
    assert known.latest("a") == on(17, 7)


def test_no_more_is_kept_than_is_asked_for():
    known = Successes()
    for minutes in range(0, 15 * (KEPT + 50), 5):
        known.note("a", FIRE + timedelta(minutes=minutes))
    assert [len(one) for one in known._of.values()] == [KEPT]


def test_of_a_job_that_nobody_needs_only_the_latest_success_is_kept():
    known = Successes()
    for day in (15, 17, 16):
        known.note_last("a", on(day, 7))
    assert known.latest("a") == on(17, 7)
    assert not known.meet(Need("a"), FIRE, BERLIN)


def test_once_somebody_needs_it_that_one_counts_beside_what_comes():
    known = Successes()
    known.note_last("a", on(15, 7))
    known.note("a", on(16, 7))
    assert known.meet(Need("a"), FIRE, BERLIN)
    assert known.latest("a") == on(16, 7)


def test_what_is_needed_no_more_keeps_its_latest_success():
    known = Successes()
    for day in (15, 17):
        known.note("a", on(day, 7))
    known.note_last("a", on(16, 7))
    assert known.latest("a") == on(17, 7)
    assert not known.meet(Need("a"), FIRE, BERLIN)


WAITS = [  # (as it is written, end of the wait of a fire at 08:30 in Berlin that was decided at 08:31)
    ("90m", on(15, 9, 1)),
    (60, on(15, 7, 32)),
    ("until 10:00", on(15, 9)),
    ("until 8:30", on(16, 7, 30)),
    ("until 07:00", on(16, 6)),
]


@pytest.mark.parametrize(("text", "end"), WAITS)
def test_until_when_a_fire_waits(text, end):
    assert parse_wait(text).end(FIRE, FIRE + timedelta(minutes=1), BERLIN) == end


@pytest.mark.parametrize("wait", [Wait(limit=timedelta(minutes=90)), Wait(until=36_000), Wait(until=36_001)])
def test_a_wait_reads_back_as_it_is_told(wait):
    assert parse_wait(wait.text) == wait


@pytest.mark.parametrize("text", ["until", "until later", "until 25:00", "later", "-5m"])
def test_what_is_no_wait(text):
    with pytest.raises(ScheduleError):
        parse_wait(text)
