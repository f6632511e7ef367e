"""`asched version`."""

from __future__ import annotations

import platform

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.verb import verb


@verb("version")
def version_command(desk: Desk) -> None:
    """Which version this is."""
    from asched import __version__

    if desk.as_json:
        show.as_json({"asched": __version__, "python": platform.python_version()})
    else:
        click.echo(said())


def said() -> str:
    from asched import __version__

    return f"asched {__version__} (Python {platform.python_version()})"
