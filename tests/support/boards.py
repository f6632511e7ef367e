"""A board on paper: what the tests of the pure heart put their jobs on."""

from datetime import UTC, datetime, timedelta
from itertools import count

from asched.core.change import Decide
from asched.core.outcome import Skip
from asched.core.rules.board import Board, Now, Turn
from asched.core.rules.roster import place

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def at(seconds=0.0):
    """So many seconds after noon, on both axes."""
    moment = NOON + timedelta(seconds=seconds)
    return Now(moment, moment)


def a_board(*jobs, now=None):
    """A board with `jobs` placed on it as never seen before."""
    numbers = count(1)
    board = Board(lambda: 1 << 32 | next(numbers))
    for job in jobs:
        place(board, job, None, now or at(), Turn())
    board.link()
    return board


def decided(turn):
    """(job, seconds after noon, what) of every fire that the turn decided."""
    return [
        (fire.job, (fire.scheduled_at - NOON).total_seconds(), str(getattr(decision, "reason", decision.kind)))
        for change in turn.changes
        if isinstance(change, Decide)
        for fire, decision in change.fires
    ]


def gaps(turn):
    return [gap for change in turn.changes if isinstance(change, Decide) for gap in change.gaps]


def of_kind(turn, kind):
    return [change for change in turn.changes if isinstance(change, kind)]


def reason_of(decision):
    return str(decision.reason) if isinstance(decision, Skip) else decision.kind
