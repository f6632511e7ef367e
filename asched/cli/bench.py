"""`asched bench`: what this machine and this disk allow."""

from __future__ import annotations

import click

from asched.cli.desk import Desk
from asched.cli.verb import verb

LONGEST = 600  # seconds


@verb("bench")
@click.option("--seconds", type=click.FloatRange(1, LONGEST), help="About how long.  [default: 12]")
def bench_command(desk: Desk, seconds: float | None) -> None:
    """What this machine and this disk allow: syncs, recorded runs a second, how late jobs start.

    On a ledger of its own, in a folder beside yours, which is gone afterwards. With a configuration, the load of your
    jobs is put beside it.

    \b
    asched bench
    asched bench --seconds 60 --json
    asched bench --ledger /srv/other-disk/asched.db
    """
    from asched.cli.measured import say_what_is_possible

    say_what_is_possible(desk, seconds or 12.0)
