"""Asks: one file a verb, or a family of verbs; prints for people, and with --json for programs.

Must not know: the engine's insides. Data goes to stdout, talk to stderr.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The command `asched`."""
    from asched.cli.app import app
    from asched.cli.exits import exit_code_of

    try:
        code = app.main(prog_name="asched", standalone_mode=False)
    except BaseException as error:
        code = exit_code_of(error)
    sys.exit(code if isinstance(code, int) else 0)
