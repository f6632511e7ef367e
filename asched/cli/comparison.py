"""Two schedules side by side, and schedules under two tz databases; as `asched compare` says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import Moment
from asched.cli.otherzones import instants_elsewhere, version_of
from asched.cli.verb import absolute
from asched.core.english.trigger import explain_trigger
from asched.core.foresight.differences import Difference, Moves, difference, moves
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.zones import zone
from asched.core.triggers.instants import between
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import watches_of
from asched.errors import ScheduleError
from asched.service.exitcodes import FAILED, OK

MOST = 200_000  # instants of one schedule; then it is cut


@dataclass(frozen=True, slots=True)
class Compared:
    """A job, or a schedule that is none's, under two tz databases. `fires` are those under the present one."""

    job: str | None
    home: ZoneInfo
    fires: int
    moves: Moves

    @property
    def differs(self) -> bool:
        return bool(self.moves)


# Two schedules.


def say_what_differs(
    desk: Desk, schedules: Sequence[str], tz: ZoneInfo | None, days: int, since: Moment | None, count: int
) -> int:
    """Returns the exit code: 1 when they differ."""
    home = tz or ZoneInfo("UTC")
    begin, end = _range(desk, since, days, home)
    one, other = (_calendar(text, home).anchored(begin) for text in schedules)
    (mine, others), until = _both([between(one, begin, end, MOST + 1)], [between(other, begin, end, MOST + 1)], end)
    found = difference(mine[0], others[0])
    if desk.as_json:
        show.as_json(_difference_json(one, other, home, begin, until, end, found, count))
    else:
        _print_difference(one, other, home, begin, until, found, count)
    _say_if_cut(desk, until, end, home)
    return FAILED if found else OK


def _range(desk: Desk, since: Moment | None, days: int, home: ZoneInfo) -> tuple[datetime, datetime]:
    begin = desk.now() if since is None else since.at(home, desk.now())
    return begin, begin + timedelta(days=days)


def _calendar(text: str, home: ZoneInfo) -> Trigger:
    trigger = parse_schedule(text, tz=home.key)
    if trigger.relative:
        raise ScheduleError("it counts from the end of a run, and has no instants that could be compared", text=text)
    _refuse_what_no_instant_tells(trigger, text)
    return trigger


def _refuse_what_no_instant_tells(trigger: Trigger, text: str) -> None:
    """Starts of the scheduler and files: two schedules that differ in them would look the same."""
    silent: list[Trigger] = [*([] if trigger.startup is None else [trigger.startup]), *watches_of(trigger)]
    if silent:
        help = "compare what stands beside it alone" if isinstance(trigger, AnyOf) else ""
        raise ScheduleError(f'"{silent[0].text()}" has no instants that could be compared', text=text, help=help)


def _difference_json(
    one: Trigger,
    other: Trigger,
    home: ZoneInfo,
    begin: datetime,
    until: datetime,
    end: datetime,
    found: Difference,
    count: int,
) -> dict[str, object]:
    return {
        "a": one.text(),
        "b": other.text(),
        "timezone": home.key,
        "since": begin.astimezone(home),
        "until": until.astimezone(home),
        "cut": until < end,
        "common": found.common,
        "only_a": len(found.only_one),
        "only_b": len(found.only_other),
        "first_only_a": [at.astimezone(home) for at in found.only_one[:count]],
        "first_only_b": [at.astimezone(home) for at in found.only_other[:count]],
    }


def _print_difference(
    one: Trigger, other: Trigger, home: ZoneInfo, begin: datetime, until: datetime, found: Difference, count: int
) -> None:
    click.echo(f"a: {explain_trigger(one)}")
    click.echo(f"b: {explain_trigger(other)}")
    counts = f"{found.common} in both, {len(found.only_one)} only in a, {len(found.only_other)} only in b"
    click.echo(f"{_span(begin, until, home)}: {counts}")
    for name, only in (("a", found.only_one), ("b", found.only_other)):
        if only:
            click.echo(f"only in {name}")
            _print_some([show.when(at, home) for at in only[:count]], len(only))


# Two tz databases.


