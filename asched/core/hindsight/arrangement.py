"""Who had a single fire skipped, moved or added, and why: found in what operators did.

core/rules/arranging.py says in the remark of each act which instants it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from asched.core.change import Act
from asched.core.occurrence import ADDED, MOVED
from asched.core.outcome import Skip, SkipReason
from asched.core.record import FireRecord


def arrangement_of(record: FireRecord, acts: Iterable[Act]) -> Act | None:
    """The newest act that made the fire go so, with nothing but the operator's own words for its reason. `acts` are
    newest first."""
    wanted = _wanted(record)
    if wanted is None:
        return None
    for act in acts:
        if (act.job, act.verb) == (record.job, wanted[0]):
            instants, reason = _read(act.reason)
            if instants[: len(wanted[1])] == [_to_the_second(one) for one in wanted[1]]:
                return replace(act, reason=reason)
    return None


def _to_the_second(instant: datetime) -> datetime:
    """As instants are shown, and so written down in the remark of an act."""
    return instant.replace(microsecond=0)


def _wanted(record: FireRecord) -> tuple[str, list[datetime]] | None:
    """The verb, and the instants that it is about."""
    at, decision = record.scheduled_at, record.decision
    if isinstance(decision, Skip) and decision.reason is SkipReason.EXCLUDED and "by" in decision.facts:
        return ("move" if decision.facts.get("moved_to") else "skip"), [at]
    if record.fire.nonce == MOVED:
        return "move", [at, record.fire.due_at]
    return ("add", [at]) if record.fire.nonce == ADDED else None


def _read(remark: str) -> tuple[list[datetime], str]:
    """ "INSTANT to INSTANT: reason", as far as it is that."""
    said, _, reason = remark.partition(": ")
    try:
        return [_to_the_second(datetime.fromisoformat(one)) for one in said.split(" to ")], reason
    except ValueError:
        return [], remark
