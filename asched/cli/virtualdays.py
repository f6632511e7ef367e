"""Virtual days of the configured jobs: what is supposed, the simulation, and what is said of it; for `simulate`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.disturbing import planned, planned_json, said
from asched.cli.kinds import Moment
from asched.cli.simulating import LONGEST
from asched.cli.spells import Slow, Spell
from asched.cli.strips import LEGEND, picture, shades
from asched.cli.stripsvg import svg
from asched.cli.supposing import ASSUMED, Supposed, foretold, suppose
from asched.cli.verb import absolute
from asched.core.foresight.forecast import Busy, Course, Forecast

MOST = 1_000_000  # fires; then it is cut
ROWS = 50  # jobs in the picture


def say_what_would_be(
    desk: Desk,
    begin: Moment | None,
    days: int | None,
    until: Moment | None,
    spells: Mapping[str, Sequence[Spell]],
    slow: Sequence[Slow],
    file: str | None,
) -> None:
    """Simulate, draw, print. Raises UsageError, UnknownJob, OSError."""
    home = desk.zone
    since = desk.now() if begin is None else begin.at(home, desk.now())
    end = since + timedelta(days=days or 7) if until is None else until.at(home, since)
    if not since < end <= since + timedelta(days=LONGEST):
        raise click.UsageError(f"it ends after it begins, and within {LONGEST} days")
    supposed = desk.wait_for(suppose(desk, since, end, planned(spells, since, end, home), slow))
    forecast = foretold(supposed, MOST)
    if file is not None:
        drawn = svg(forecast, supposed.disturbances, _title(forecast, home), home)
        Path(absolute(file)).write_text(drawn, encoding="utf-8")
    if desk.as_json:
        show.as_json(_json(forecast, supposed, home))
    else:
        _print(forecast, supposed, home)
        if file is not None:
            desk.talk(f"wrote {file}")
    if forecast.until < end and not desk.quiet:
        click.echo(f"cut at {show.when(forecast.until, home)}: {MOST} fires; ask for a shorter time", err=True)
    desk.say_what_is_wrong()


# What is said of it.


def _title(forecast: Forecast, home: ZoneInfo) -> str:
    since, until = (show.when(at, home)[:16] for at in (forecast.since, forecast.until))
    jobs = show.counted(len(forecast.courses), "job")
    return f"{jobs}, {since} to {until} ({home.key}): {forecast.fires} fires, {forecast.started} started"


def _print(forecast: Forecast, supposed: Supposed, home: ZoneInfo) -> None:
    click.echo(_title(forecast, home))
    click.echo(_said_of_durations(supposed))
    for one in supposed.disturbances:
        click.echo(said(one, home))
    if not forecast.fires:
        return
    width = shutil.get_terminal_size((100, 24)).columns
    click.echo()
    for line in picture(forecast, supposed.disturbances, width, home, ROWS):
        click.echo(line)
    click.echo(LEGEND)
    click.echo()
    _print_table(forecast, supposed)
    click.echo()
    _print_load(forecast, home)


def _said_of_durations(supposed: Supposed) -> str:
    known = [job.name for job in supposed.jobs if supposed.runs[job.name]]
    assumed = [job.name for job in supposed.jobs if not supposed.runs[job.name]]
    parts = [f"the median of past runs for {show.counted(len(known), 'job')}"] if known else []
    few = ", ".join(assumed[:5]) + (" …" if len(assumed) > 5 else "")
    parts += [f"{show.took(ASSUMED)} is assumed for {show.counted(len(assumed), 'job')} ({few})"] if assumed else []
    return "durations: " + "; ".join(parts or ["there are no jobs"])


def _print_table(forecast: Forecast, supposed: Supposed) -> None:
    """Columns in which nothing happens are left out."""
    heads = ("JOB", "FIRES", "STARTED", "TAKES", "BUSY", "WAITED", "OVERLAPPED", "MISSED", "COALESCED", "REMARK")
    rows = [_row(course, supposed.lasts[course.job]) for course in forecast.courses.values()]
    kept = [n for n in range(len(heads)) if n < 5 or any(row[n] not in ("0", "") for row in rows)]
    show.table([heads[n] for n in kept], [[row[n] for n in kept] for row in rows])


def _row(course: Course, takes: timedelta) -> list[str]:
    waited = f"{course.waited + course.still_waiting}"
    waited += f" (up to {show.took(course.longest_wait)})" if course.waited else ""
    counts = [str(course.crowded), str(course.missed), str(course.skipped["coalesced"])]
    fires = f"{course.fires}{'+' if course.uncounted else ''}"
    return [
        course.job,
        fires,
        str(course.started),
        show.took(takes),
        show.took(course.busy),
        waited,
        *counts,
        _remark(course),
    ]


_TOLD = {"coalesced", "missed", "expired", "overlapped", "queue_full", "replaced"}


def _remark(course: Course) -> str:
    parts = [f"{count} {kind}" for kind, count in course.outcomes.items() if kind != "succeeded"]
    parts += [f"{count} {reason}" for reason, count in course.skipped.items() if reason not in _TOLD]
    parts += [f"{course.caught_up} caught up"] if course.caught_up else []
    parts += [f"{course.still_waiting} still waiting"] if course.still_waiting else []
    return ", ".join(parts)


def _print_load(forecast: Forecast, home: ZoneInfo) -> None:
    peak = forecast.peak()
    if peak is not None:
        runs = show.counted(peak.runs, "run")
        click.echo(f"at most {runs} at once, first at {show.when(peak.at, home)}: {_whose(peak)}")
    hours, minutes = forecast.by_hour(home), forecast.by_minute(home)
    if not forecast.started:
        return
    click.echo(
        f"starts by hour of the day     |{''.join(letter * 2 for letter in shades(hours))}|  {_most(hours, '{:02}h')}"
    )
    click.echo(f"starts by minute of the hour  |{shades(minutes)}|  {_most(minutes, ':{:02}')}")
    click.echo("busiest minutes")
    for busy in forecast.busiest():
        click.echo(f"  {show.when(busy.at, home)[:16]}  {show.counted(busy.runs, 'start')}: {_whose(busy)}")


def _most(counts: Sequence[int], form: str) -> str:
    most = max(counts)
    return f"most at {form.format(counts.index(most))}: {most} of {sum(counts)}"


def _whose(busy: Busy) -> str:
    named = [job if count == 1 else f"{job} x{count}" for job, count in busy.jobs.items()]
    return ", ".join(named[:6]) + (f" and {len(named) - 6} more" if len(named) > 6 else "")


def _json(forecast: Forecast, supposed: Supposed, home: ZoneInfo) -> dict[str, object]:
    peak = forecast.peak()
    return {
        "since": forecast.since.astimezone(home),
        "until": forecast.until.astimezone(home),
        "cut": forecast.until < supposed.until,
        "fires": forecast.fires,
        "started": forecast.started,
        "disturbances": [planned_json(one, home) for one in supposed.disturbances],
        "jobs": [_course_json(course, supposed) for course in forecast.courses.values()],
        "peak": None if peak is None else _busy_json(peak, home),
        "busiest": [_busy_json(busy, home) for busy in forecast.busiest()],
        "hours": forecast.by_hour(home),
        "minutes": forecast.by_minute(home),
    }


def _course_json(course: Course, supposed: Supposed) -> dict[str, object]:
    return {
        "job": course.job,
        "takes_s": supposed.lasts[course.job],
        "past_runs": supposed.runs[course.job],
        "fires": course.fires,
        "uncounted": course.uncounted,
        "started": course.started,
        "caught_up": course.caught_up,
        "waited": course.waited,
        "still_waiting": course.still_waiting,
        "longest_wait_s": course.longest_wait,
        "busy_s": course.busy,
        "outcomes": dict(course.outcomes),
        "skipped": {str(reason): count for reason, count in course.skipped.items()},
    }


def _busy_json(busy: Busy, home: ZoneInfo) -> dict[str, object]:
    return {"at": busy.at.astimezone(home), "runs": busy.runs, "jobs": busy.jobs}
