"""A run in this process, when no service runs: its output as it comes; Ctrl-C stops the job, and is recorded."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TextIO

import click

from asched.cli.byhand import writing
from asched.cli.desk import Desk
from asched.cli.exits import TERMINATED
from asched.core.masking import Masker, secret_values
from asched.core.model import Job
from asched.core.outcome import Interrupted
from asched.core.record import FireRecord
from asched.engine.ports import Ledger
from asched.ledger.memory import MemoryLedger
from asched.service.oneshot import run_once
from asched.service.printing import routed_prints
from asched.service.process import run_briefly


def run_here(desk: Desk, job: Job, args: Mapping[str, object], at: datetime | None, reason: str) -> FireRecord:
    """Leaves with 143 when SIGTERM stopped it."""
    heard: list[signal.Signals] = []
    record = run_briefly(_run(desk, job, args, at, reason, heard))
    if signal.SIGTERM in heard and isinstance(record.outcome, Interrupted):
        raise SystemExit(TERMINATED)
    return record


async def _run(
    desk: Desk, job: Job, args: Mapping[str, object], at: datetime | None, reason: str, heard: list[signal.Signals]
) -> FireRecord:
    stop, printer = _interruptions(heard), _printer(sys.stdout, sys.stderr)
    async with _ledger(desk) as ledger:
        with routed_prints():
            return await run_once(
                ledger,
                job,
                by=desk.who(),
                reason=reason,
                args=args,
                scheduled_at=at,
                mask=Masker(secret_values([job])).mask,
                listen=None if desk.as_json else printer,
                stop=stop,
            )


@asynccontextmanager
async def _ledger(desk: Desk) -> AsyncIterator[Ledger]:
    if desk.place.in_memory:  # nothing is kept of it, as is asked for
        yield MemoryLedger()
        return
    async with writing(desk) as ledger:
        yield ledger


def _interruptions(heard: list[signal.Signals]) -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM, instead of what they do otherwise."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def hear(number: signal.Signals) -> None:
        heard.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, hear, number)
    return stop


def _printer(out: TextIO, err: TextIO) -> Callable[[Mapping[str, object]], None]:
    """Prints what the run prints, on the real streams: sys.stdout is the job's meanwhile."""

    def show(event: Mapping[str, object]) -> None:
        if event["type"] == "run.printed":
            text = str(event["text"])
            with suppress(BrokenPipeError):  # nobody reads on: the job runs on, and is recorded
                click.echo(text, nl=not text.endswith("\n"), file=err if event["stream"] == "note" else out)

    return show