def say_what_moves(
    desk: Desk,
    tzdata: str,
    schedules: Sequence[str],
    tz: ZoneInfo | None,
    days: int,
    since: Moment | None,
    count: int,
) -> int:
    """Returns the exit code: 1 when anything moves."""
    home = tz or (ZoneInfo("UTC") if schedules else desk.zone)
    begin, end = _range(desk, since, days, home)
    named: list[tuple[str | None, ZoneInfo, Trigger]]
    if schedules:
        named = [(None, home, _calendar(schedules[0], home).anchored(begin))]
    else:
        named = [
            (job.name, zone(job.timezone), job.trigger.anchored(begin))
            for job in desk.configuration.jobs
            if job.trigger is not None and not job.trigger.relative and not job.disabled
        ]
    folder = Path(absolute(tzdata))
    there = instants_elsewhere([trigger for _, _, trigger in named], folder, begin, end, MOST + 1)
    here = [between(trigger, begin, end, MOST + 1) for _, _, trigger in named]
    (here, there), until = _both(here, there, end)
    compared = [
        Compared(name, tz, len(mine), moves(difference(mine, others)))
        for (name, tz, _), mine, others in zip(named, here, there, strict=True)
    ]
    if desk.as_json:
        show.as_json(_moves_json(compared, folder, begin, until, end, home, count))
    else:
        _print_moves(compared, folder, begin, until, home, count)
    _say_if_cut(desk, until, end, home)
    if not schedules:
        desk.say_what_is_wrong()
    return FAILED if any(one.differs for one in compared) else OK


def _present() -> str:
    """The release of the tz database that is read here."""
    return next((version for path in TZPATH if (version := version_of(Path(path)))), "")


def _moves_json(
    compared: Sequence[Compared],
    folder: Path,
    begin: datetime,
    until: datetime,
    end: datetime,
    home: ZoneInfo,
    count: int,
) -> dict[str, object]:
    return {
        "tzdata": str(folder),
        "version": version_of(folder) or None,
        "present_version": _present() or None,
        "since": begin.astimezone(home),
        "until": until.astimezone(home),
        "cut": until < end,
        "jobs": [_compared_json(one, count) for one in compared],
    }


def _compared_json(one: Compared, count: int) -> dict[str, object]:
    return {
        "job": one.job,
        "timezone": one.home.key,
        "fires": one.fires,
        "moved": len(one.moves.moved),
        "gone": len(one.moves.gone),
        "new": len(one.moves.new),
        "first_moved": [{"from": was.astimezone(one.home), "to": is_.astimezone(one.home)}
                        for was, is_ in one.moves.moved[:count]],
        "first_gone": [at.astimezone(one.home) for at in one.moves.gone[:count]],
        "first_new": [at.astimezone(one.home) for at in one.moves.new[:count]],
    }  # fmt: skip


def _print_moves(
    compared: Sequence[Compared], folder: Path, begin: datetime, until: datetime, home: ZoneInfo, count: int
) -> None:
    """Instants are shown in UTC: what their own clocks show is just what the two databases do not agree on."""
    versions = f"{_present() or 'present'}, and {version_of(folder) or folder}"
    click.echo(f"tz databases: {versions}")
    differing = [one for one in compared if one.differs]
    fires = sum(one.fires for one in compared)
    what = f"{show.counted(fires, 'fire')} of {show.counted(len(compared), 'schedule')}"
    click.echo(f"{_span(begin, until, home)}: {what}, of which {len(differing)} would move")
    for one in differing:
        found = one.moves
        counts = f"{len(found.moved)} moved, {len(found.gone)} gone, {len(found.new)} new, of {one.fires}"
        click.echo(f"{one.job or 'the schedule'} ({one.home.key}): {counts}")
        lines = [f"{_utc(was)} moves to {_utc(is_)}" for was, is_ in found.moved[:count]]
        lines += [f"{_utc(at)} is gone" for at in found.gone[:count]]
        lines += [f"{_utc(at)} is new" for at in found.new[:count]]
        _print_some(lines[:count], len(found.moved) + len(found.gone) + len(found.new))


def _utc(at: datetime) -> str:
    return show.when(at, ZoneInfo("UTC")).replace("+00:00", "Z")


# Both.


def _both(
    here: list[list[datetime]], there: list[list[datetime]], end: datetime
) -> tuple[tuple[list[list[datetime]], list[list[datetime]]], datetime]:
    """As far as all of them were counted, and how far that is."""
    until = min([end, *(instants[MOST - 1] for instants in (*here, *there) if len(instants) > MOST)])
    if until == end:
        return (here, there), end
    kept = [[[at for at in instants if at <= until] for instants in side] for side in (here, there)]
    return (kept[0], kept[1]), until


def _span(begin: datetime, until: datetime, home: ZoneInfo) -> str:
    return f"{show.when(begin, home)[:16]} to {show.when(until, home)[:16]} ({home.key})"


def _print_some(lines: Sequence[str], many: int) -> None:
    for line in lines:
        click.echo(f"  {line}")
    if many > len(lines):
        click.echo(f"  and {many - len(lines)} more")


def _say_if_cut(desk: Desk, until: datetime, end: datetime, home: ZoneInfo) -> None:
    if until < end and not desk.quiet:
        click.echo(f"cut at {show.when(until, home)}: {MOST} fires; ask for fewer --days", err=True)
