"""Calling a job's function: the arguments that it is given, and what is made of its result."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from asched.core.action import Function
from asched.core.expectation import Predicate
from asched.core.masking import Mask
from asched.core.model import Attempt
from asched.core.outcome import Failed, Succeeded
from asched.runners.context import Run
from asched.runners.notes import bounded, failure
from asched.runners.results import encode

_SHOWN = 200  # characters of a result in a message
_NOTHING_TO_KEEP = Succeeded()  # most runs end so: one value for all of them


def arguments(action: Function, attempt: Attempt, run: Run) -> Mapping[str, Any]:
    """The run's arguments by keyword, and the Run where the function asks for it."""
    return attempt.args if action.run_parameter is None else {**attempt.args, action.run_parameter: run}


def returned(result: object, attempt: Attempt, mask: Mask) -> Succeeded | Failed:
    """A result, unless it would have had to be run to do anything, or is not what the job expects. Raises what the
    job's own judgement of it raises."""
    action, judge = attempt.job.action, attempt.job.expect.result
    if result is None and judge is None:
        return _NOTHING_TO_KEEP
    assert isinstance(action, Function)
    unrun = None if result is None else _never_run(result, action)
    if unrun is not None:
        return Failed(failure("TypeError", unrun))
    wrong = None if judge is None else _wrong(result, judge, mask)
    return Succeeded(encode(result, mask)) if wrong is None else Failed(failure("UnexpectedResult", wrong, mask))


def _never_run(result: object, action: Function) -> str | None:
    if inspect.isasyncgen(result) or inspect.isgenerator(result):
        kind = "an async generator" if inspect.isasyncgen(result) else "a generator"
        return f"{action.ref} returned {kind}, which nothing runs: return, do not yield"
    return _unawaited(result, action) if inspect.isawaitable(result) else None


def _wrong(result: object, judge: Predicate, mask: Mask) -> str | None:
    verdict = judge.call(result)
    came = f"got {bounded(encode(result, mask) or 'null', _SHOWN)}"
    if verdict is None:
        return f"{judge.ref}, which is to judge the result, returned None: return True, False or what is wrong"
    if isinstance(verdict, str):
        return f"{verdict}; {came}" if verdict else None
    return None if verdict else f"expected a result for which {judge.ref} holds, {came}"


def _unawaited(result: object, action: Function) -> str:
    kind = type(result).__name__
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
    hint = "await it before you return" if action.mode == "coroutine" else "make the job itself async def"
    return f"{action.ref} returned a {kind} that nobody awaits: {hint}"
