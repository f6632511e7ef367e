"""`asched next`: what is due, before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asched.cli.desk import Desk
from asched.cli.kinds import INSTANT, ZONE, Moment
from asched.cli.names import complete_job
from asched.cli.verb import verb

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FEW = 5
MANY = 10_000  # at most so many, also with --until


@verb("next")
@click.argument("job", required=False, metavar="[JOB|SCHEDULE]", shell_complete=complete_job)
@click.option("-n", "count", type=click.IntRange(1, MANY), help=f"How many.  [default: {FEW}; {MANY} with --until]")
@click.option("--at", type=INSTANT, metavar="INSTANT", help="As seen from then, not from now.")
@click.option("--until", type=INSTANT, metavar="INSTANT", help="All that are due up to then.")
@click.option("--tz", type=ZONE, metavar="ZONE", help="Show them in this zone; a SCHEDULE is read in it.")
@click.option("--ics", is_flag=True, help="Print an iCalendar.")
def next_command(
    desk: Desk,
    job: str | None,
    count: int | None,
    at: Moment | None,
    until: Moment | None,
    tz: ZoneInfo | None,
    ics: bool,
) -> None:
    """What is due next: over all jobs, for one, or for a schedule that is no job's yet.

    \b
    asched next backup --until 2026-12-31
    asched next "30 2 * * *" --tz Europe/Berlin --at 2026-03-28T12:00
    asched next --until 2027-01-01 --ics > jobs.ics
    """
    if ics and desk.as_json:
        raise click.UsageError("--ics and --json exclude each other")
    from asched.cli.forthcoming import say_what_is_due

    say_what_is_due(desk, job, count, at, until, tz, ics)
