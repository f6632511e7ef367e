"""The logger of a job: whatever logging the application has set up, and the run's own recorded output."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from asched.engine.ports import OutputSink
from asched.runners.notes import bounded, message_of, printable

if TYPE_CHECKING:
    import structlog

JOBS_LOGGER = "asched.job"  # how whoever sets up logging knows the lines of jobs
_VALUE = 1000  # characters of one value


def job_log(job: str, run: str, output: OutputSink) -> structlog.typing.FilteringBoundLogger:
    """A structlog logger with `job` and `run` bound. Each line goes to structlog as the application configured it and,
    at any level, to `output` as stream "log"."""
    import structlog  # costs 30 ms; most runs never log

    def record(_: Any, level: str, event: MutableMapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        message = event.pop("event", "")
        output.write("log", _line(level, message, event))
        return (message,), dict(event)

    log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.get_logger(JOBS_LOGGER).bind(job=job, run=run),
        processors=[record],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        context_class=dict,
    )
    return log


def _line(level: str, message: object, facts: MutableMapping[str, Any]) -> str:
    """One line, whatever is in it: its fields are data of the job, and of whom the job talked to."""
    parts = [level, _one_line(message)]
    parts += [f"{_one_line(key)}={_value(value)}" for key, value in facts.items() if key != "exc_info"]
    error = facts.get("exc_info")
    error = sys.exc_info()[1] if error is True else error
    if isinstance(error, BaseException):
        parts.append(f"{type(error).__name__}: {_one_line(message_of(error))}")
    return " ".join(parts) + "\n"


def _one_line(text: object) -> str:
    return printable(_safe(text)).replace("\n", "\\n")


def _value(value: object) -> str:
    text = _one_line(value)
    return text if text and " " not in text else f'"{text}"'


def _safe(value: object) -> str:
    try:
        return bounded(str(value), _VALUE)
    except BaseException as fault:  # a job's own __str__
        return f"<{type(value).__name__}: its __str__ raised {type(fault).__name__}>"
