"""What must hold before jobs are taken in, for afterwards it could fail only halfway through."""

from __future__ import annotations

from collections.abc import Iterable

from asched.core.limits import Limits
from asched.core.model import Job
from asched.core.version import written
from asched.declaration.faults import Fault
from asched.declaration.graph import graph_problems
from asched.declaration.problems import job_problem
from asched.errors import ConfigurationError


def check_graph(jobs: Iterable[Job], limits: Limits) -> None:
    """Each has a name of its own, comes after jobs that there are, and takes places in pools that there are. Raises
    ConfigurationError."""
    problems = graph_problems(jobs, limits.pools)
    if problems:
        raise ConfigurationError(problems)


def check_definitions(jobs: Iterable[Job]) -> None:
    """Each can be written down. Raises ConfigurationError."""
    for one in jobs:
        try:
            written(one)
        except Exception as error:
            why = f"its definition cannot be written down: {type(error).__name__}: {error}"
            fault = Fault((), why, "look at its arguments, and at a trigger of your own")
            file, _, line = one.source.rpartition(":")
            raise ConfigurationError([job_problem(one.name, fault, file, int(line or 0))]) from error
