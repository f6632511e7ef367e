"""What is asked on the control socket for a single fire of a job."""

from __future__ import annotations

from datetime import datetime

from asched.core.occurrence import Moved, Occurrence
from asched.handles import JobHandle


async def arrange(
    job: JobHandle, verb: str, at: datetime | None, to: datetime | None, by: str, reason: str
) -> dict[str, object]:
    """Skip, move, add or restore it; what is arranged, or was. Raises Refused, and ValueError for what says nothing."""
    made: Occurrence
    match verb:
        case "skip":
            made = await job.skip(at, by=by, reason=reason)
        case "move":
            made = await job.move(at, to, by=by, reason=reason)
        case "restore":
            made = await job.restore(at, by=by, reason=reason)
        case "add":
            made = await job.add_once(at, by=by, reason=reason)
        case _:
            raise ValueError(f"{verb!r} arranges nothing")
    return occurrence_json(made)


def occurrence_json(one: Occurrence) -> dict[str, object]:
    return {
        "kind": one.kind,
        "job": one.job,
        "scheduled_at": one.scheduled_at,
        "to": one.to if isinstance(one, Moved) else None,
        "by": one.by,
        "reason": one.reason,
    }
