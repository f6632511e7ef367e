"""The jobs that a scheduler has, as they are defined: from its sources, added to it, or given instead of both."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from asched.core.action import Action
from asched.core.limits import Limits
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.zones import zone
from asched.core.model import Job
from asched.declaration.alike import Alike, kind_of
from asched.declaration.checks import check_definitions, check_graph
from asched.declaration.definition import Declaration, declared_problems, default_name, define
from asched.declaration.sources import declarations_of
from asched.engine.clock import Breath
from asched.errors import ConfigurationError, Refused, UnknownJob
from asched.host.localzone import local_zone_key

_TWICE = 'two jobs are called "{}": give one another name'


class Definitions:
    """By name. What is wrong with a job, or with all of them together, is a ConfigurationError."""

    def __init__(self, timezone: str, defaults: Mapping[str, object], calendars: Mapping[str, Calendar]) -> None:
        self.only_these = False  # what else the ledger knows is gone for good
        self.changes = 0  # how often there were other jobs than before
        self._timezone = timezone
        self._defaults = dict(defaults)
        self._asks = "local" in (timezone, defaults.get("tz"))  # the machine for its zone, for each job anew
        self._alike = Alike()
        self._calendars = {name: replace(calendar, name=name) for name, calendar in calendars.items()}
        self._jobs: dict[str, Job] = {}
        self._sourced: set[str] = set()  # of these: by the sources, and by what came instead of them
        self._whole = False  # the sources are read, and all of it goes together

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, name: object) -> bool:
        return name in self._jobs

    def __getitem__(self, name: str) -> Job:
        """Raises UnknownJob."""
        found = self._jobs.get(name)
        if found is None:
            raise UnknownJob(f'no job is called "{name}"')
        return found

    @property
    def home(self) -> ZoneInfo:
        """The zone of jobs that have none of their own."""
        return zone(local_zone_key() if self._timezone == "local" else self._timezone)

    def define(self, declared: Declaration) -> Job:
        """What was read of one of its kind is not read again; but where the machine is asked for its zone."""
        asked = self._asks or declared.file
        kind = None if asked else kind_of(declared.function, declared.schedule, declared.options)
        made = self._alike.made(kind, declared.name, declared.options)
        if made is None:
            made = self._read(declared)
            self._alike.learn(kind, made)
        return made

    def _read(self, declared: Declaration) -> Job:
        defined = define(
            declared,
            defaults=self._defaults,
            timezone=self._timezone,
            secrets=os.environ.get,
            local_zone=local_zone_key,
            calendars=self._calendars,
        )
        if isinstance(defined, Job):
            return defined
        raise ConfigurationError(declared_problems(declared, defined))

    def free_name(self, function: Callable[..., Any] | Action) -> str:
        """After the function, with a number, for there may be many of it."""
        base = default_name(function)
        return next(f"{base}-{n}" for n in count(len(self._jobs) + 1) if f"{base}-{n}" not in self._jobs)

    async def read(self, sources: Sequence[str | ModuleType], limits: Limits) -> None:
        """What the sources declare joins what was added; then all of it is checked together. The loop goes on
        meanwhile."""
        breath = Breath()
        for declared in declarations_of(sources):
            defined = self.define(declared)
            if (there := self._jobs.setdefault(defined.name, defined)) is defined:
                self._sourced.add(defined.name)
            elif there.action != defined.action:
                raise ConfigurationError(_TWICE.format(defined.name))
            await breath.take()
        for one in self:
            if one.name in self._sourced:  # what was added was checked then
                check_definitions([one])
                await breath.take()
        check_graph(self._jobs.values(), limits)
        self._whole = True

    def add(self, jobs: Sequence[Job], limits: Limits) -> None:
        """Once the sources are read, they must go together with all that are there, under these limits."""
        self._refuse_doubles(jobs, self._jobs)
        if self._whole and any(one.after or one.needs or one.policies.pool for one in jobs):
            check_graph([*self._jobs.values(), *jobs], limits)
        check_definitions(jobs)
        self.changes += 1
        for one in jobs:  # in place: copying all would be quadratic
            self._jobs[one.name] = one

    def replace(self, jobs: Iterable[Job]) -> None:
        """Exactly these."""
        self._jobs = {one.name: one for one in jobs}
        self._alike = Alike()  # which would keep what the others hold
        self._sourced = set(self._jobs)
        self.only_these, self._whole = True, False

    def instead(self, jobs: Sequence[Job], limits: Limits) -> Mapping[str, Job]:
        """What there would be with these instead of all that was not added."""
        added = self._beside()
        self._refuse_doubles(jobs, added)
        check_graph([*jobs, *added.values()], limits)
        check_definitions(jobs)
        return {one.name: one for one in jobs} | added

    def take_over(self, jobs: Sequence[Job]) -> None:
        """It has come to that; beside what was added meanwhile, too."""
        self.changes += 1
        self._alike = Alike()
        beside, self._sourced = self._beside(), {one.name for one in jobs}
        self._jobs = {one.name: one for one in jobs} | beside

    def _beside(self) -> dict[str, Job]:
        return {name: job for name, job in self._jobs.items() if name not in self._sourced}

    def discard(self, name: str) -> None:
        """Raises UnknownJob; Refused while others come after it: they would wait for ever."""
        self[name]
        followers = sorted(one.name for one in self._jobs.values() if one.name != name and _depends(one, name))
        if followers:
            said = ", ".join(f'"{one}"' for one in followers)
            raise Refused(f'job "{name}" cannot be discarded: {said} would wait for it for ever; discard them first')
        self.changes += 1
        self._alike = Alike()
        del self._jobs[name]
        self._sourced.discard(name)

    def _refuse_doubles(self, jobs: Sequence[Job], taken: Container[str]) -> None:
        for one in jobs:
            if one.name in taken:
                raise ConfigurationError(_TWICE.format(one.name))


def _depends(job: Job, other: str) -> bool:
    return other in job.after or any(need.job == other for need in job.needs)
