"""What every verb has: its name, its help, and the flags that mean the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from asched.cli.desk import Desk


def verb(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command of asched whose function gets the Desk first."""

    def make(function: Callable[..., Any]) -> click.Command:
        command: Any = click.pass_obj(function)
        for option in _SHARED:
            command = option(command)
        made: click.Command = click.command(name)(command)
        return made

    return make


def family(name: str) -> Callable[[Callable[..., Any]], Family]:
    """A command with verbs of its own, which are decorated with `.command` and `verb`."""

    def make(function: Callable[..., Any]) -> Family:
        command: Any = function
        for option in _SHARED:
            command = option(command)
        made: Family = click.group(name, cls=Family)(command)
        return made

    return make


class Family(click.Group):
    """Commands under one name."""

    def command(self, made: click.Command) -> click.Command:  # type: ignore[override]
        self.add_command(made)
        return made


def absolute(path: str) -> str:
    """What is typed is relative to where it is typed, not to the configuration. ":memory:" is no path."""
    return path if path == ":memory:" else os.path.abspath(path)


def _tell(tell: Callable[[Desk, Any], None]) -> Callable[[click.Context, click.Parameter, Any], None]:
    """An option that tells the desk something, where it is given."""

    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            tell(_desk(ctx), value)

    return callback


def _desk(ctx: click.Context) -> Desk:
    """While the shell completes, no command is invoked, and nobody made a desk yet."""
    if ctx.obj is None:
        from asched.cli.names import desk_of

        ctx.obj = desk_of(ctx)
    desk: Desk = ctx.obj
    return desk


def _set(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    return _tell(lambda desk, value: setattr(desk, attribute, value))


def _override(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def tell(desk: Desk, value: str) -> None:
        desk.overrides = {**desk.overrides, key: absolute(value)}

    return _tell(tell)


def _flag(*names: str, attribute: str, help: str) -> Callable[[Any], Any]:
    return click.option(*names, is_flag=True, expose_value=False, callback=_set(attribute), help=help)


def _path(*names: str, callback: Callable[..., None], metavar: str, help: str) -> Callable[[Any], Any]:
    kind = click.Path(readable=False)  # which the shell completes; whether it can be read, we say ourselves
    return click.option(*names, type=kind, metavar=metavar, expose_value=False, callback=callback, help=help)


_SHARED = (
    _flag("-v", "--verbose", attribute="verbose", help="Say more."),
    _flag("-q", "--quiet", attribute="quiet", help="Say less."),
    _flag("--json", "as_json", attribute="as_json", help="Print JSON, for programs."),
    _path("--state-dir", callback=_override("service.state_dir"), metavar="DIR", help="Where the control socket is."),
    _path("--ledger", callback=_override("service.ledger"), metavar="FILE", help="Another ledger."),
    _path("-c", "--config", callback=_set("config"), metavar="FILE", help="The configuration."),
)
