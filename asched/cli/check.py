"""`asched check`: is the configuration right?"""

from __future__ import annotations

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.exits import CONFIGURATION
from asched.cli.verb import verb
from asched.errors import ConfigurationError, Problem


@verb("check")
@click.argument("file", required=False, metavar="[CONFIG or FILE.py]")
def check_command(desk: Desk, file: str | None) -> None:
    """Say everything that is wrong with the configuration, all at once."""
    desk.config = file or desk.config
    problems: tuple[Problem, ...]
    try:
        problems = desk.configuration.problems
    except ConfigurationError as error:
        problems = error.problems
    if desk.as_json:
        show.as_json({"ok": not problems, "problems": [_problem_json(problem) for problem in problems]})
    elif problems:
        from asched.declaration.problems import format_problems

        click.echo(format_problems(problems))
    else:
        _all_is_well(desk)
    raise SystemExit(CONFIGURATION if problems else 0)


def _all_is_well(desk: Desk) -> None:
    jobs = desk.configuration.jobs
    disabled = [job for job in jobs if job.disabled]
    click.echo(f"{desk.config}: ok, {len(jobs)} jobs, {len(disabled)} of them disabled")
    for job in disabled:
        desk.talk(f"  {job.name}: {job.disabled}")
    desk.talk("next: asched list")


def _problem_json(problem: Problem) -> dict[str, object]:
    return {
        "message": problem.message,
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "help": problem.help,
    }
