"""Standard-library logging: what libraries and jobs say with it goes the way of everything else that is logged."""

from __future__ import annotations

import logging
import sys

from asched.runners.context import Run, current_run
from asched.service.logs import get_logger

_LEVELS = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)


def route_logging(level: str) -> None:
    """From `level` on. Whoever has set up logging already, in a module of jobs, keeps what they set up."""
    root = logging.getLogger()
    if root.handlers and not _is_makeshift(root):
        return
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(RoutedLogging())
    root.setLevel(level.upper())


def _is_makeshift(root: logging.Logger) -> bool:
    """Nobody set it up: `logging.info(…)` at the import of a module is enough to make this one handler appear."""
    handler, *others = root.handlers
    return (
        not others
        and type(handler) is logging.StreamHandler
        and handler.stream in (sys.stderr, sys.__stderr__)
        and handler.level == logging.NOTSET
        and getattr(handler.formatter, "_fmt", None) == logging.BASIC_FORMAT
        and root.level == logging.WARNING
    )


class RoutedLogging(logging.Handler):
    """Within a run it is the run's: logged with its id, and kept with its output, as what `run.log` says."""

    def emit(self, record: logging.LogRecord) -> None:
        run = _running()
        error = record.exc_info[1] if record.exc_info else None
        facts = {"logger": record.name} if error is None else {"logger": record.name, "exc_info": error}
        (get_logger() if run is None else run.log).log(_level(record.levelno), _message(record), **facts)


def _running() -> Run | None:
    try:
        return current_run()
    except RuntimeError:
        return None


def _level(number: int) -> int:
    """One that has a name, for there are loggers with levels of their own."""
    return next((level for level in _LEVELS if level <= number), logging.DEBUG)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # the wrong number of arguments, or somebody's own __str__
        return f"{record.msg!s} (its arguments do not fit: {type(error).__name__})"
