"""What people read: instants, durations, fires, tables. The only file that knows rich."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from asched.cli.program import as_json as as_json
from asched.cli.program import gap_json as gap_json
from asched.cli.program import record_json as record_json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from asched.core.hindsight.losses import Loss
    from asched.core.record import FireRecord


def say_what_was_raised(raised: Mapping[str, str]) -> None:
    """By the schedules of jobs, where an instant was asked for; programs hear it too."""
    for job, error in raised.items():
        click.echo(f"{job}: its schedule raises {error}", err=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns; in colours where somebody looks."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    if _in_colours():
        _rich_table(heads, rows)
        return
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    for row in [heads, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def coloured(text: str, colour: str | None) -> str:
    """The text in a colour of the terminal's, where somebody looks."""
    return click.style(text, fg=colour) if colour and _in_colours() else text


def _in_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def one_line(text: str) -> str:
    """What others wrote, as one line that moves no terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def _rich_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        drawn.add_column(head, no_wrap=head not in _WRAPPED, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell, style=_STYLES.get(cell.partition(" ")[0], "")) for cell in row))
    Console().print(drawn)


_WRAPPED = {"JOB", "SCHEDULE", "REMARK", "NOTE"}  # the rest is told at a glance, or not at all
_STYLES = {
    "succeeded": "green",
    "failed": "red",
    "timed_out": "red",
    "abandoned": "red",
    "lost": "red",
    "broken": "red",
    "running": "cyan",
    "skipped": "dim",
    "disabled": "dim",
    "paused": "yellow",
}


def when(instant: datetime | None, zone: ZoneInfo) -> str:
    """2026-11-21 08:00:53+01:00"""
    from asched.core.text.instants import shown

    return "-" if instant is None else shown(instant, zone)


def due(text: str, *, paused: bool, drained: bool) -> str:
    """When a job is due; while it is paused, or a drain holds all of them, that starts nothing."""
    held = "paused" if paused else "held" if drained else ""
    return f"{text} ({held})" if held and text != "-" else text


def took(duration: timedelta | None) -> str:
    """12ms, 3.4s, 2m05s, 3h12m, 4d02h"""
    if duration is None:
        return "-"
    seconds = duration.total_seconds()
    if round(abs(seconds) * 1000) < 1000:
        return f"{seconds * 1000:.0f}ms"
    if round(abs(seconds), 1) < 60:
        return f"{seconds:.1f}s"
    sign, whole = "-" if seconds < 0 else "", round(abs(seconds))
    for size, unit, smaller, name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if whole >= size:
            return f"{sign}{whole // size}{unit}{whole % size // smaller:02d}{name}"
    return f"{sign}{whole}s"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def state_of(record: FireRecord, loss: Loss | None = None) -> str:
    """One word for where a fire stands. `loss`: the asched that it belongs to is gone."""
    if record.decision.kind == "skip":
        return "skipped"
    if record.decision.kind == "queue":
        return "queued"
    if record.outcome is not None:
        return record.outcome.kind
    if record.retry_at is not None:
        return "retrying"
    return "running" if loss is None else "lost"


def why(record: FireRecord, zone: ZoneInfo, loss: Loss | None = None) -> str:
    """A remark on a fire: why it was skipped, or what is worth knowing of its end."""
    from asched.core.english.reasons import explain_outcome, explain_skip
    from asched.core.hindsight.losses import explain_loss
    from asched.core.model import Origin
    from asched.core.occurrence import ADDED, MOVED
    from asched.core.outcome import Skip

    if isinstance(record.decision, Skip):
        return explain_skip(record.decision, zone)
    wanted = record.fire.nonce if record.fire.nonce in (MOVED, ADDED) else str(record.fire.origin)
    remarks = [wanted] if record.fire.origin is not Origin.SCHEDULE else []
    remarks += [f"repeats {record.fire.repeats}"] if record.fire.repeats else []
    remarks += ["caught up"] if record.caught_up else []
    remarks += [f"attempt {record.attempt}"] if record.attempt > 1 else []
    if record.outcome is not None and record.outcome.kind != "succeeded":
        remarks.append(explain_outcome(record.outcome).splitlines()[0])
    if loss is not None:
        remarks.append(explain_loss(record, loss))
    return "; ".join(remarks)
