"""Absences while we live: the clock was set forward, the machine slept, or the loop got no time: one thing.

What came due meanwhile takes the catch-up path by itself; here it is only said when nobody was deciding, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from asched.core.change import Absence
from asched.core.rules.board import Board, Now
from asched.engine.clock import Jump

STALLED = timedelta(seconds=1)  # looking later than this beyond the time at which we meant to look is an absence

_NONE = timedelta(0)


def absence(board: Board, jumps: Sequence[Jump], late: timedelta, now: Now) -> Absence | None:
    """The absence that ends now, if something came due in it. `late`: how long ago, in steady time, the loop meant to
    look again: it is late by what the machine slept, by what held the loop, or by both."""
    forward = {jump.cause: max(_NONE, jump.by) for jump in jumps}
    stepped, suspended = forward.get("stepped", _NONE), forward.get("suspended", _NONE)
    away = max(suspended, late if late > STALLED else _NONE)  # late by its sleep, too
    wall, steady = board.next_deadlines()
    wall_due = stepped + away > _NONE and wall is not None and wall <= now.wall
    steady_due = away > _NONE and steady is not None and steady <= now.steady
    if not wall_due and not steady_due:
        return None
    lengths = {"suspended": suspended, "stepped": stepped, "stalled": away - suspended}
    cause = max(lengths, key=lambda one: lengths[one])
    since = now.wall - stepped - away
    if wall is not None and since - STALLED < wall <= since:
        since = wall  # the instant that we meant to look at, seen through two clocks that differ by microseconds
    facts = {f"{name}_s": length.total_seconds() for name, length in lengths.items() if length}
    return Absence(since, now.wall, cause, facts if len(facts) > 1 else {})
