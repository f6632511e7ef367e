"""A reload, on the board: other jobs and other limits, from one moment to the next."""

from __future__ import annotations

from collections.abc import Mapping

from asched.core.change import Expire
from asched.core.limits import Limits
from asched.core.model import Job
from asched.core.rules.adopt import settle_down
from asched.core.rules.board import Board, Now, Turn
from asched.core.rules.draining import settle_before
from asched.core.rules.pending import dropped
from asched.core.rules.roster import current, place, remove
from asched.core.version import written


def exchange(board: Board, wanted: Mapping[str, Job], limits: Limits, now: Now, turn: Turn) -> list[Expire]:
    """Exactly `wanted` from now on, by name. What runs keeps the definition and the places that it has. Returns what
    was arranged for single fires and is no more."""
    before = len(turn.changes)
    enabled = {name: job for name, job in wanted.items() if not job.disabled}
    for name in [name for name in board.jobs if name not in enabled]:
        remove(board, name, now, turn)
    for job in enabled.values():
        _put(board, job, now, turn)
    board.link()
    board.limit(limits)
    settle_down(board, now, turn)
    return dropped(turn.changes[before:])


def _put(board: Board, job: Job, now: Now, turn: Turn) -> None:
    """In place of what is called so now."""
    state = board.jobs.get(job.name)
    if state is not None and not state.written.says(written(job), job.name):
        settle_before(board, state, now, turn)
    place(board, job, None if state is None else current(state), now, turn)
