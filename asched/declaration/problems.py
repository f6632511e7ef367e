"""Problems as people read them: a place, what is wrong, the line with a caret, and help."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from asched.declaration.faults import Fault
from asched.errors import Problem

_SEARCHED = 20  # lines of a decorator in which a text is looked for


@dataclass(frozen=True, slots=True)
class Finding(Problem):
    """A problem found at load. `column` is where the key or value begins; `point` where the caret goes, 0 for none:
    an unknown key stands in the message already. `severity` is "error", or "warning" for what is only odd.
    `job` is the job it is about, "" when it is about none in particular.
    """

    point: int = 0
    severity: str = "error"
    job: str = ""


def format_problems(problems: Iterable[Problem]) -> str:
    """All of them as text: places in one column, each followed by its line and its help where there are any."""
    problems = list(problems)
    width = max((len(place(problem)) for problem in problems), default=0)
    return "\n".join(line for problem in problems for line in _lines(problem, width))


def place(problem: Problem) -> str:
    """`config.toml:14:12`, as far as it is known."""
    line, column = problem.line, problem.column if problem.line else 0
    return problem.path + (f":{line}" if line else "") + (f":{column}" if column else "")


def shown_path(path: Path) -> str:
    """A path as short as it can be said from here."""
    here = Path(os.path.abspath(path))
    try:
        return str(here.relative_to(Path.cwd()))
    except ValueError:
        return str(here)


def job_problem(name: str, fault: Fault, file: str, line: int, severity: str = "error") -> Finding:
    """A fault of a job declared in Python: at the text that is to blame, if the decorator holds it literally."""
    message = f'job "{name}": {fault.message}'
    at, column, length, source = _literal(fault, file, line)
    point = column + 1 + _span(fault)[0] if column else 0
    return Finding(
        message=message,
        path=shown_path(Path(file)) if file else "",
        line=at,
        column=column,
        length=length,
        source=source,
        help=fault.help,
        point=point,
        severity=severity,
        job=name,
    )


def _literal(fault: Fault, file: str, line: int) -> tuple[int, int, int, str]:
    """(line, column, length, source) of the quoted text that a fault is about, searched from the decorator on."""
    if not fault.text:
        return line, 0, 1, ""
    linecache.checkcache(file)
    for number in range(line, line + _SEARCHED):
        source = linecache.getline(file, number).rstrip("\n")
        found = max(source.find(f"{quote}{fault.text}{quote}") for quote in "\"'")
        if found >= 0:
            start, end = _span(fault)
            return number, found + 1, max(1, end - start), source
        if source.lstrip().startswith(("def ", "async def ")):
            break
    return line, 0, 1, ""


def _span(fault: Fault) -> tuple[int, int]:
    return fault.span or (0, len(fault.text))


def _lines(problem: Problem, width: int) -> list[str]:
    severity = getattr(problem, "severity", "error")
    at = place(problem)
    lines = [f"{at:<{width}}  {severity}  {problem.message}" if at else f"{severity}  {problem.message}"]
    point = getattr(problem, "point", problem.column)
    if point and problem.source:
        before = "".join("\t" if letter == "\t" else " " for letter in problem.source[: point - 1])
        lines.append(f"{problem.line:>5} | {problem.source}")
        lines.append(f"      | {before}{'^' * max(1, problem.length)}")
    return [*lines, *(f"      = help: {help}" for help in problem.help.splitlines())]
