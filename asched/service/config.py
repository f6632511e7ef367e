"""The configuration: config.toml, or one Python file, with everything in it checked before anything runs.

What is wrong in config.toml itself refuses the whole; what is wrong in a file of jobs costs that file's jobs only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from asched.core.dataclass import dataclass
from asched.core.limits import Limits
from asched.core.lint.jobs import lint
from asched.core.lint.remark import Remark
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.zones import zone
from asched.core.model import Job
from asched.declaration.faults import Fault, shown
from asched.declaration.problems import Finding, format_problems, shown_path
from asched.declaration.recoveryoptions import read_recovery
from asched.errors import ConfigurationError, Problem, ScheduleError
from asched.host.localzone import local_zone_key
from asched.host.statedir import find_state_dir
from asched.service.assembly import Assembly
from asched.service.configfile import read_file, read_text
from asched.service.findings import Findings
from asched.service.layers import layered, leaves
from asched.service.locating import Locator
from asched.service.readfrom import read_from
from asched.service.schema import SECTIONS, Log, Service, as_table, read_table, unknown_section
from asched.service.toml_positions import Positions

__all__ = ["Configuration", "Log", "format_problems", "load", "load_file"]

MEMORY = ":memory:"
_SOON = timedelta(days=180)  # from now: a calendar that ends by then is warned of


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a service needs to know. `problems` cost single jobs: the others are in `jobs`.

    `ledger` is an absolute path or ":memory:". `origins` says of every setting, by its dotted name, what set it:
    "flag", "environment NAME", "config.toml:4" or "default".
    """

    path: Path
    timezone: str
    ledger: str
    state_dir: Path
    drain: timedelta
    retention_days: int
    runs_per_job: int
    limits: Limits
    watch: bool
    failures_kept: timedelta | None
    log: Log
    defaults: Mapping[str, object] = field(hash=False)
    calendars: Mapping[str, Calendar] = field(hash=False)
    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    origins: Mapping[str, str] = field(hash=False)
    placed: Callable[[Remark], Finding] = field(repr=False, compare=False)
    calendar_ends: tuple[tuple[date, Finding], ...] = ()  # the last day that a calendar knows of, and what to say then
    unused: tuple[Finding, ...] = ()  # pools in which no job takes a place
    read_from: tuple[str, ...] = ()  # the files, and patterns of names in folders, from which all of this comes
    means_no_jobs: bool = False  # it says `jobs = []`, and has no [[job]]

    def warnings(self, now: datetime) -> tuple[Finding, ...]:
        """What is odd, seen from `now`: that there are no jobs; what each job has, where it was written, in the order
        of the jobs; then the pools that nobody uses, and the calendars that end soon."""
        odd = (self.placed(remark) for remark in lint(self.jobs, now))
        return (*self.idle(), *odd, *self.unused, *self.ending(now))

    def ending(self, now: datetime) -> tuple[Finding, ...]:
        """The calendars that know no day beyond the next half year."""
        return tuple(finding for day, finding in self.calendar_ends if day < (now + _SOON).date())

    def idle(self) -> tuple[Finding, ...]:
        """That it has no job, neither a good one nor a bad one."""
        if self.jobs or self.problems:
            return ()
        file = shown_path(self.path)
        help = f"write a @job function into {shown_path(self.path.parent / 'jobs')}, or a [[job]] into {file}"
        return (Finding("there is no job: nothing will ever run", file, help=help, severity="warning"),)


