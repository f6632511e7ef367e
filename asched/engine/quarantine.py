"""Who took the service down: read at a start, after three deaths in a row, from what the ledger holds anyway."""

from __future__ import annotations

from collections.abc import Sequence

from asched.core.change import Act
from asched.core.outcome import Abandoned, Start
from asched.core.record import FireQuery, FireRecord, InstanceRecord
from asched.core.rules.quarantine import Death, LostAttempt, Suspects, culprit, deaths, reason, suspects
from asched.engine.ports import Ledger

_MANY = 1000  # fires that are looked at
_OF_ITS_OWN = ("succeeded", "failed", "timed_out")  # ends that say: this run did not take asched down


async def to_quarantine(
    ledger: Ledger, servers: Sequence[InstanceRecord], me: InstanceRecord, left: Sequence[FireRecord]
) -> dict[str, str]:
    """The job that is to be held, if there is one, with the reason. `left` are the open fires."""
    died = deaths(servers, me)
    if not died:
        return {}
    numbers = {server.number for server in servers}  # what a visitor ran by hand, no server died of
    found = suspects(died, [one for fire, one in await _lost(ledger, died, left) if fire >> 32 in numbers])
    found = {job: starts for job, starts in found.items() if not await _came_to_an_end(ledger, job, died)}
    guilty = culprit(found, {act.job: act.at for act in reversed(await _resumed(ledger, found))})
    return {} if guilty is None else {guilty: reason(died, found[guilty])}


async def _lost(ledger: Ledger, died: Sequence[Death], left: Sequence[FireRecord]) -> list[tuple[int, LostAttempt]]:
    """What the last of them left being executed, and what was abandoned before it, each with its fire."""
    over = await ledger.fires(FireQuery(outcomes=("abandoned",), after_id=_before(died), limit=_MANY))
    lost = [(one.id, one.job, one.started_at) for one in (*over, *filter(_executed, left))]
    for record in left:
        if record.attempt > 1:  # an idempotent one is tried again, under the same id
            tried = await ledger.attempts(record.id)
            lost += [(record.id, record.job, one.started_at) for one in tried if isinstance(one.outcome, Abandoned)]
    return [(fire, LostAttempt(job, at)) for fire, job, at in lost if at is not None]


def _executed(record: FireRecord) -> bool:
    return isinstance(record.decision, Start) and record.retry_at is None


async def _came_to_an_end(ledger: Ledger, job: str, died: Sequence[Death]) -> bool:
    query = FireQuery(jobs=(job,), outcomes=_OF_ITS_OWN, after_id=_before(died), limit=1)
    return bool(await ledger.fires(query))


async def _resumed(ledger: Ledger, found: Suspects) -> list[Act]:
    """Newest first."""
    return [act for act in await ledger.acts(None, verbs=("resume",)) if act.job in found]


def _before(died: Sequence[Death]) -> int:
    """All ids of fires that the first of them decided, or a later one, are above it."""
    return died[0].server.number << 32
