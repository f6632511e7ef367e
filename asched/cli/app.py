"""The command itself: which verbs there are. Each verb's module is imported when it is used, and not for --help."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

VERBS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "Run the jobs until told to stop."),
    "check": ("check", "Say everything that is wrong with the configuration."),
    "list": ("jobs", "The jobs, when each is due next, and how it last went."),
    "show": ("jobs", "Everything about one job."),
    "next": ("upcoming", "What is due next."),
    "explain": ("explaining", "A schedule in English, and when it is due next."),
    "compare": ("comparing", "What two schedules, or two tz databases, do not have in common."),
    "simulate": ("simulating", "What the jobs would come to over virtual days."),
    "plan": ("planning", "What the configuration would change if it were served now."),
    "why": ("why", "Why a job ran, or did not, at an instant."),
    "run": ("run", "Run a job now."),
    "retry": ("run", "Run a finished run again."),
    "runs": ("runs", "What was run, and how it went."),
    "history": ("history", "How it went: a strip for each job, counts, absences, acts."),
    "logs": ("logs", "What a run printed."),
    "cancel": ("control", "Stop runs."),
    "backfill": ("backfill", "Run instants of the past, beside the schedule."),
    "pause": ("pausing", "Start jobs no more, until they are resumed."),
    "resume": ("pausing", "Start paused jobs again."),
    "drain": ("control", "Have the service start nothing more, and stay up."),
    "skip": ("arranging", "Leave out one fire of a job."),
    "move": ("arranging", "Run one fire of a job at another time, or now."),
    "add": ("arranging", "Run a job once more, at some time."),
    "restore": ("arranging", "Let a fire go as its schedule says after all."),
    "recovery": ("recovering", "What an absence left owed, and whether it is made up for."),
    "reload": ("control", "Have the service read its configuration again."),
    "status": ("status", "Is the service up, and what is it doing?"),
    "healthcheck": ("status", "Exit 0 when the service is healthy."),
    "bench": ("bench", "What this machine and this disk allow, beside your jobs' load."),
    "audit": ("audit", "Prove that every due instant is accounted for."),
    "db": ("db", "The ledger's file: back it up, check it, prune it."),
    "init": ("init", "Write a configuration and a job to start from."),
    "version": ("version", "Which version this is."),
    "completion": ("completion", "A script that completes asched's commands in your shell."),
}

_COLUMNS, _WIDEST = 80, 100  # where nobody says, and at most


class NobodyReads(Exception):
    """Whoever read our output has seen enough. No OSError, of which click would make an exit code of its own."""


class Verbs(click.Group):
    """Knows its verbs by name and one line; loads them when they are called."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        with _noticing_that_nobody_reads():  # --help prints while it is parsed
            return super().make_context(*args, **{"terminal_width": _width()} | more)

    def invoke(self, ctx: click.Context) -> Any:
        with _noticing_that_nobody_reads():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"asched.cli.{VERBS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches  # a thirtieth of what --help takes

            close = get_close_matches(args[0], VERBS, n=1)
            if not close:
                raise
            raise click.UsageError(f"{error.message} Did you mean '{close[0]}'?", ctx) from None


def _width() -> int:
    """Characters a line of help has: as click finds it, which loads shutil, and all that archives are packed with."""
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(1).columns or _COLUMNS
        except OSError:
            columns = _COLUMNS
    return max(min(columns, _WIDEST) - 2, 50)


@contextmanager
def _noticing_that_nobody_reads() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise NobodyReads from None


def _say_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from asched.cli.version import said

        click.echo(said())
        ctx.exit()


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDEST})
@click.option(
    "-c",
    "--config",
    type=click.Path(readable=False),
    envvar="ASCHED_CONFIG",
    default="config.toml",
    show_default=True,
    help="The configuration.",
)
@click.option("--ledger", type=click.Path(readable=False), help="Another ledger than the configuration names.")
@click.option("--state-dir", type=click.Path(readable=False), help="Where the control socket is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="As version does.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what was asked for.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.pass_context
def app(ctx: click.Context, /, config: str, ledger: str | None, state_dir: str | None, **talk: bool) -> None:
    """Run Python functions, commands and HTTP requests on schedule, and know for every instant what became of it."""
    from asched.cli.desk import Desk
    from asched.cli.verb import absolute

    overrides = {"service.ledger": ledger and absolute(ledger), "service.state_dir": state_dir and absolute(state_dir)}
    ctx.obj = Desk(config, {key: value for key, value in overrides.items() if value}, **talk)
