"""What is found wrong while a configuration is put together, each at the place where it can be mended.

What is `wrong` refuses the configuration; what is `mild` costs single jobs.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from asched.core.dataclass import dataclass
from asched.declaration.definition import Declaration
from asched.declaration.faults import Fault
from asched.declaration.faults import Path as KeyPath
from asched.declaration.problems import Finding, job_problem
from asched.errors import ConfigurationError
from asched.service.locating import Locator


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a job stands: its declaration, and the table in config.toml that is its own or overrides it."""

    declared: Declaration
    table: KeyPath = ()
    is_override: bool = False


class Findings:
    def __init__(self, locator: Locator) -> None:
        self.locator = locator
        self.defaults: Container[object] = ()  # the options that [defaults] gives
        self.lost: set[str] = set()  # names of jobs that exist and could not be loaded
        self._wrong: list[Finding] = []
        self._mild: list[Finding] = []

    def wrong(self, faults: Iterable[Fault], above: KeyPath = ()) -> None:
        self._wrong += [self.locator.finding(fault, above) for fault in faults]

    def wrong_outside(self, faults: Iterable[Fault]) -> None:
        """Of environment variables, which have no place in the file."""
        self._wrong += [Finding(fault.message, str(fault.path[0]), help=fault.help) for fault in faults]

    def mild(self, findings: Iterable[Finding]) -> None:
        self._mild += findings

    def of_job(self, origin: Origin, faults: Iterable[Fault], *, mild: bool = False) -> None:
        """Each where it can be mended: in the job's table, in [defaults], or in its Python file."""
        self.lost.add(origin.declared.name)
        for fault in faults:
            finding, in_configuration = self.place(fault, origin)
            (self._wrong if in_configuration and not mild else self._mild).append(finding)

    def of_table(self, origin: Origin, name: str, wrong: Iterable[Fault], mild: Iterable[Fault]) -> None:
        """Of a [[job]]'s own table. `name` as it stands there, or ""."""
        for faults, findings in ((wrong, self._wrong), (mild, self._mild)):
            found = [self.locator.finding(fault, origin.table, job=name) for fault in faults]
            findings += found
            if found:
                self.lost.add(origin.declared.name)

    def warning(self, section: str, fault: Fault) -> Finding:
        return self.locator.finding(fault, (section,), severity="warning")

    def place(self, fault: Fault, origin: Origin, severity: str = "error") -> tuple[Finding, bool]:
        """The fault where it can be mended, and whether that is in config.toml."""
        declared, above = origin.declared, self._layer_of(fault, origin)
        if above is None:
            return job_problem(declared.name, fault, declared.file, declared.line, severity), False
        return self.locator.finding(fault, above, job=declared.name, severity=severity), True

    def _layer_of(self, fault: Fault, origin: Origin) -> KeyPath | None:
        head = fault.path[0] if fault.path else ""
        if origin.table and (not origin.is_override or (*origin.table, head) in self.locator.positions):
            in_own = (*origin.table, head) in self.locator.positions
            return ("defaults",) if not in_own and head in self.defaults else origin.table
        return ("defaults",) if head in self.defaults and head not in origin.declared.options else None

    def refuse_if_wrong(self) -> None:
        """Raises ConfigurationError, with all that was found."""
        if self._wrong:
            raise ConfigurationError(self._in_order([*self._wrong, *self._mild]))

    @property
    def mildly(self) -> tuple[Finding, ...]:
        return tuple(self._in_order(self._mild))

    def _in_order(self, findings: list[Finding]) -> list[Finding]:
        own = self.locator.file
        return sorted(findings, key=lambda each: (each.path != own, each.path, each.line, each.point or each.column))
