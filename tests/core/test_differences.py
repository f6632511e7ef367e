"""What two series of instants do not have in common, and what of it was moved."""

from datetime import timedelta

import pytest
from boards import NOON
from hypothesis import given
from hypothesis import strategies as st

from asched.core.foresight.differences import APART, difference, moves

H = timedelta(hours=1)


def at(*hours):
    return [NOON + hour * H for hour in hours]


@pytest.mark.parametrize(
    ("one", "other", "moved", "gone", "new"),
    [
        ([1, 2, 3], [1, 2, 3], [], [], []),
        ([1, 2, 3], [1, 2], [], [3], []),
        ([1, 2], [1, 2, 3], [], [], [3]),
        ([1, 25, 49], [1, 26, 50], [(25, 26), (49, 50)], [], []),
        ([1, 25, 100], [1, 26], [(25, 26)], [100], []),
        ([30], [1, 60], [], [30], [1, 60]),
        ([0], [24], [(0, 24)], [], []),
        ([0], [25], [], [0], [25]),
    ],
)
def test_moves(one, other, moved, gone, new):
    told = moves(difference(at(*one), at(*other)))
    assert told.moved == [(NOON + was * H, NOON + is_ * H) for was, is_ in moved]
    assert (told.gone, told.new) == (at(*gone), at(*new))


@given(st.sets(st.integers(0, 300)), st.sets(st.integers(0, 300)))
def test_nothing_is_lost_and_nothing_is_told_twice(one, other):
    found = difference(at(*sorted(one)), at(*sorted(other)))
    assert found.common == len(one & other)
    assert bool(found) == (one != other)
    told = moves(found)
    assert sorted([*told.gone, *(was for was, _ in told.moved)]) == at(*sorted(one - other))
    assert sorted([*told.new, *(is_ for _, is_ in told.moved)]) == at(*sorted(other - one))
    assert all(abs(was - is_) <= APART for was, is_ in told.moved)
