"""`asched runs`: what was run, and how it went."""

from __future__ import annotations

from collections.abc import Sequence

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.verb import complete_job, verb
from asched.core.durations import parse_duration
from asched.core.record import FireQuery, FireRecord

_BAD = ("failed", "timed_out", "abandoned")


@verb("runs")
@click.argument("job", required=False, shell_complete=complete_job)
@click.option("--failed", is_flag=True, help="Only those that failed, timed out or were abandoned.")
@click.option("--skipped", is_flag=True, help="Also fires that were not started, and why.")
@click.option("--since", metavar="DURATION", default=None, help="Only of that long, such as 1d.")
@click.option("-n", "count", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many.")
def runs_command(desk: Desk, job: str | None, failed: bool, skipped: bool, since: str | None, count: int) -> None:
    """What was run, newest first, and how it went."""
    if job:
        desk.job(job)
    query = FireQuery(
        jobs=(job,) if job else (),
        decisions=() if skipped else ("start",),
        outcomes=_BAD if failed else (),
        since=desk.now() - parse_duration(since) if since else None,
        limit=count,
    )
    records = desk.wait_for(_read(desk, query))
    if desk.as_json:
        show.as_json([show.record_json(record) for record in records])
        return
    heads = ("RUN", "JOB", "SCHEDULED", "LATE", "TOOK", "STATE", "REMARK")
    show.table(heads, [_row(desk, record) for record in records])
    if records:
        desk.talk(f"next: asched logs {records[0].run}")


async def _read(desk: Desk, query: FireQuery) -> Sequence[FireRecord]:
    async with desk.reading() as ledger:
        return await ledger.fires(query)


def _row(desk: Desk, record: FireRecord) -> tuple[str, ...]:
    return (
        record.run,
        record.job,
        show.when(record.scheduled_at, desk.zone),
        show.took(record.lateness),
        show.took(record.duration),
        show.state_of(record),
        show.why(record),
    )
