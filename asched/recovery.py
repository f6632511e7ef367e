"""Recovery: what operators answer when an absence left more owed than may be made up for unasked."""

from __future__ import annotations

from collections.abc import Collection

from asched.core.change import Act
from asched.core.model import run_name
from asched.core.rules.board import Board, Now, Turn
from asched.core.rules.owed import APPROVE, abort, approve
from asched.engine.bites import ROWS
from asched.engine.engine import Engine
from asched.errors import Refused


async def approve_recovery(engine: Engine, by: str, reason: str) -> int:
    """All that is held may start. Returns how many fires that are. Raises Refused when nothing is held."""

    def act(board: Board, now: Now, turn: Turn) -> int:
        held = board.recovering.held
        if held is None:
            raise Refused("nothing is held: there is nothing to approve of")
        count = len(board.recovering.new)
        up_to = approve(board, now, turn)  # with the Act: the next start asks only for what came after that one
        turn.changes.append(Act(now.wall, APPROVE, by, "", run_name(up_to), reason))
        return count

    return await engine.ask(act)


async def abort_recovery(engine: Engine, jobs: Collection[str], by: str, reason: str) -> int:
    """What waits to be made up for is skipped, of these jobs or of all. Returns how many fires, once all of that is
    recorded. Raises Refused when there are none."""
    why = "it is not made up for" + (f": {reason}" if reason else "") + f" (by {by})"

    def act(board: Board, now: Now, turn: Turn) -> int:
        count = abort(board, why, jobs, now, ROWS, turn)
        if not count:
            raise Refused("nothing waits to be made up for" + (f" of {', '.join(jobs)}" if jobs else ""))
        turn.changes.extend(Act(now.wall, "abort", by, job, "", reason) for job in jobs or ("",))
        return count

    count = await engine.ask(act)
    while engine.board.recovering.given_up:
        await engine.ask(lambda board, now, turn: None)  # a turn more
    return count
