"""`asched runs`: what was run, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import SINCE, Moment, since_when
from asched.cli.names import complete_job
from asched.cli.verb import verb

if TYPE_CHECKING:
    from asched.core.hindsight.losses import Losses
    from asched.core.record import FireQuery, FireRecord, GapRecord

    Found = tuple[Sequence[FireRecord], Sequence[GapRecord], Losses]


@verb("runs")
@click.argument("job", required=False, shell_complete=complete_job)
@click.option("--failed", is_flag=True, help="Only those that failed, timed out or were abandoned.")
@click.option("--skipped", is_flag=True, help="Also fires that were not started, and why.")
@click.option("--since", type=SINCE, metavar="DURATION|INSTANT", help="Only since then: 1d, yesterday.")
@click.option("-n", "count", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many.")
def runs_command(
    desk: Desk, job: str | None, failed: bool, skipped: bool, since: timedelta | Moment | None, count: int
) -> None:
    """What was run, newest first, and how it went."""
    from asched.core.english.reasons import explain_gap
    from asched.core.outcome import FAILURES
    from asched.core.record import FireQuery

    if failed and skipped:
        raise click.UsageError("--failed and --skipped exclude each other: what was skipped did not fail")
    query = FireQuery(
        jobs=(job,) if job else (),
        decisions=() if skipped else ("start",),
        outcomes=FAILURES if failed else (),
        since=since_when(since, desk.zone, desk.now()) if since else None,
        limit=count,
    )
    records, gaps, losses = desk.wait_for(_read(desk, job, query, skipped))
    if desk.as_json:
        found = [show.record_json(record, losses.of(record)) for record in records]
        show.as_json(found + [show.gap_json(gap) for gap in gaps])
        return
    heads = ("RUN", "JOB", "SCHEDULED", "LATE", "TOOK", "OUTCOME", "REMARK")
    show.table(heads, [_row(desk, record, losses) for record in records])
    for gap in gaps:
        until = show.when(gap.gap.until, desk.zone)
        click.echo(
            f"{gap.job}, after {show.when(gap.gap.after, desk.zone)} until {until}: {explain_gap(gap.gap, desk.zone)}"
        )
    if records:
        desk.hint(f"asched logs {records[0].run}")
    elif not gaps:
        desk.talk("nothing to show")


async def _read(desk: Desk, job: str | None, query: FireQuery, skipped: bool) -> Found:
    from asched.engine.evidence import losses_of

    async with desk.reading() as ledger:
        if job:
            await desk.check_job(ledger, job)
        records = await ledger.fires(query)
        gaps = await ledger.gaps(job) if skipped else ()
        return records, _within(gaps, query.since, query.limit), await losses_of(ledger, records, desk.now())


def _within(gaps: Sequence[GapRecord], since: datetime | None, limit: int) -> Sequence[GapRecord]:
    found = [gap for gap in gaps if since is None or gap.gap.until >= since]
    return sorted(found, key=lambda gap: gap.gap.until, reverse=True)[:limit]


def _row(desk: Desk, record: FireRecord, losses: Losses) -> tuple[str, ...]:
    lost = losses.of(record)
    return (
        record.run,
        record.job,
        show.when(record.scheduled_at, desk.zone),
        show.took(record.lateness),
        show.took(record.duration),
        show.state_of(record, lost),
        show.why(record, desk.zone, lost),
    )
