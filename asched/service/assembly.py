"""All jobs of a configuration: discovered, overridden, written as tables; defined, and checked against each other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from asched.declaration.problems import Finding, job_problem
from asched.errors import ConfigurationError
from asched.host.localzone import local_zone_key
from asched.host.permissions import remedy, writable_by_others
from asched.service.calendartables import read_calendars
from asched.service.discovery import Found, discover_file, discover_folder, discover_module
from asched.service.jobtables import Read, read_job_table
from asched.service.linting import fault_of
from asched.service.locating import Locator
from asched.service.schema import as_table
from asched.service.secrets import Reference, Secrets, read_reference

UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a job stands: its declaration, and the table in config.toml that is its own or overrides it."""

    declared: Declaration
    table: KeyPath = ()
    is_override: bool = False


class Assembly:
    """Collects what is wrong while it goes: `_wrong` refuses the configuration, `_mild` costs single jobs."""

    def __init__(self, file: Path, locator: Locator, env: Mapping[str, str], timezone: str) -> None:
        self._file = file
        self._locator = locator
        self._env = env
        self._timezone = timezone
        self._wrong: list[Finding] = []
        self._mild: list[Finding] = []
        self._lost: set[str] = set()  # names of jobs that exist and could not be loaded
        self._incomplete = False  # a place was not found: there may be jobs that nobody knows
        self._origins: dict[int, Origin] = {}  # by id of the job
        self._outlines: list[Job] = []  # of those that have faults of their own
        self._by_name: dict[str, Origin] = {}  # of those that can run
        self._overridden: dict[str, Mapping[str, Any]] = {}
        self._secrets = Secrets({})
        self.defaults: dict[str, object] = {}
        self.calendars: dict[str, Calendar] = {}
        self.pools: dict[str, int] = {}

    def found_wrong(self, faults: Iterable[Fault], above: KeyPath = (), *, job: str = "") -> None:
        self._wrong += [self._locator.finding(fault, above, job=job) for fault in faults]

    def found_wrong_outside(self, faults: Iterable[Fault]) -> None:
        """Of environment variables, which have no place in the file."""
        self._wrong += [Finding(fault.message, str(fault.path[0]), help=fault.help) for fault in faults]

    def refuse_if_wrong(self) -> None:
        if self._wrong:
            raise ConfigurationError(self._in_order([*self._wrong, *self._mild]))

    def mild_problems(self) -> tuple[Finding, ...]:
        return tuple(self._in_order(self._mild))

    def warning(self, remark: Remark) -> Finding:
        """A remark on one of the jobs, where it was written."""
        origin = self._by_name[remark.job]
        fault = fault_of(remark, self._written(origin))
        return self._finding(fault, origin, "warning")[0]

    def _written(self, origin: Origin) -> object:
        """Its schedule, before it was read."""
        declared = origin.declared
        override = self._overridden.get(declared.name, {}) if origin.is_override else {}
        return override.get("schedule", declared.schedule)

    def _in_order(self, findings: list[Finding]) -> list[Finding]:
        own = self._locator.file
        return sorted(findings, key=lambda each: (each.path != own, each.path, each.line, each.point or each.column))

    def jobs(self, data: Mapping[str, Any], places: Sequence[str] | None) -> tuple[Job, ...]:
        """Every job that can run. `places` None: it is not known where to look."""
        self._read_defaults(data.get("defaults", {}))
        self._read_secrets(data.get("secrets", {}))
        self._read_pools(data.get("pools", {}))
        self._incomplete = places is None
        found = self._discovered(places or ())
        self._read_calendars(data.get("calendars", {}))
        self._overridden = self._overrides(data.get("override", {}), found, data.get("job", []))
        jobs = [job for declared in found.declarations if (job := self._declared(declared)) is not None]
        jobs += [job for job in self._tables(data.get("job", [])) if job is not None]
        return self._consistent(jobs)

    def _read_defaults(self, table: object) -> None:
        faults: list[Fault] = []
        options = as_table(table, ("defaults",), faults)
        self.found_wrong(faults)
        values, option_faults = read_options(options)
        self.found_wrong(option_faults, ("defaults",))
        self.defaults = {name: options[name] for name in values}

    def _read_pools(self, table: object) -> None:
        faults: list[Fault] = []
        for name, places in as_table(table, ("pools",), faults).items():
            if isinstance(places, int) and not isinstance(places, bool) and places >= 1:
                self.pools[name] = places
            else:
                message = f"pools.{name} must be a number of places, at least 1, not {shown(places)}"
                faults.append(Fault(("pools", name), message))
                self.pools[name] = 1
        self.found_wrong(faults)

    def _read_secrets(self, table: object) -> None:
        faults: list[Fault] = []
        references: dict[str, Reference] = {}
        for name, value in as_table(table, ("secrets",), faults).items():
            if (reference := read_reference(value, ("secrets", name), faults)) is not None:
                references[name] = reference
        self.found_wrong(faults)
        self._secrets = Secrets(references, env=self._env, folder=self._file.parent)

    def _read_calendars(self, table: object) -> None:
        """After the jobs are found: their folder is where a calendar's Python may stand, too."""
        faults: list[Fault] = []
        self.calendars = read_calendars(as_table(table, ("calendars",), faults), self._file.parent, faults)
        self.found_wrong(faults)

    def _discovered(self, places: Sequence[str]) -> Found:
        folder = str(self._file.parent.resolve())
        if folder not in sys.path:
            sys.path.append(folder)  # so that "myapp.jobs" is found beside the configuration
        found = Found()
        for place, name in enumerate(places):
            found |= self._discovered_in(name, ("service", "jobs", place))
        self._mild += found.problems
        self._lost |= found.lost
        return found

    def _discovered_in(self, name: str, path: KeyPath) -> Found:
        at = self._file.parent / Path(name).expanduser()
        if at.is_dir():
            if writable_by_others(at):
                return self._not_found(Fault(path, f"the folder {at} is writable by others", remedy(at)))
            return discover_folder(at)
        if at.is_file():
            return discover_file(at)
        try:
            if all(part.isidentifier() for part in name.split(".")):
                return discover_module(name)
        except ModuleNotFoundError:
            pass
        help = "paths are relative to the configuration's folder; modules must be installed, or stand beside it"
        return self._not_found(Fault(path, f'there is no folder, Python file or module "{name}"', help))

    def _not_found(self, fault: Fault) -> Found:
        self._incomplete = True
        self.found_wrong([fault])
        return Found()

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
        self.found_wrong(faults)
        return read

    def _declared(self, declared: Declaration) -> Job | None:
        """A @job function: what is wrong in its override is config.toml's, the rest its own file's."""
        override = self._overridden.get(declared.name, {})
        origin = Origin(declared, ("override", declared.name) if override else (), is_override=bool(override))
        job = self._define(declared, override)
        if isinstance(job, Job):
            self._origins[id(job)] = origin
            return job
        self._report(origin, job)
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

    def _report(self, origin: Origin, faults: Iterable[Fault], *, mild: bool = False) -> None:
        """Each fault where it can be mended: in the job's table, in [defaults], or in its Python file."""
        self._lost.add(origin.declared.name)
        for fault in faults:
            finding, in_configuration = self._finding(fault, origin)
            (self._wrong if in_configuration and not mild else self._mild).append(finding)

    def calendar_ends(self) -> tuple[tuple[date, Finding], ...]:
        """The last day that each calendar knows of, and what there is to say when it is near."""
        help = "what is due after it is not left out any more: give it later days"
        return tuple(
            (
                calendar.until,
                self._locator.finding(
                    Fault((name,), f'calendar "{name}" knows no day after {calendar.until}', help),
                    ("calendars",),
                    severity="warning",
                ),
            )
            for name, calendar in self.calendars.items()
            if calendar.until is not None
        )

    def unused_pools(self, jobs: Iterable[Job]) -> tuple[Finding, ...]:
        """Unless a job could not be loaded, which might have taken its places there."""
        used = {name for job in jobs for name in job.policies.pool}
        help = 'a job takes a place in it with pool = "{}"; or take it out'
        return tuple(
            self._locator.finding(
                Fault((name,), f'no job takes a place in pool "{name}"', help.format(name), of_key=True),
                ("pools",),
                severity="warning",
            )
            for name in self.pools
            if name not in used and not self._mild
        )

    def _finding(self, fault: Fault, origin: Origin, severity: str = "error") -> tuple[Finding, bool]:
        """The fault where it can be mended, and whether that is in config.toml."""
        declared, above = origin.declared, self._layer_of(fault, origin)
        if above is None:
            return job_problem(declared.name, fault, declared.file, declared.line, severity), False
        return self._locator.finding(fault, above, job=declared.name, severity=severity), True

    def _layer_of(self, fault: Fault, origin: Origin) -> KeyPath | None:
        head = fault.path[0] if fault.path else ""
        if origin.table and (not origin.is_override or (*origin.table, head) in self._locator.positions):
            in_own = (*origin.table, head) in self._locator.positions
            return ("defaults",) if not in_own and head in self.defaults else origin.table
        return ("defaults",) if head in self.defaults and head not in origin.declared.options else None

    def _tables(self, tables: object) -> Iterable[Job | None]:
        if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
            self.found_wrong([Fault(("job",), "jobs are a list of tables", "write [[job]]", of_key=True)])
            return
        for place, table in enumerate(tables):
            yield self._table(("job", place), read_job_table(table, self._secrets))

    def _table(self, path: KeyPath, read: Read) -> Job | None:
        declared = Declaration(read.name or UNNAMED, read.schedule, read.options, read.does)
        origin = Origin(declared, path)
        self._report_table(origin, read)
        if read.does is None:  # still look at its options and schedule, with something harmless in its place
            harmless = {**read.options, "args": {}, "expect": of_any_kind(read.options.get("expect", {}))}
            declared = replace(declared, function=_nothing, options=harmless)
        job = self._define(declared, {})
        if isinstance(job, list):
            self._report(origin, job)
        if isinstance(job, list) or read.faults or read.mild:
            self._outline(origin, {}, self._locator.source(path))
            return None
        reasons = "; ".join([*read.reasons, *filter(None, [job.disabled])])
        job = replace(job, source=self._locator.source(path), disabled=job.disabled if not read.reasons else reasons)
        self._origins[id(job)] = origin
        return job

    def _report_table(self, origin: Origin, read: Read) -> None:
        for faults, findings in ((read.faults, self._wrong), (read.mild, self._mild)):
            findings += [self._locator.finding(fault, origin.table, job=read.name) for fault in faults]
        if read.faults or read.mild:
            self._lost.add(origin.declared.name)

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
                    self._report(self._origins[id(job)], [fault], mild=waits_for_lost)
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
                self._report(self._origins[id(job)], [fault])


async def _nothing(**_: object) -> None:
    """Stands in for what could not be read."""
