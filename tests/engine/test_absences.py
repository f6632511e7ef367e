"""The bounds of an absence: what was due in it lies in it."""

from datetime import timedelta

import pytest
from boards import NOON, a_board
from jobdoubles import S, a_job

from asched.core.localtime.cron import Cron
from asched.core.rules.board import Now
from asched.engine.absences import absence


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(microseconds=3), timedelta(microseconds=-3)])
def test_the_instant_that_it_began_at_is_in_it_whatever_two_clocks_make_of_microseconds(apart: timedelta) -> None:
    board = a_board(a_job("minutely", Cron("* * * * *")))
    due = NOON + 60 * S
    found = absence(board, (), 30 * S, Now(due + 30 * S + apart, due + 30 * S + apart))
    assert found is not None
    assert found.cause == "stalled"
    assert found.since <= due
    assert due - found.since <= abs(apart)
