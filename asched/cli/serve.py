"""`asched serve`: run the jobs."""

from __future__ import annotations

import click

from asched.cli.desk import Desk
from asched.cli.verb import verb
from asched.cli.whichfile import check_file


@verb("serve")
@click.argument("file", required=False, metavar="[CONFIG or FILE.py]")
@click.option("--log-format", type=click.Choice(["auto", "console", "json"]), default=None)
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default=None)
@click.option("--watch", is_flag=True, help="Read the configuration and the jobs again when their files change.")
def serve_command(desk: Desk, file: str | None, log_format: str | None, log_level: str | None, watch: bool) -> None:
    """Run the jobs until told to stop.

    Reads config.toml, or serves the @job functions of one Python file. SIGTERM and Ctrl-C drain and stop, SIGHUP reads
    the configuration again, SIGUSR1 writes the state to the log.
    """
    from asched.service.serve import serve_forever

    settings = {"service.log.format": log_format, "service.log.level": log_level, "service.watch": watch}
    overrides = {**desk.overrides, **{key: value for key, value in settings.items() if value}}
    check_file(file or desk.config)
    raise SystemExit(serve_forever(file or desk.config, overrides))
