"""Calling a job's function: the arguments that it is given, and what is made of its result."""

from __future__ import annotations

import inspect
from typing import Any

from asched.core.action import Function
from asched.core.masking import Mask
from asched.core.model import Attempt
from asched.core.outcome import Failed, Succeeded
from asched.runners.context import Run
from asched.runners.notes import failure
from asched.runners.results import encode


def arguments(action: Function, attempt: Attempt, run: Run) -> dict[str, Any]:
    """The run's arguments by keyword, and the Run where the function asks for it."""
    given: dict[str, Any] = dict(attempt.args)
    if action.run_parameter is not None:
        given[action.run_parameter] = run
    return given


def returned(result: object, action: Function, mask: Mask) -> Succeeded | Failed:
    """A result, unless it is something that would have had to be run to do anything."""
    if result is None:
        return Succeeded()
    if inspect.isasyncgen(result) or inspect.isgenerator(result):
        kind = "an async generator" if inspect.isasyncgen(result) else "a generator"
        return Failed(failure("TypeError", f"{action.ref} returned {kind}, which nothing runs: return, do not yield"))
    if inspect.isawaitable(result):
        return Failed(failure("TypeError", _unawaited(result, action)))
    return Succeeded(encode(result, mask))


def _unawaited(result: object, action: Function) -> str:
    kind = type(result).__name__
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
    hint = "await it before you return" if action.mode == "coroutine" else "make the job itself async def"
    return f"{action.ref} returned a {kind} that nobody awaits: {hint}"
