"""Exit codes, and the one place where an error becomes one: a clear message on stderr, never a traceback.

0 ok, 1 the run failed, 2 usage, 3 not found, 4 invalid configuration, 5 service not reachable, 6 refused,
65 unusable ledger, 124 timed out, 130 and 143 signals.
"""

from __future__ import annotations

import sys

import click

OK, FAILED, USAGE, NOT_FOUND, CONFIGURATION, UNREACHABLE, REFUSED = range(7)
LEDGER, FAULT, TIMED_OUT, INTERRUPTED, TERMINATED = 65, 70, 124, 130, 143


def exit_code_of(error: BaseException) -> int:
    """Say what is wrong, and with which code to leave."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()  # whoever read our output has seen enough
        return OK
    return _said(error)


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
        (errors.AschedError, FAULT),
    )
    for kind, code in codes:
        if isinstance(error, kind):
            click.echo(f"asched: {_message(error)}", err=True)
            return code
    raise error


def _message(error: BaseException) -> str:
    return str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)
