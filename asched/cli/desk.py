"""The desk: where a verb asks. It finds configuration, ledger and service, and knows how to say things."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from asched.errors import Refused, ServiceUnreachable, UnknownJob, UnknownRun

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from asched.cli.place import Place
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
    verbose: bool = False

    # What is configured.

    @cached_property
    def configuration(self) -> Configuration:
        """With every job: their modules are imported. Raises ConfigurationError."""
        from asched.cli.whichfile import check_file
        from asched.service.serve import read

        check_file(self.config)
        return read(self.config, self.overrides)

    @cached_property
    def place(self) -> Place:
        """Where the ledger and the service are; imports no job. Raises ConfigurationError, unless flags say both."""
        from asched.cli.place import place_of_flags, with_way_out
        from asched.errors import ConfigurationError

        try:
            return self._configured_place()
        except ConfigurationError as error:
            named = place_of_flags(self.overrides)
            if named is None:
                raise with_way_out(error, self.config) from None
            return named

    def _configured_place(self) -> Place:
        from asched.cli.place import Place, find_place
        from asched.cli.whichfile import check_file

        check_file(self.config)
        found = find_place(self.config, self.overrides)
        if found is not None:
            return found
        known = self.configuration
        return Place(known.ledger, known.state_dir, known.timezone)

    @cached_property
    def zone(self) -> ZoneInfo:
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.place.timezone)

    def job(self, name: str) -> Job:
        """Raises UnknownJob, with what is wrong with it, or the name that was probably meant."""
        jobs = {job.name: job for job in self.configuration.jobs}
        if name in jobs:
            return jobs[name]
        for problem in self.configuration.problems:
            if getattr(problem, "job", "") == name:
                raise UnknownJob(f"{problem.message}: `asched check` says where")
        raise unknown_job(name, jobs)

    # Who answers.

    @property
    def socket(self) -> Path:
        from asched.service.socketfile import socket_path

        return socket_path(self.place.state_dir, self.place.ledger)

    @cached_property
    def is_served(self) -> bool:
        """Does a service answer?"""
        from asched.service.client import is_running

        return is_running(self.socket)

    def call(self, verb: str, **fields: object) -> dict[str, Any]:
        """Ask the service. Raises ServiceUnreachable, Refused, UnknownRun, and UnknownJob with the name that was
        probably meant by one in `job` or `jobs`."""
        from asched.service.client import call

        if not self.is_served:
            raise self._nobody()
        try:
            return self.wait_for(call(self.socket, verb, **fields))
        except UnknownJob as error:
            raise self._with_the_nearest(error, fields) from None

    def _nobody(self) -> ServiceUnreachable:
        from asched.cli.elsewhere import served_elsewhere

        elsewhere = served_elsewhere(self.config, self.place)
        return ServiceUnreachable(elsewhere or f"no service answers at {self.socket}: `asched serve` starts one")

    def _with_the_nearest(self, error: UnknownJob, fields: Mapping[str, Any]) -> UnknownJob:
        """Looked for here: with many jobs that is work that a service should not stop for."""
        known = [one["name"] for one in self.call("status")["jobs"]]
        asked = [fields["job"]] if "job" in fields else fields.get("jobs", ())
        return next((unknown_job(name, known) for name in asked if name not in known), error)

    @staticmethod
    def wait_for(doing: Coroutine[Any, Any, T]) -> T:
        import asyncio

        return asyncio.run(doing)

    def now(self) -> datetime:
        from asched.engine.clock import SystemClock

        return SystemClock().now()

    def who(self) -> str:
        """Who asks, for the record. A container's user need not have a name."""
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return f"uid {os.getuid()}"

    # The ledger.

    def has_ledger(self) -> bool:
        return not self.place.in_memory and Path(self.place.ledger).exists()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Ledger]:
        """The ledger, to be read; also while a service writes it. Leaves with exit code 3 when there is none yet."""
        from asched.ledger.sqlite import SqliteLedger
        from asched.service.exitcodes import NOT_FOUND

        if self.place.in_memory:
            raise Refused('the ledger is ":memory:": it is in the service\'s memory, and nowhere to be read')
        if not self.has_ledger():
            where = self.place.ledger
            makes = "`asched serve` makes it, or `asched run JOB`"
            click.echo(f"asched: there is no ledger yet at {where}: {makes}", err=True)
            raise SystemExit(NOT_FOUND)
        ledger = SqliteLedger(self.place.ledger, readonly=True)
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

    async def check_job(self, ledger: Ledger, name: str) -> None:
        """A job that is in the ledger, or in the configuration. Raises UnknownJob."""
        if not await ledger.versions(name):
            self.job(name)

    async def run_named(self, ledger: Ledger, name: str) -> FireRecord:
        """Raises UnknownRun."""
        from asched.core.model import fire_id

        fire = fire_id(name)
        record = None if fire is None else await ledger.fire(fire)
        if record is None:
            raise UnknownRun(f'no run is called "{name}": `asched runs` shows them')
        return record

    async def run_or_latest(self, ledger: Ledger, name: str) -> FireRecord:
        """The run of that name, or the latest of the job of that name. Raises UnknownRun, UnknownJob."""
        from asched.core.model import fire_id
        from asched.core.record import FireQuery

        found = await ledger.fires(FireQuery(jobs=(name,), decisions=("start",), limit=1))
        if found:
            return found[0]
        if fire_id(name) is not None:
            return await self.run_named(ledger, name)
        await self.check_job(ledger, name)
        raise UnknownRun(f'job "{name}" has no run yet: `asched run {name}` makes one')

    # Talk.

    def talk(self, text: str) -> None:
        """Something for people that is not what was asked for."""
        if not self.quiet and not self.as_json:
            click.echo(text, err=True)

    def say_what_is_wrong(self) -> None:
        """After an answer that is about all jobs: that some are not in it. Leaves with exit code 4 when nothing at all
        can run because of that."""
        from asched.service.exitcodes import CONFIGURATION

        problems = len(self.configuration.problems)
        if problems and not self.quiet:
            many = "1 problem costs" if problems == 1 else f"{problems} problems cost"
            click.echo(f"{many} jobs: `asched check` names {'it' if problems == 1 else 'them'}", err=True)
        if problems and all(job.disabled for job in self.configuration.jobs):
            raise SystemExit(CONFIGURATION)

    def hint(self, command: str) -> None:
        """The next useful command, where somebody sits before a terminal."""
        if sys.stdout.isatty() and sys.stderr.isatty():
            self.talk(f"next: {command}")


def unknown_job(name: str, known: Iterable[str]) -> UnknownJob:
    from asched.declaration.faults import did_you_mean

    meant = did_you_mean(name, known) or "there are none; `asched check` says where one is written"
    return UnknownJob(f'no job is called "{name}": {meant}')
