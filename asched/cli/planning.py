"""`asched plan`: what a changed configuration would do, before it does it."""

from __future__ import annotations

import click

from asched.cli.desk import Desk
from asched.cli.verb import verb

LONGEST = 366  # days


@verb("plan")
@click.option("--days", type=click.IntRange(1, LONGEST), default=7, show_default=True, help="How far ahead.")
@click.option(
    "-n", "count", type=click.IntRange(1, 1000), default=3, show_default=True, help="How many fires are shown."
)
@click.option("--exit-code", "tell", is_flag=True, help="Exit code 1 when anything would change.")
def plan_command(desk: Desk, days: int, count: int, tell: bool) -> None:
    """What the configuration would change if it were served now.

    Compares it with what the ledger says is served: jobs, schedules and options, fires that come, go and move, what
    catch-up would run at once, what would be lost, load and crowds. Nothing is written, and no service is asked.

    \b
    asched plan
    asched plan --days 30 -n 10
    asched plan -c /srv/next/config.toml --exit-code --json
    """
    from asched.cli.plansaid import say_plan

    raise SystemExit(say_plan(desk, days, count, tell=tell))
