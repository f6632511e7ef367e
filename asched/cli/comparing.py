"""`asched compare`: what two schedules, or two tz databases, do not have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from asched.cli.desk import Desk
from asched.cli.kinds import INSTANT, ZONE, Moment
from asched.cli.verb import verb

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LONGEST = 36_525  # days
SHOWN = 1000


@verb("compare")
@click.argument("schedules", nargs=-1, metavar="[SCHEDULE [SCHEDULE]]")
@click.option("--tz", type=ZONE, metavar="ZONE", help="The zone that they are read in.  [default: UTC]")
@click.option("--days", type=click.IntRange(1, LONGEST), default=366, show_default=True, help="How far ahead.")
@click.option("--from", "since", type=INSTANT, metavar="INSTANT", help="Begin then, not now.")
@click.option("-n", "count", type=click.IntRange(1, SHOWN), default=5, show_default=True, help="How many are shown.")
@click.option("--tzdata", type=click.Path(), metavar="FOLDER", help="Another tz database, against the present one.")
def compare_command(
    desk: Desk,
    schedules: Sequence[str],
    tz: ZoneInfo | None,
    days: int,
    since: Moment | None,
    count: int,
    tzdata: str | None,
) -> None:
    """The instants that only one of two schedules has.

    With --tzdata: what another tz database would move, of a schedule, or of all jobs. Exit code 1 when there is a
    difference.

    \b
    asched compare "0 9 * * *" "0 9 * * mon-fri" --tz Europe/Berlin
    asched compare --tzdata /tmp/zoneinfo-next
    asched compare --tzdata /tmp/zoneinfo-next "daily at 02:30" --tz Europe/Berlin
    """
    if tzdata is None and len(schedules) != 2:
        raise click.UsageError("two schedules are compared, or, with --tzdata, one or all jobs")
    if tzdata is not None and len(schedules) > 1:
        raise click.UsageError("with --tzdata there is one schedule, or none: then all jobs are looked at")
    if tzdata is not None and tz is not None and not schedules:
        raise click.UsageError("--tz goes with a schedule: each job has its own zone")
    from asched.cli.comparison import say_what_differs, say_what_moves

    if tzdata is None:
        raise SystemExit(say_what_differs(desk, schedules, tz, days, since, count))
    raise SystemExit(say_what_moves(desk, tzdata, schedules, tz, days, since, count))