def load(
    path: str | Path, *, env: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Configuration:
    """Read config.toml. `overrides` are the flags: dotted names, such as "service.ledger", to values.

    Raises ConfigurationError with all that is wrong with the configuration, and with its jobs.
    """
    file = Path(path)
    data, positions = read_file(file)
    return _configured(file, data, positions, env, overrides)


def load_file(
    path: str | Path, *, env: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Configuration:
    """Serve one Python file: its @job functions under the default settings, with a ledger of its own beside it.

    Raises ConfigurationError when no job of it can run.
    """
    file = Path(path)
    read_text(file)
    data = {"service": {"jobs": [file.name], "ledger": f"state/{file.stem}.db"}}
    configuration = _configured(file, data, Positions(""), env, overrides)
    if not configuration.jobs:
        nothing = Finding("no @job functions in it", shown_path(file), help='decorate one: @job("every 10s")')
        raise ConfigurationError(configuration.problems or [nothing])
    return configuration


def _configured(
    file: Path,
    data: Mapping[str, Any],
    positions: Positions,
    env: Mapping[str, str] | None,
    flags: Mapping[str, object] | None,
) -> Configuration:
    env = os.environ if env is None else env
    layers = layered(data, env=env, flags=flags or {})
    locator = Locator(shown_path(file), positions, layers)
    faults: list[Fault] = [unknown_section(name) for name in layers.data if name not in SECTIONS]
    settings, wrong = _settings(layers.data.get("service", {}), faults)
    timezone = _timezone(settings.timezone, faults)
    ledger = _ledger(settings.ledger, file, faults)
    recovery = read_recovery(settings.recovery, ("service", "recovery"), faults)
    findings = Findings(locator)
    findings.wrong(faults)
    findings.wrong_outside(layers.faults)
    assembly = Assembly(file, findings, env, timezone)
    jobs = assembly.jobs(layers.data, None if "jobs" in wrong else _places(settings, file))
    findings.refuse_if_wrong()
    set_dir = _beside(file, settings.state_dir) if settings.state_dir else None
    giver = layers.giver(("service", "state_dir"))
    state_dir, named_by = find_state_dir(set_dir if giver else None, configured=set_dir, env=env)
    return Configuration(
        path=Path(os.path.abspath(file)),
        timezone=timezone,
        ledger=ledger,
        state_dir=state_dir,
        drain=settings.drain,
        retention_days=settings.retention.days,
        runs_per_job=settings.retention.runs_per_job,
        limits=Limits(settings.max_running, assembly.pools, recovery),
        watch=settings.watch,
        failures_kept=settings.retention.failures,
        log=settings.log,
        defaults=assembly.defaults,
        calendars=assembly.calendars,
        jobs=jobs,
        problems=findings.mildly,
        origins=_origins(data, settings, locator, giver or named_by),
        placed=assembly.warning,
        calendar_ends=assembly.calendar_ends(),
        unused=assembly.unused_pools(jobs),
        read_from=read_from(file, _places(settings, file), layers.data.get("calendars", {})),
        means_no_jobs=not settings.jobs and not layers.data.get("job"),
    )


def _settings(given: object, faults: list[Fault]) -> tuple[Service, frozenset[object]]:
    """What [service] says, and which keys of it are wrong: those have their defaults, for one fault must neither hide
    others nor look like them."""
    found: list[Fault] = []
    table = as_table(given, ("service",), found)
    settings = read_table(Service, table, ("service",), found)
    faults += found
    wrong = frozenset(key for fault in found for key in fault.path[1:2] or Service.model_fields)
    if settings is None:
        settings = Service.model_validate({key: value for key, value in table.items() if key not in wrong})
    return settings, wrong


def _places(settings: Service, file: Path) -> list[str]:
    """Where jobs are looked for. Who names no place need not have the folder."""
    named = "jobs" in settings.model_fields_set
    return [place for place in settings.jobs if named or (file.parent / place).is_dir()]


def _timezone(key: str, faults: list[Fault]) -> str:
    """The IANA key; "local" is what this machine has, asked once."""
    try:
        return zone(local_zone_key() if key == "local" else key).key
    except ScheduleError as error:
        faults.append(Fault(("service", "timezone"), error.message, error.help))
        return "UTC"


def _ledger(ledger: str, file: Path, faults: list[Fault]) -> str:
    if ledger == MEMORY:
        return ledger
    if "://" in ledger:
        scheme = ledger.partition("://")[0]
        help = 'name a file, as in "state/asched.db"'
        faults.append(Fault(("service", "ledger"), f"{scheme} ledgers are not in this version yet", help, of_key=True))
    elif not ledger.strip() or ledger.endswith("/"):
        faults.append(Fault(("service", "ledger"), f"{shown(ledger)} is no file", 'as in "state/asched.db"'))
    return _beside(file, ledger)


def _beside(file: Path, path: str) -> str:
    """Relative to the folder of the configuration, not to where the command was typed."""
    return os.path.abspath(file.parent / Path(path).expanduser())


def _origins(data: Mapping[str, Any], settings: Service, locator: Locator, state_dir: str) -> dict[str, str]:
    """The settings under [service], and those of [defaults] that are set at all."""
    given = {**locator.layers.data, "service": settings.model_dump()}
    origins = {}
    for path in [*leaves(given["service"], ("service",)), *leaves(given.get("defaults", {}), ("defaults",))]:
        name = ".".join(map(str, path))
        if giver := locator.layers.giver(path):
            origins[name] = giver
        else:
            origins[name] = locator.source(path) if path in locator.positions else "default"
    if state_dir not in ("default", "file"):
        origins["service.state_dir"] = state_dir
    return origins
