"""Names that the shell completes: jobs, and runs. Nothing, in silence, where they cannot be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from asched.cli.desk import Desk
    from asched.core.record import FireQuery, FireRecord

RECENT = 30  # runs that are offered


def complete_job(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of jobs."""
    from click.shell_completion import CompletionItem

    try:
        jobs = desk_of(ctx).configuration.jobs
    except Exception:
        return []
    return [CompletionItem(job.name, help=job.description) for job in jobs if job.name.startswith(incomplete)]


def complete_run(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The latest runs."""
    from asched.core.record import FireQuery

    return _runs(ctx, FireQuery(decisions=("start",), limit=RECENT), incomplete)


def complete_open_run(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Runs that can be cancelled."""
    from asched.core.record import FireQuery

    return _runs(ctx, FireQuery(open=True, limit=RECENT), incomplete)


def complete_run_or_job(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return complete_job(ctx, param, incomplete) + complete_run(ctx, param, incomplete)


def _runs(ctx: click.Context, query: FireQuery, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from asched.cli.show import state_of

    try:
        desk = desk_of(ctx)
        records = desk.wait_for(_read(desk, query))
    except Exception:
        return []
    found = [one for one in records if one.run.startswith(incomplete)]
    return [CompletionItem(one.run, help=f"{one.job}, {state_of(one)}") for one in found]


async def _read(desk: Desk, query: FireQuery) -> Sequence[FireRecord]:
    async with desk.reading_if_any() as ledger:
        return () if ledger is None else await ledger.fires(query)


def desk_of(ctx: click.Context) -> Desk:
    """The desk; while the shell completes, one made of the flags that were typed before the verb."""
    from asched.cli.desk import Desk
    from asched.cli.verb import absolute

    found: Desk | None = ctx.find_object(Desk)
    if found is not None:
        return found
    typed = ctx.find_root().params
    places = {"service.ledger": typed.get("ledger"), "service.state_dir": typed.get("state_dir")}
    overrides = {key: absolute(value) for key, value in places.items() if value}
    return Desk(typed.get("config") or os.environ.get("ASCHED_CONFIG", "config.toml"), overrides)
