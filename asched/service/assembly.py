"""All jobs of a configuration: discovered, overridden, written as tables; defined, and checked against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from asched.core.lint.remark import Remark
from asched.core.localtime.calendars import Calendar
from asched.core.model import Job
from asched.declaration.definition import Declaration, define
from asched.declaration.expecting import of_any_kind
from asched.declaration.faults import Fault, did_you_mean, shown
from asched.declaration.faults import Path as KeyPath
from asched.declaration.graph import graph_faults
from asched.declaration.options import read_options
from asched.declaration.outline import outline
from asched.declaration.problems import Finding
from asched.host.localzone import local_zone_key
from asched.service.calendartables import read_calendars
from asched.service.discovery import Found
from asched.service.findings import Findings, Origin
from asched.service.jobtables import Read, read_job_table
from asched.service.linting import fault_of
from asched.service.places import look_in
from asched.service.schema import as_table
from asched.service.secrets import Reference, Secrets, read_reference

UNNAMED = "unnamed"


class Assembly:
    """Puts together what a configuration says of jobs. What is wrong is told to `findings` while it goes."""

    def __init__(self, file: Path, findings: Findings, env: Mapping[str, str], timezone: str) -> None:
        self._folder = file.parent
        self._findings = findings
        self._env = env
        self._timezone = timezone
        self._lost = findings.lost  # names of jobs that exist and could not be loaded
        self._incomplete = False  # a place was not found: there may be jobs that nobody knows
        self._origins: dict[int, Origin] = {}  # by id of the job
        self._outlines: list[Job] = []  # of those that have faults of their own
        self._by_name: dict[str, Origin] = {}  # of those that can run
        self._overridden: dict[str, Mapping[str, Any]] = {}
        self._secrets = Secrets({})
        self.defaults: dict[str, object] = {}
        self.calendars: dict[str, Calendar] = {}
        self.pools: dict[str, int] = {}

    def warning(self, remark: Remark) -> Finding:
        """A remark on one of the jobs, where it was written."""
        origin = self._by_name[remark.job]
        fault = fault_of(remark, self._written(origin))
        return self._findings.place(fault, origin, "warning")[0]

    def _written(self, origin: Origin) -> object:
        """Its schedule, before it was read."""
        declared = origin.declared
        override = self._overridden.get(declared.name, {}) if origin.is_override else {}
        return override.get("schedule", declared.schedule)

    def jobs(self, data: Mapping[str, Any], places: Sequence[str] | None) -> tuple[Job, ...]:
        """Every job that can run. `places` None: it is not known where to look."""
        self._read_defaults(data.get("defaults", {}))
        self._read_secrets(data.get("secrets", {}))
        self._read_pools(data.get("pools", {}))
        found = self._discovered(places)
        self._read_calendars(data.get("calendars", {}))
        self._overridden = self._overrides(data.get("override", {}), found, data.get("job", []))
        jobs = [job for declared in found.declarations if (job := self._declared(declared)) is not None]
        jobs += [job for job in self._tables(data.get("job", [])) if job is not None]
        return self._consistent(jobs)

    def _read_defaults(self, table: object) -> None:
        faults: list[Fault] = []
        options = as_table(table, ("defaults",), faults)
        self._findings.wrong(faults)
        values, option_faults = read_options(options)
        self._findings.wrong(option_faults, ("defaults",))
        self.defaults = {name: options[name] for name in values}
        self._findings.defaults = self.defaults

    def _read_pools(self, table: object) -> None:
        faults: list[Fault] = []
        for name, places in as_table(table, ("pools",), faults).items():
            if isinstance(places, int) and not isinstance(places, bool) and places >= 1:
                self.pools[name] = places
            else:
                message = f"pools.{name} must be a number of places, at least 1, not {shown(places)}"
                faults.append(Fault(("pools", name), message))
                self.pools[name] = 1
        self._findings.wrong(faults)

    def _read_secrets(self, table: object) -> None:
        faults: list[Fault] = []
        references: dict[str, Reference] = {}
        for name, value in as_table(table, ("secrets",), faults).items():
            if (reference := read_reference(value, ("secrets", name), faults)) is not None:
                references[name] = reference
        self._findings.wrong(faults)
        self._secrets = Secrets(references, env=self._env, folder=self._folder)

    def _read_calendars(self, table: object) -> None:
        """After the jobs are found: their folder is where a calendar's Python may stand, too."""
        faults: list[Fault] = []
        self.calendars = read_calendars(as_table(table, ("calendars",), faults), self._folder, faults)
        self._findings.wrong(faults)

    def _discovered(self, places: Sequence[str] | None) -> Found:
        faults: list[Fault] = []
        found = look_in(places or (), self._folder, faults)
        self._findings.wrong(faults)
        self._findings.mild(found.problems)
        self._lost |= found.lost
        self._incomplete = places is None or bool(faults)
        return found

    def _overrides(self, table: object, found: Found, tables: object) -> dict[str, Mapping[str, Any]]:
        faults: list[Fault] = []
        known = {declared.name for declared in found.declarations}
        own = {job.get("name") for job in tables if isinstance(job, Mapping)} if isinstance(tables, list) else set()
        read = {}
        for name, override in as_table(table, ("override",), faults).items():
            read[name] = as_table(override, ("override", name), faults)
            if not isinstance(override, Mapping):
                continue
            if name in own:
                message = f'job "{name}" stands in this file: it needs no override'
                faults.append(Fault(("override", name), message, "change its [[job]]", of_key=True))
            elif name not in known | self._lost and not self._incomplete:
                message = f'override of an unknown job "{name}"'
                faults.append(Fault(("override", name), message, did_you_mean(name, known | self._lost), of_key=True))
        self._findings.wrong(faults)
        return read

    def _declared(self, declared: Declaration) -> Job | None:
        """A @job function: what is wrong in its override is config.toml's, the rest its own file's."""
        override = self._overridden.get(declared.name, {})
        origin = Origin(declared, ("override", declared.name) if override else (), is_override=bool(override))
        job = self._define(declared, override)
        if isinstance(job, Job):
            self._origins[id(job)] = origin
            return job
        self._findings.of_job(origin, job)
        self._outline(origin, override)
        return None

    def _outline(self, origin: Origin, override: Mapping[str, object], source: str = "") -> None:
        one = outline(origin.declared, self.defaults, override, source)
        self._outlines.append(one)
        self._origins[id(one)] = origin

    def _define(self, declared: Declaration, override: Mapping[str, object]) -> Job | list[Fault]:
        return define(
            declared,
            defaults=self.defaults,
            overrides=override,
            timezone=self._timezone,
            secrets=self._secrets,
            local_zone=local_zone_key,
            calendars=self.calendars,
        )

    def calendar_ends(self) -> tuple[tuple[date, Finding], ...]:
        """The last day that each calendar knows of, and what there is to say when it is near."""
        return tuple(
            (calendar.until, self._findings.warning("calendars", _ends(name, calendar)))
            for name, calendar in self.calendars.items()
            if calendar.until is not None
        )

    def unused_pools(self, jobs: Iterable[Job]) -> tuple[Finding, ...]:
        """Unless a job could not be loaded, which might have taken its places there."""
        used = {name for job in jobs for name in job.policies.pool}
        unused = [] if self._findings.mildly else [name for name in self.pools if name not in used]
        return tuple(self._findings.warning("pools", _unused(name)) for name in unused)

    def _tables(self, tables: object) -> Iterable[Job | None]:
        if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
            self._findings.wrong([Fault(("job",), "jobs are a list of tables", "write [[job]]", of_key=True)])
            return
        for place, table in enumerate(tables):
            yield self._table(("job", place), read_job_table(table, self._secrets))

    def _table(self, path: KeyPath, read: Read) -> Job | None:
        declared = Declaration(read.name or UNNAMED, read.schedule, read.options, read.does)
        origin = Origin(declared, path)
        self._findings.of_table(origin, read.name, read.faults, read.mild)
        if read.does is None:  # still look at its options and schedule, with something harmless in its place
            harmless = {**read.options, "args": {}, "expect": of_any_kind(read.options.get("expect", {}))}
            declared = replace(declared, function=_nothing, options=harmless)
        job = self._define(declared, {})
        if isinstance(job, list):
            self._findings.of_job(origin, job)
        if isinstance(job, list) or read.faults or read.mild:
            self._outline(origin, {}, self._findings.locator.source(path))
            return None
        reasons = "; ".join([*read.reasons, *filter(None, [job.disabled])])
        job = replace(
            job, source=self._findings.locator.source(path), disabled=job.disabled if not read.reasons else reasons
        )
        self._origins[id(job)] = origin
        return job

    def _consistent(self, jobs: list[Job]) -> tuple[Job, ...]:
        """Without the jobs that cannot be, and in turn without those that come after them."""
        self._compare_outlines(jobs)
        while problems := graph_faults(jobs, broken=self._lost, pools=self.pools):
            bad = set()
            for job, fault in problems:
                bad.add(id(job))
                others = {"after": job.after, "needs": [need.job for need in job.needs]}.get(str(fault.path[0]), ())
                waits_for_lost = any(name in self._lost for name in others)
                waits_for_unknown = bool(others) and len(fault.path) > 1 and not waits_for_lost
                if not (waits_for_unknown and self._incomplete):
                    self._findings.of_job(self._origins[id(job)], [fault], mild=waits_for_lost)
            jobs = [job for job in jobs if id(job) not in bad]
        self._by_name = {job.name: self._origins[id(job)] for job in jobs}
        return tuple(jobs)

    def _compare_outlines(self, jobs: list[Job]) -> None:
        """What is wrong between jobs of which one has faults of its own: these hide nothing of it. Such jobs stand
        first, so that a circle through one is found at it, and a doubled name at the other."""
        named = [one for one in self._outlines if one.name != UNNAMED]
        names = {one.name for one in named}
        for job, fault in graph_faults([*named, *jobs], silent=self._lost, pools=self.pools):
            doubled = fault.path == ("name",) and job.name in names
            knows_nobody = len(fault.path) > 1 and self._incomplete
            if (doubled or any(job is one for one in named)) and not knows_nobody:
                self._findings.of_job(self._origins[id(job)], [fault])


def _unused(pool: str) -> Fault:
    help = f'a job takes a place in it with pool = "{pool}"; or take it out'
    return Fault((pool,), f'no job takes a place in pool "{pool}"', help, of_key=True)


def _ends(name: str, calendar: Calendar) -> Fault:
    help = "what is due after it is not left out any more: give it later days"
    return Fault((name,), f'calendar "{name}" knows no day after {calendar.until}', help)


async def _nothing(**_: object) -> None:
    """Stands in for what could not be read."""
