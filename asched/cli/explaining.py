"""`asched explain`: a schedule in English, and when it is due next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import ZONE
from asched.cli.verb import verb

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@verb("explain")
@click.argument("words", nargs=-1, metavar="SCHEDULE")
@click.option("--tz", type=ZONE, metavar="ZONE", default="UTC", show_default=True, help="An IANA time zone.")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many.")
@click.option("--name", metavar="JOB", default="", help="The job's name, on which H depends.")
def explain_command(desk: Desk, words: Sequence[str], tz: ZoneInfo, count: int, name: str) -> None:
    """A schedule in English, and when it is due next.

    \b
    asched explain "30 2 * * mon-fri" --tz Europe/Berlin
    asched explain "H 3 * * *" --name backup
    """
    schedule = _one(words)
    from asched.cli.outlook import instants
    from asched.core.english.trigger import explain_trigger
    from asched.core.grammar.byhand import BY_HAND, is_by_hand
    from asched.core.grammar.phrases import parse_schedule

    if is_by_hand(schedule):
        _say(desk, tz, BY_HAND, f"only {BY_HAND}", [])
        return
    trigger = parse_schedule(schedule, tz=tz.key, name=name)
    found = instants(trigger, desk.now(), count)
    _say(desk, tz, trigger.text(), explain_trigger(trigger), found)
    if not found:
        desk.talk("it has no instant ahead")


def _one(words: Sequence[str]) -> str:
    """A shell takes it apart at its blanks, and puts names of files in place of each star."""
    match words:
        case [schedule]:
            return schedule
        case []:
            raise click.UsageError('which schedule? Write it in quotes: asched explain "30 2 * * *"')
        case _:
            raise click.UsageError('the schedule is one argument: put it in quotes, as in asched explain "30 2 * * *"')


def _say(desk: Desk, tz: ZoneInfo, written: str, explained: str, found: Sequence[datetime]) -> None:
    if desk.as_json:
        said = {"schedule": written, "explained": explained, "timezone": tz.key}
        show.as_json({**said, "upcoming": [at.astimezone(tz) for at in found]})
        return
    click.echo(explained)
    for instant in found:
        click.echo(f"  {show.when(instant, tz)}")
