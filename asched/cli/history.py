"""`asched history`: how it went, job by job, at a glance."""

from __future__ import annotations

from datetime import timedelta

import click

from asched.cli.desk import Desk
from asched.cli.kinds import SINCE, Moment, since_when
from asched.cli.names import complete_job
from asched.cli.verb import verb

DAYS = 7


@verb("history")
@click.argument("jobs", nargs=-1, metavar="[JOB]...", shell_complete=complete_job)
@click.option("--days", type=click.IntRange(1, 36_525), help=f"Of so many days.  [default: {DAYS}]")
@click.option("--since", type=SINCE, metavar="DURATION|INSTANT", help="Since then instead: 36h, sat.")
@click.option("--absences", is_flag=True, help="When no asched was deciding, and why, instead.")
@click.option("--acts", is_flag=True, help="What operators did instead.")
def history_command(
    desk: Desk, jobs: tuple[str, ...], days: int | None, since: timedelta | Moment | None, absences: bool, acts: bool
) -> None:
    """How it went: of each job a strip with a letter for each fire, the newest on the right, and counts.

    Where there are more fires than fit, a letter stands for several after each other, and shows the worst.
    """
    if days and since:
        raise click.UsageError("--days and --since exclude each other")
    if absences and acts:
        raise click.UsageError("--absences and --acts exclude each other")
    from asched.cli import chronicles

    begin = since_when(since or timedelta(days=days or DAYS), desk.zone, desk.now())
    if absences:
        chronicles.say_absences(desk, begin)
    elif acts:
        chronicles.say_acts(desk, jobs, begin)
    else:
        chronicles.say_how_it_went(desk, jobs, begin)
