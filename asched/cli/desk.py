"""The desk: where a verb asks. It finds configuration, ledger and service, and knows how to say things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from asched.errors import UnknownJob, UnknownRun

if TYPE_CHECKING:
    from asched.core.model import Job
    from asched.core.record import FireRecord
    from asched.engine.ports import Ledger
    from asched.service.config import Configuration

T = TypeVar("T")


@dataclass
class Desk:
    """`config` is a config.toml or a Python file; `overrides` are what flags say of its settings."""

    config: str
    overrides: Mapping[str, object] = field(default_factory=dict)
    as_json: bool = False
    quiet: bool = False

    @cached_property
    def configuration(self) -> Configuration:
        """Raises ConfigurationError."""
        from asched.service.serve import read

        return read(self.config, self.overrides)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.configuration.timezone)

    @property
    def socket(self) -> Path:
        from asched.service.socketfile import socket_path

        return socket_path(self.configuration.state_dir, self.configuration.ledger)

    @cached_property
    def is_served(self) -> bool:
        """Does a service answer?"""
        from asched.service.client import is_running

        return is_running(self.socket)

    def now(self) -> datetime:
        from asched.engine.clock import SystemClock

        return SystemClock().now()

    def job(self, name: str) -> Job:
        """Raises UnknownJob, with the name that was probably meant."""
        jobs = {job.name: job for job in self.configuration.jobs}
        if name not in jobs:
            close = get_close_matches(name, jobs, n=1)
            known = f'did you mean "{close[0]}"?' if close else "`asched list` shows the jobs"
            raise UnknownJob(f'no job is called "{name}": {known}')
        return jobs[name]

    def call(self, verb: str, **fields: object) -> dict[str, Any]:
        """Ask the service. Raises ServiceUnreachable, Refused, UnknownJob, UnknownRun."""
        from asched.service.client import call

        return self.wait_for(call(self.socket, verb, **fields))

    @staticmethod
    def wait_for(doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(doing)

    def has_ledger(self) -> bool:
        return Path(self.configuration.ledger).exists()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Ledger]:
        """The ledger, to be read; also while a service writes it. Leaves with exit code 3 when there is none yet."""
        from asched.cli.exits import NOT_FOUND
        from asched.ledger.sqlite import SqliteLedger

        if not self.has_ledger():
            where = self.configuration.ledger
            click.echo(f"asched: there is no ledger yet at {where}; `asched serve` makes one", err=True)
            raise SystemExit(NOT_FOUND)
        ledger = SqliteLedger(self.configuration.ledger, readonly=True)
        await ledger.open()
        try:
            yield ledger
        finally:
            await ledger.close()

    @asynccontextmanager
    async def reading_if_any(self) -> AsyncIterator[Ledger | None]:
        """The ledger, or None when there is none yet."""
        if self.has_ledger():
            async with self.reading() as ledger:
                yield ledger
        else:
            yield None

    async def run_record(self, ledger: Ledger, name: str) -> FireRecord:
        """The run of that name, or the latest of the job of that name. Raises UnknownRun."""
        from asched.core.model import fire_id
        from asched.core.record import FireQuery

        jobs = {job.name for job in self.configuration.jobs}
        fire = fire_id(name)
        record = None if fire is None or name in jobs else await ledger.fire(fire)
        if record is None:
            found = await ledger.fires(FireQuery(jobs=(name,), decisions=("start",), limit=1))
            record = found[0] if found else None
        if record is None:
            what = f'job "{name}" has no run yet' if name in jobs else f'no run and no job is called "{name}"'
            raise UnknownRun(f"{what}: `asched runs` shows them")
        return record

    def talk(self, text: str) -> None:
        """Something for people that is not what was asked for."""
        if not self.quiet and not self.as_json:
            click.echo(text, err=True)
