"""What programs read: `--json`. Its keys are listed in docs/reference/cli.md, and stay.

Times are RFC 3339 with their offset, durations seconds, and keys of durations end in `_s`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from asched.service.encoding import encoded

if TYPE_CHECKING:
    from asched.core.hindsight.losses import Loss
    from asched.core.record import FireRecord, GapRecord


def as_json(value: object) -> None:
    import json

    click.echo(json.dumps(value, default=encoded, ensure_ascii=False, indent=2))


def record_json(record: FireRecord, loss: Loss | None = None) -> dict[str, Any]:
    """A fire, and, once started, its run. `loss`: the asched that it belongs to is gone."""
    from asched.cli.show import state_of
    from asched.core.outcome import Failed, Skip

    outcome, decision = record.outcome, record.decision
    error = outcome.error if isinstance(outcome, Failed) else None
    return {
        "run": record.run,
        "job": record.job,
        "version": record.fire.version,
        "scheduled_at": record.scheduled_at,
        "due_at": record.fire.due_at,
        "origin": str(record.fire.origin),
        "caught_up": record.caught_up,
        "state": state_of(record, loss),
        "decided_at": record.decided_at,
        "reason": str(decision.reason) if isinstance(decision, Skip) else None,
        "facts": dict(decision.facts) if isinstance(decision, Skip) else None,
        "attempt": record.attempt,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "duration_s": record.duration,
        "lateness_s": record.lateness,
        "outcome": None if outcome is None else outcome.kind,
        "error": None if error is None else f"{error.type}: {error.message}",
        "exit_code": None if error is None else error.exit_code,
        "result": _result(record),
    }


def gap_json(record: GapRecord) -> dict[str, Any]:
    """Many skipped fires that were decided together."""
    gap = record.gap
    return {
        "job": record.job,
        "version": record.version,
        "state": "skipped",
        "after": gap.after,
        "until": gap.until,
        "count": gap.count,
        "decided_at": record.at,
        "reason": str(gap.reason),
        "facts": dict(gap.facts),
    }


def _result(record: FireRecord) -> object:
    import json

    kept = getattr(record.outcome, "result", None)
    return None if kept is None else json.loads(kept)
