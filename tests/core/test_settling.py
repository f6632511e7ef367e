"""From looks at a path to the moments at which its job is due."""

from datetime import timedelta

import pytest
from boards import NOON
from hypothesis import given
from hypothesis import strategies as st
from jobdoubles import S

from asched.core.triggers.settling import AGAIN, SETTLED, Look, Settling
from asched.core.triggers.specs import from_spec
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import Watch, watches_of
from asched.errors import ScheduleError

EPOCH_NS = int(NOON.timestamp()) * 10**9


def a_look(*sizes, after=0.0):
    """Files of these sizes, the last of which changed so many seconds after noon."""
    changed = EPOCH_NS + round(after * 10**9)
    return Look(tuple((f"file-{number}", number, size, changed) for number, size in enumerate(sizes)))


def went(watched, *looks):
    """Seconds after noon at which it was due, of looks at (seconds, look) or (seconds, look, busy)."""
    return [at for at, look, *busy in looks if watched.look(look, NOON + at * S, busy=bool(busy and busy[0]))]


def test_what_was_there_before_the_job_is_no_change():
    assert went(Settling(Watch("/in"), NOON), *((at, a_look(1, after=-5)) for at in range(10))) == []


def test_a_change_counts_once_it_has_settled():
    before, after = a_look(1, after=-5), a_look(2, after=3)
    assert went(Settling(Watch("/in"), NOON), (1, before), (3, after), (4, after), (5, after), (6, after)) == [5]


def test_a_file_that_is_still_written_is_left_alone():
    growing = [(at, a_look(at, after=at)) for at in range(1, 20)]
    assert went(Settling(Watch("/in"), NOON), (0, a_look()), *growing, (20, growing[-1][1]), (21, growing[-1][1])) == [
        21
    ]


def test_a_change_while_nobody_looked_is_found_at_the_first_look():
    changed = a_look(2, after=3)
    assert went(Settling(Watch("/in"), NOON), *((60 + at, changed) for at in range(6))) == [62]


def test_what_comes_back_as_it_was_is_no_change():
    before = a_look(1, after=-5)
    assert went(Settling(Watch("/in"), NOON), (0, before), (1, a_look(2, after=1)), (2, before), (9, before)) == []


def test_what_changes_while_the_job_is_busy_is_due_afterwards():
    before, after = a_look(1, after=-5), a_look(2, after=3)
    looks = (0, before), (3, after, True), (6, after, True), (7, after, False), (8, after, False)
    assert went(Settling(Watch("/in"), NOON), *looks) == [7]


def test_a_queue_is_due_as_long_as_there_is_something_in_it():
    queue = Settling(Watch("/in", "has files"), NOON)
    one, two = a_look(1, after=-5), a_look(1, 1)
    assert went(queue, (0, one), (2, one), (3, one, True), (4, two), (5, two), (6, two), (7, a_look()), (8, one)) == [
        2,
        6,
    ]


def test_a_queue_that_its_job_left_as_it_was_is_tried_again_at_leisure():
    queue, one = Settling(Watch("/in", "has files"), NOON), a_look(1)
    due = went(queue, *((at, one) for at in range(40)))
    pause = int((AGAIN + SETTLED).total_seconds())
    assert due == [2, 2 + pause, 2 + 2 * pause, 2 + 3 * pause]


@pytest.mark.parametrize(
    ("found", "seconds", "wall"),
    [(a_look(1, after=3), 3, 5), (a_look(1, after=-3), 5, 5), (a_look(1, after=99), 5, 5), (Look(), 5, 5)],
    ids=["dated", "older than what was decided: something is gone", "dated ahead of us", "gone"],
)
def test_the_instant_is_when_it_changed(found, seconds, wall):
    watched = Settling(Watch("/in"), NOON)
    assert watched.changed_at(found, NOON + wall * S) == NOON + seconds * S
    assert watched.decided_at == NOON + seconds * S


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), max_size=40))
def test_no_change_is_lost_and_none_is_told_twice(steps):
    """Whatever happens to the file: once it has been left alone, its last state has been told, and only once."""
    watched, at, told = Settling(Watch("/in"), NOON), 0, []
    looks = []
    for wait, size in steps:
        at += wait
        looks.append((at, a_look(size, after=at)))
    last = looks[-1][1] if looks else a_look()
    looks += [(at + 10, last), (at + 20, last), (at + 30, last)]
    for moment, look in looks:
        if watched.look(look, NOON + moment * S, busy=False):
            told.append(look)
    assert len(told) == len(set(told))
    if looks[:-3]:
        assert told[-1] == last


def test_a_watch_has_no_instants_and_reads_back():
    for watch in (Watch("/data/in/*.csv"), Watch("~/in", "has files")):
        assert from_spec(watch.spec()) == watch
        assert watch.next_after(NOON) is None
        assert watches_of(AnyOf((watch, Watch("/other")))) == tuple(
            sorted((watch, Watch("/other")), key=lambda w: w.path)
        )
    assert Watch("/data/in/") == Watch("/data/in")
    assert watches_of(None) == ()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("in", "relative"),
        ("", "relative"),
        ("~somebody/in", "relative"),
        ("/data/*/in.csv", "only its last part"),
        ("/data/\0in", "characters"),
    ],
)
def test_a_path_that_is_not_said_well_is_refused(path, said):
    with pytest.raises(ScheduleError, match=said):
        Watch(path)


def test_the_event_is_one_of_two():
    with pytest.raises(ScheduleError, match="has files"):
        Watch("/in", "explodes")  # type: ignore[arg-type]
    assert timedelta(0) < SETTLED < AGAIN
