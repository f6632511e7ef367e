"""What a start would decide at once, from what the ledger holds: for `asched plan` and `asched recovery`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asched.core.foresight.rehearsal import Rehearsal, known_of, rehearse
from asched.core.limits import Limits
from asched.core.model import Fire, Job
from asched.core.record import Stored
from asched.core.rules.board import Now
from asched.core.rules.owed import APPROVE, approved_up_to
from asched.engine.ports import Ledger
from asched.engine.start import needed_by, successes_of

_NOTHING = Stored((), (), ())


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """`waiting` are the fires that an absence left owed, and that wait already."""

    rehearsal: Rehearsal
    stored: Stored
    waiting: Sequence[Fire]


async def rehearsed(ledger: Ledger | None, jobs: Sequence[Job], limits: Limits, now: datetime) -> Rehearsed:
    """With all that a start reads: what waits, what was approved of, what jobs need and has succeeded. None: there is
    no ledger yet."""
    if ledger is None:
        return Rehearsed(rehearse(jobs, {}, Now(now, now), limits), _NOTHING, ())
    stored = await ledger.restore()
    waiting = [one.fire for one in stored.open if one.decision.kind == "queue" and one.caught_up]
    found = rehearse(
        jobs,
        known_of(await ledger.versions()),
        Now(now, now),
        limits,
        pauses=stored.pauses,
        running={one.job for one in stored.open},
        waiting=waiting,
        approved_to=approved_up_to(await ledger.acts(None, verbs=(APPROVE,))),
        arranged=stored.occurrences,
        succeeded=[(one.job, one.scheduled_at) for one in await successes_of(ledger, needed_by(jobs))],
    )
    return Rehearsed(found, stored, waiting)
