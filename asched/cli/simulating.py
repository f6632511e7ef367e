"""`asched simulate`: what the jobs would come to over virtual days, decided by the real planner."""

from __future__ import annotations

from collections.abc import Sequence

import click

from asched.cli.desk import Desk
from asched.cli.kinds import INSTANT, Moment
from asched.cli.spells import SLOW, SPELL, STEP, Slow, Spell
from asched.cli.verb import verb

LONGEST = 3660  # days


@verb("simulate")
@click.option("--days", type=click.IntRange(1, LONGEST), help="How long.  [default: 7]")
@click.option("--until", type=INSTANT, metavar="INSTANT", help="Up to then.")
@click.option("--from", "since", type=INSTANT, metavar="INSTANT", help="Begin then, not now.")
@click.option("--outage", "outages", type=SPELL, multiple=True, metavar="WHEN+LENGTH", help="No scheduler lives then.")
@click.option("--suspend", "suspends", type=SPELL, multiple=True, metavar="WHEN+LENGTH", help="The machine sleeps.")
@click.option("--stall", "stalls", type=SPELL, multiple=True, metavar="WHEN+LENGTH", help="The service gets no time.")
@click.option("--step", "steps", type=STEP, multiple=True, metavar="WHEN+-LENGTH", help="Somebody sets the clock.")
@click.option("--slow", "slow", type=SLOW, multiple=True, metavar="JOB xN|JOB=TIME", help="A job takes longer.")
@click.option("--svg", "file", type=click.Path(dir_okay=False), metavar="FILE", help="Write the picture as SVG.")
def simulate_command(
    desk: Desk,
    days: int | None,
    until: Moment | None,
    since: Moment | None,
    outages: Sequence[Spell],
    suspends: Sequence[Spell],
    stalls: Sequence[Spell],
    steps: Sequence[Spell],
    slow: Sequence[Slow],
    file: str | None,
) -> None:
    """What the jobs would come to over virtual days: overlaps, missed fires, load.

    The real planner decides. A job takes as long as the median of its past runs, and succeeds.

    \b
    asched simulate --days 30
    asched simulate --outage "tue 02:00 +6h" --slow "backup x3" --svg week.svg
    asched simulate --from 2026-03-28T00:00 --days 2 --slow rates=10m
    asched simulate --suspend "fri 18:00 +62h" --step "mon 09:00 -2h"
    """
    if days is not None and until is not None:
        raise click.UsageError("--days and --until exclude each other")
    from asched.cli.virtualdays import say_what_would_be

    spells = {"outage": outages, "suspend": suspends, "stall": stalls, "step": steps}
    say_what_would_be(desk, since, days, until, spells, slow, file)
