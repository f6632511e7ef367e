"""`asched check`: is the configuration right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.verb import verb
from asched.errors import ConfigurationError, Problem
from asched.service.exitcodes import CONFIGURATION

if TYPE_CHECKING:
    from asched.core.model import Job
    from asched.declaration.problems import Finding


@verb("check")
@click.argument("file", required=False, metavar="[CONFIG or FILE.py]")
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
def check_command(desk: Desk, file: str | None, strict: bool) -> None:
    """Say everything that is wrong with the configuration, all at once; exit code 4 when anything is.

    Warnings say what is odd: accepted, and probably not what was meant. They leave the exit code at 0, unless --strict.

    \b
    asched check
    asched check --strict other.toml
    """
    desk.config = file or desk.config
    problems: tuple[Problem, ...]
    jobs: tuple[Job, ...] = ()
    warnings: tuple[Finding, ...] = ()
    try:
        problems, jobs = desk.configuration.problems, desk.configuration.jobs
        warnings = desk.configuration.warnings(desk.now())
    except ConfigurationError as error:
        problems = error.problems
    if strict:
        problems, warnings = (*problems, *(replace(warning, severity="error") for warning in warnings)), ()
    if desk.as_json:
        show.as_json(_json(desk, problems, warnings, jobs))
    else:
        _say(desk, problems, warnings, jobs)
    raise SystemExit(CONFIGURATION if problems else 0)


def _say(desk: Desk, problems: Sequence[Problem], warnings: Sequence[Problem], jobs: Sequence[Job]) -> None:
    from asched.declaration.problems import format_problems

    if problems or warnings:
        click.echo(format_problems([*problems, *warnings]))
    if not problems:
        _all_is_well(desk, warnings, jobs)


def _all_is_well(desk: Desk, warnings: Sequence[Problem], jobs: Sequence[Job]) -> None:
    disabled = [job for job in jobs if job.disabled]
    off = f", {len(disabled)} of them disabled" if disabled else ""
    odd = f", {show.counted(len(warnings), 'warning')}" if warnings else ""
    click.echo(f"{desk.config}: ok, {show.counted(len(jobs), 'job')}{off}{odd}")
    for job in jobs if desk.verbose else disabled:
        desk.talk(f"  {job.name}: {job.disabled or job.source}")
    desk.hint("asched list" if jobs else "write a @job function, or a [[job]]")


def _json(
    desk: Desk, problems: Sequence[Problem], warnings: Sequence[Problem], jobs: Sequence[Job]
) -> dict[str, object]:
    return {
        "ok": not problems,
        "config": desk.config,
        "jobs": [job.name for job in jobs],
        "disabled": {job.name: job.disabled for job in jobs if job.disabled},
        "problems": [_problem_json(problem) for problem in problems],
        "warnings": [_problem_json(warning) for warning in warnings],
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
