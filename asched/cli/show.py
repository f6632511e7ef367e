"""How things are shown: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from asched.core.model import Origin
from asched.core.outcome import Failed, Skip
from asched.core.reasons import explain_outcome, explain_skip
from asched.core.record import FireRecord


def as_json(value: object) -> None:
    """Times RFC 3339 with their offset, durations in seconds."""
    click.echo(json.dumps(value, default=_encoded, ensure_ascii=False, indent=2))


def _encoded(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return str(value)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns; in colours where somebody looks."""
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        _rich_table(heads, rows)
        return
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    for row in [heads, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        drawn.add_column(head)
    for row in rows:
        drawn.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    Console().print(drawn)


_STYLES = {
    "succeeded": "green",
    "failed": "red",
    "timed_out": "red",
    "abandoned": "red",
    "running": "cyan",
    "skipped": "dim",
    "disabled": "dim",
    "paused": "yellow",
}


def when(instant: datetime | None, zone: ZoneInfo) -> str:
    return "-" if instant is None else instant.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def took(duration: timedelta | None) -> str:
    from asched.service.logs import human_seconds

    return "-" if duration is None else human_seconds(duration.total_seconds())


def state_of(record: FireRecord) -> str:
    """One word for where a fire stands."""
    if isinstance(record.decision, Skip):
        return "skipped"
    if record.decision.kind == "queue":
        return "queued"
    if record.outcome is not None:
        return record.outcome.kind
    return "retrying" if record.retry_at is not None else "running"


def why(record: FireRecord) -> str:
    """A remark on a fire: why it was skipped, or what is worth knowing of its end."""
    if isinstance(record.decision, Skip):
        return explain_skip(record.decision)
    remarks = [str(record.fire.origin)] if record.fire.origin is not Origin.SCHEDULE else []
    remarks += ["caught up"] if record.caught_up else []
    remarks += [f"attempt {record.attempt}"] if record.attempt > 1 else []
    if record.outcome is not None and record.outcome.kind != "succeeded":
        remarks.append(explain_outcome(record.outcome).splitlines()[0])
    return "; ".join(remarks)


def record_json(record: FireRecord) -> dict[str, Any]:
    """A fire as `--json` gives it."""
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
        "state": state_of(record),
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


def _result(record: FireRecord) -> object:
    kept = getattr(record.outcome, "result", None)
    return None if kept is None else json.loads(kept)
