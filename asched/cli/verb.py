"""What every verb has: its name, its help, and the flags that mean the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from asched.cli.desk import Desk

pass_desk = click.make_pass_decorator(object)


def verb(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command of asched whose function gets the Desk first."""

    def make(function: Callable[..., Any]) -> click.Command:
        command: Any = click.pass_obj(function)
        for option in _SHARED:
            command = option(command)
        made: click.Command = click.command(name)(command)
        return made

    return make


def _set(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.obj, attribute, value)

    return callback


def _override(key: str, absolute: bool) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            ctx.obj.overrides = {**ctx.obj.overrides, key: os.path.abspath(value) if absolute else value}

    return callback


_SHARED = (
    click.option(
        "-c", "--config", metavar="FILE", expose_value=False, callback=_set("config"), help="The configuration."
    ),
    click.option(
        "--ledger",
        metavar="FILE",
        expose_value=False,
        callback=_override("service.ledger", True),
        help="Another ledger.",
    ),
    click.option(
        "--state-dir",
        metavar="DIR",
        expose_value=False,
        callback=_override("service.state_dir", True),
        help="Where the control socket is.",
    ),
    click.option(
        "--json", is_flag=True, expose_value=False, callback=_set("as_json"), help="Print JSON, for programs."
    ),
    click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_set("quiet"), help="Say less."),
)


def complete_job(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of jobs, for the shell; nothing when the configuration cannot be read."""
    from click.shell_completion import CompletionItem

    from asched.cli.desk import Desk

    try:
        desk: Desk = ctx.find_object(Desk) or Desk(os.environ.get("ASCHED_CONFIG", "config.toml"))
        jobs = desk.configuration.jobs
    except Exception:
        return []
    return [CompletionItem(job.name, help=job.description) for job in jobs if job.name.startswith(incomplete)]
