"""A run in this process, when no service runs: its output as it comes; Ctrl-C stops the job, and is recorded.

On the loop that a service runs on: whatever the job does to it, the run is recorded, and the command ends.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

import click

from asched.cli.byhand import writing
from asched.cli.desk import Desk
from asched.cli.exits import exit_code_of
from asched.core.masking import Mask, Masker, secret_values
from asched.core.model import Fire, Job
from asched.core.outcome import Interrupted
from asched.core.record import FireRecord
from asched.engine.ports import Ledger
from asched.ledger.memory import MemoryLedger
from asched.service import logs
from asched.service.exitcodes import TERMINATED
from asched.service.oneshot import run_once
from asched.service.process import run_to_the_end

Report = Callable[[FireRecord], int]


@dataclass(frozen=True)
class Wanted:
    """What is to be run. `at` is the scheduled instant that it is told. `before`: repeat that run instead."""

    job: Job
    args: Mapping[str, object]
    at: datetime | None
    reason: str
    before: Fire | None = None


@dataclass
class Interruptions:
    """The signals that were heard; `stop` is set by the first."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[signal.Signals] = field(default_factory=list)

    def listen(self) -> None:
        """To Ctrl-C and SIGTERM, on the running loop, instead of what they do otherwise."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._hear, number)

    def _hear(self, number: signal.Signals) -> None:
        self.heard.append(number)
        self.stop.set()


def run_here(desk: Desk, wanted: Wanted, report: Report) -> int:
    """Returns the exit code, which `report` makes of the record; 143 when SIGTERM ended the run.

    All is said before the loop is left: threads that the job left behind may be left without a farewell.
    """
    mask = Masker(secret_values([wanted.job])).mask
    logs.set_up("auto", "error", mask)
    interruptions, out, err = Interruptions(), sys.stdout, sys.stderr

    async def run_and_report() -> int:
        interruptions.listen()
        record = await _run(desk, wanted, interruptions.stop, mask, None if desk.as_json else _printer(out, err))
        with redirect_stdout(out), redirect_stderr(err):
            code = report(record)
        ended = signal.SIGTERM in interruptions.heard and isinstance(record.outcome, Interrupted)
        return TERMINATED if ended else code

    return run_to_the_end(run_and_report(), lambda _: None, mask, exit_code_of)


async def _run(
    desk: Desk,
    wanted: Wanted,
    stop: asyncio.Event,
    mask: Mask,
    listen: Callable[[Mapping[str, object]], None] | None,
) -> FireRecord:
    async with _ledger(desk) as ledger:
        return await run_once(
            ledger,
            wanted.job,
            by=desk.who(),
            reason=wanted.reason,
            args=wanted.args,
            scheduled_at=wanted.at,
            before=wanted.before,
            mask=mask,
            listen=listen,
            stop=stop,
        )


@asynccontextmanager
async def _ledger(desk: Desk) -> AsyncIterator[Ledger]:
    if desk.place.in_memory:  # nothing is kept of it, as is asked for
        yield MemoryLedger()
        return
    async with writing(desk) as ledger:
        yield ledger


def _printer(out: TextIO, err: TextIO) -> Callable[[Mapping[str, object]], None]:
    """Prints what the run prints, on the real streams: sys.stdout is the job's meanwhile."""

    def show(event: Mapping[str, object]) -> None:
        if event["type"] == "run.printed":
            text = str(event["text"])
            with suppress(BrokenPipeError):  # nobody reads on: the job runs on, and is recorded
                click.echo(text, nl=not text.endswith("\n"), file=err if event["stream"] == "note" else out)

    return show
