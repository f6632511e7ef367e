"""`asched why`: what was decided about an instant of a job, and what stands behind it."""

from __future__ import annotations

import click

from asched.cli.desk import Desk
from asched.cli.names import complete_run_or_job
from asched.cli.verb import verb


@verb("why")
@click.argument("what", metavar="JOB@TIME|RUN", shell_complete=complete_run_or_job)
def why_command(desk: Desk, what: str) -> None:
    """Why a job ran, or did not run, or will, at an instant; also where it was never due.

    TIME is in the job's zone: an instant, a day, a time of day (the last such), "yesterday 03:00", last, next. Without
    one, the last is meant.

    \b
    asched why backup@2026-11-20T03:00
    asched why "backup@yesterday 03:00"
    asched why 3-17
    """
    from asched.cli.answers import say_why

    say_why(desk, what)
