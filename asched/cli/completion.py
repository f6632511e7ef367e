"""`asched completion`: for the shell."""

from __future__ import annotations

import click

from asched.cli.desk import Desk
from asched.cli.verb import verb

_LINES = {
    "bash": 'eval "$(asched completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(asched completion zsh)"   # in ~/.zshrc',
    "fish": "asched completion fish > ~/.config/fish/completions/asched.fish",
}


@verb("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(desk: Desk, shell: str) -> None:
    """A script that completes asched's commands, the names of jobs included, in your shell."""
    from click.shell_completion import get_completion_class

    from asched.cli.app import app

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(app, {}, "asched", "_ASCHED_COMPLETE").source())
    desk.talk(f"# {_LINES[shell]}")
