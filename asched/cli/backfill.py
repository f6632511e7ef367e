"""`asched backfill`: run instants of the past, beside the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import INSTANT, Moment
from asched.cli.names import complete_job
from asched.cli.verb import verb
from asched.service.exitcodes import NOT_FOUND

if TYPE_CHECKING:
    from asched.backfills import Stretch
    from asched.core.backfill import Survey
    from asched.core.change import Backfill
    from asched.core.model import Job
    from asched.core.triggers.protocol import Trigger


@verb("backfill")
@click.argument("what", metavar="[JOB|NUMBER]", required=False, shell_complete=complete_job)
@click.option("--from", "since", type=INSTANT, metavar="INSTANT", help="The first instant; in the job's zone.")
@click.option("--to", "until", type=INSTANT, metavar="INSTANT", help="Up to there, left out; in the job's zone.")
@click.option("--dry-run", is_flag=True, help="Run nothing: say what it would come to.")
@click.option("--at-once", type=click.IntRange(min=1), default=1, show_default=True, help="So many at the same time.")
@click.option("--again", is_flag=True, help="Also what succeeded already.")
@click.option("--reason", default="", help="Why: it is kept.")
@click.option("--list", "listing", is_flag=True, help="Those under way, and those that are over.")
@click.option("--cancel", is_flag=True, help="Start nothing more of the backfill with that NUMBER.")
def backfill_command(
    desk: Desk,
    what: str | None,
    since: Moment | None,
    until: Moment | None,
    dry_run: bool,
    at_once: int,
    again: bool,
    reason: str,
    listing: bool,
    cancel: bool,
) -> None:
    """Run the instants that a job's schedule had in the past, oldest first, beside the schedule itself.

    It obeys the job's limits, goes on after a restart, and leaves out what succeeded already. Without a service it is
    written down, and the next one runs it.
    """
    if listing:
        _list(desk)
    elif cancel:
        _cancel(desk, what, reason)
    elif what is None or since is None or until is None:
        raise click.UsageError("say what: JOB --from INSTANT --to INSTANT, NUMBER --cancel, or --list")
    else:
        _begin(desk, what, since, until, at_once, again, reason, dry_run)


def _begin(
    desk: Desk, name: str, since: Moment, until: Moment, at_once: int, again: bool, reason: str, dry_run: bool
) -> None:
    from asched.backfills import Stretch
    from asched.operating import check_enabled

    job = desk.job(name)
    check_enabled(job)
    home = ZoneInfo(job.timezone)
    begin, end = (said.at(home, desk.now(), back=True) for said in (since, until))
    stretch = Stretch.checked(job, begin, end, at_once, again=again)
    if dry_run:
        _say(desk, job, stretch, desk.wait_for(_look(desk, job, stretch)))
        return
    if desk.is_served:
        asked = {"since": stretch.since.isoformat(), "until": stretch.until.isoformat(), "at_once": at_once}
        number = desk.call("backfill", job=name, **asked, again=again, reason=reason, by=desk.who())["number"]
        said = f"backfill {number} of {name} is under way"
    else:
        number = desk.wait_for(_write_down(desk, job, stretch, reason))
        said = f"backfill {number} of {name} is written down: the next `asched serve` runs it"
    if desk.as_json:
        show.as_json({"number": number, "job": name})
    else:
        click.echo(said)
        desk.hint("asched backfill --list")


async def _trigger(desk: Desk, job: Job) -> Trigger | None:
    """With the anchor that the ledger keeps."""
    from asched.cli.outlook import anchored

    async with desk.reading_if_any() as ledger:
        active = [] if ledger is None else await ledger.versions(job.name, active=True)
    return anchored(job, active[0] if active else None, desk.now())


async def _write_down(desk: Desk, job: Job, stretch: Stretch, reason: str) -> int:
    from asched.cli import byhand

    return await byhand.begin_backfill(desk, stretch, await _trigger(desk, job), reason)


async def _look(desk: Desk, job: Job, stretch: Stretch) -> Survey:
    from asched.backfills import look

    trigger = await _trigger(desk, job)
    async with desk.reading_if_any() as ledger:
        return await look(ledger, stretch, trigger, desk.now())


def _say(desk: Desk, job: Job, stretch: Stretch, survey: Survey) -> None:
    if desk.as_json:
        show.as_json(_json(stretch, survey))
        return
    more = "more than " if survey.more else ""
    click.echo(f"{more}{show.counted(survey.instants, 'instant')}, {survey.succeeded} succeeded already and left out")
    for instant in survey.first:
        click.echo(f"  {show.when(instant, ZoneInfo(job.timezone))}")
    if survey.to_run > len(survey.first):
        click.echo(f"  and {more}{survey.to_run - len(survey.first)} more")
    if survey.takes is None:
        click.echo("how long it would take is not known: no run of the job succeeded yet")
    elif survey.to_run:
        click.echo(f"it would take about {show.took(survey.takes)}, {stretch.at_once} at once")


def _json(stretch: Stretch, survey: Survey) -> dict[str, object]:
    return {
        "job": stretch.job,
        "since": stretch.since,
        "until": stretch.until,
        "at_once": stretch.at_once,
        "instants": survey.instants,
        "more": survey.more,
        "succeeded": survey.succeeded,
        "to_run": survey.to_run,
        "first": list(survey.first),
        "takes_s": None if survey.takes is None else survey.takes.total_seconds(),
    }


def _list(desk: Desk) -> None:
    backfills = desk.wait_for(_read(desk))
    if desk.as_json:
        show.as_json([_one_json(one) for one in backfills])
        return
    heads = ("NUMBER", "JOB", "FROM", "TO", "DECIDED UP TO", "STATE", "BY", "REASON")
    show.table(heads, [_row(desk, one) for one in backfills])


async def _read(desk: Desk) -> Sequence[Backfill]:
    async with desk.reading_if_any() as ledger:
        return () if ledger is None else await ledger.backfills()


def _row(desk: Desk, one: Backfill) -> tuple[str, ...]:
    stretch = [show.when(instant, desk.zone) for instant in (one.since, one.until)]
    cursor = show.when(one.cursor, desk.zone) if one.cursor >= one.since else "-"
    return str(one.number), one.job, *stretch, cursor, str(one.state), one.by, one.reason


def _one_json(one: Backfill) -> dict[str, object]:
    return {
        "number": one.number,
        "job": one.job,
        "since": one.since,
        "until": one.until,
        "cursor": one.cursor if one.cursor >= one.since else None,
        "state": str(one.state),
        "at_once": one.at_once,
        "again": one.again,
        "at": one.at,
        "ended_at": one.ended_at,
        "by": one.by,
        "reason": one.reason,
    }


async def _check_known(desk: Desk, number: int) -> None:
    """Leaves with exit code 3 when there never was one of that number, as opposed to one that is over. Only a ledger in
    memory is asked by the service alone."""
    if desk.place.in_memory:
        return
    async with desk.reading() as ledger:
        newest = max((one.number for one in await ledger.backfills(limit=1)), default=0)
    if not 0 < number <= newest:
        click.echo(f"asched: there is no backfill {number}: `asched backfill --list` shows them", err=True)
        raise SystemExit(NOT_FOUND)


def _cancel(desk: Desk, what: str | None, reason: str) -> None:
    if what is None or not what.isdecimal():
        raise click.UsageError("say which: NUMBER --cancel; `asched backfill --list` shows them")
    number = int(what)
    desk.wait_for(_check_known(desk, number))
    if desk.is_served:
        desk.call("cancel backfill", number=number, reason=reason, by=desk.who())
    else:
        from asched.cli import byhand

        desk.wait_for(byhand.cancel_backfill(desk, number, reason))
    if desk.as_json:
        show.as_json({"number": number})
    else:
        click.echo(f"backfill {number} is cancelled: what runs of it runs to its end")
