"""The one place where an error becomes an exit code: with a clear message on stderr, never a traceback."""

from __future__ import annotations

import contextlib
import os
import sys

import click

from asched.cli.app import NobodyReads
from asched.service.exitcodes import (
    CONFIGURATION,
    FAILED,
    FAULT,
    INTERRUPTED,
    IO,
    LEDGER,
    NOT_FOUND,
    OK,
    REFUSED,
    UNAVAILABLE,
    UNREACHABLE,
)


def exit_code_of(error: BaseException) -> int:
    """Say what is wrong, and with which code to leave."""
    if isinstance(error, BrokenPipeError | NobodyReads):
        return _nobody_reads()
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED if error.code else OK
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return INTERRUPTED
    return _said(error)


def _nobody_reads() -> int:
    """Whoever read our output has seen enough. What is still in the buffer must not complain at exit."""
    with contextlib.suppress(OSError, ValueError):  # no real stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK


def _said(error: BaseException) -> int:
    from asched import errors
    from asched.declaration.problems import format_problems

    if isinstance(error, errors.ConfigurationError):
        click.echo(format_problems(error.problems), err=True)
        return CONFIGURATION
    codes: tuple[tuple[type[BaseException], int], ...] = (
        (errors.ScheduleError, CONFIGURATION),
        (errors.UnknownJob, NOT_FOUND),
        (errors.UnknownRun, NOT_FOUND),
        (errors.ServiceUnreachable, UNREACHABLE),
        (errors.Refused, REFUSED),
        (errors.LedgerUnusable, LEDGER),
        (errors.LedgerUnavailable, UNAVAILABLE),
        (errors.AschedError, FAULT),
    )
    for kind, code in codes:
        if isinstance(error, kind):
            click.echo(f"asched: {_message(error)}", err=True)
            return code
    return _failed_io(error) if isinstance(error, OSError) else _our_fault(error)


def _failed_io(error: OSError) -> int:
    """A full disk, a folder that may not be entered: the system's words say it."""
    where = f": {error.filename}" if error.filename else ""
    click.echo(f"asched: {error.strerror or error}{where}", err=True)
    with contextlib.suppress(OSError, ValueError):  # what could not be written must not complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return IO


def _message(error: BaseException) -> str:
    return str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)


def _our_fault(error: BaseException) -> int:
    """Nobody's mistake but ours: here the traceback is what a report needs."""
    import traceback

    click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    click.echo("asched: this is a fault of asched itself; please report it with the lines above", err=True)
    return FAULT
