"""`asched check`: is the configuration right?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.verb import verb
from asched.errors import ConfigurationError, Problem
from asched.service.exitcodes import CONFIGURATION

if TYPE_CHECKING:
    from asched.core.model import Job

_SOON = timedelta(days=180)


@verb("check")
@click.argument("file", required=False, metavar="[CONFIG or FILE.py]")
def check_command(desk: Desk, file: str | None) -> None:
    """Say everything that is wrong with the configuration, all at once. Exit code 4 when anything is."""
    desk.config = file or desk.config
    problems: tuple[Problem, ...]
    jobs: tuple[Job, ...] = ()
    try:
        problems, jobs = desk.configuration.problems, desk.configuration.jobs
    except ConfigurationError as error:
        problems = error.problems
    if desk.as_json:
        show.as_json(_json(desk, problems, jobs))
    elif problems:
        from asched.declaration.problems import format_problems

        click.echo(format_problems(problems))
    else:
        _all_is_well(desk, jobs)
    raise SystemExit(CONFIGURATION if problems else 0)


def _all_is_well(desk: Desk, jobs: tuple[Job, ...]) -> None:
    disabled = [job for job in jobs if job.disabled]
    off = f", {len(disabled)} of them disabled" if disabled else ""
    click.echo(f"{desk.config}: ok, {show.counted(len(jobs), 'job')}{off}")
    for job in jobs if desk.verbose else disabled:
        desk.talk(f"  {job.name}: {job.disabled or job.source}")
    for warning in _calendars_that_end(desk):
        desk.talk(f"  warning: {warning}")
    desk.hint("asched list" if jobs else "write a @job function, or a [[job]]")


def _calendars_that_end(desk: Desk) -> Iterator[str]:
    """What is due after the last day that a calendar knows of is not left out any more."""
    from asched.engine.clock import SystemClock

    soon = (SystemClock().now() + _SOON).date()
    for name, calendar in desk.configuration.calendars.items():
        if calendar.until is not None and calendar.until < soon:
            yield f'calendar "{name}" knows no day after {calendar.until}'


def _json(desk: Desk, problems: tuple[Problem, ...], jobs: tuple[Job, ...]) -> dict[str, object]:
    return {
        "ok": not problems,
        "config": desk.config,
        "jobs": [job.name for job in jobs],
        "disabled": {job.name: job.disabled for job in jobs if job.disabled},
        "problems": [_problem_json(problem) for problem in problems],
    }


def _problem_json(problem: Problem) -> dict[str, object]:
    return {
        "message": problem.message,
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "help": problem.help,
        "severity": getattr(problem, "severity", "error"),
        "job": getattr(problem, "job", "") or None,
    }
