"""What a job expects, as one English phrase."""

from __future__ import annotations

from collections.abc import Iterator

from asched.core.action import Command, Request
from asched.core.model import Job
from asched.core.text.wording import listed


def explain_expectation(job: Job) -> str:
    """ "exit 0 or 3, and no output that matches "ERROR""; "" when nothing was said."""
    parts = list(_parts(job))
    return listed(parts) if parts else ""


def _parts(job: Job) -> Iterator[str]:
    action, expect = job.action, job.expect
    if isinstance(action, Command) and action.success_codes != (0,):
        yield f"exit {listed([str(code) for code in action.success_codes], 'or')}"
    if isinstance(action, Request) and action.expect_status:
        yield f"status {listed([str(status) for status in action.expect_status], 'or')}"
    if expect.some_output and not expect.output:
        yield "some output"
    if expect.output:
        yield f'output that matches "{expect.output}"'
    if expect.not_output:
        yield f'no output that matches "{expect.not_output}"'
    if expect.result is not None:
        yield f"a result for which {expect.result.ref} holds"
