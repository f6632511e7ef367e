"""The contest: each case with each contestant, in processes of their own, in turn, as often as asked."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from benchmarks.contestants import NAMES, contestant, takes_part
from benchmarks.environments import CACHE, Environment, NotInstalled, environment_for
from benchmarks.workloads import Case, Metric, workload

PATIENCE = 180  # seconds for one process


@dataclass(slots=True)
class Entry:
    """One contestant in one case. `figures` of each round; `absent` says why there are none."""

    name: str
    title: str
    note: str
    figures: list[dict[str, float]] = field(default_factory=list)
    absent: str = ""


@dataclass(slots=True)
class Result:
    workload: str
    title: str
    case: str
    metrics: Sequence[Metric]
    entries: list[Entry]


class Environments:
    """Makes each when it is first needed, and remembers which could not be had."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Environment | str] = {}

    def of(self, module: ModuleType) -> Environment | str:
        packages = module.PACKAGES
        if packages not in self._found:
            try:
                self._found[packages] = environment_for(packages)
            except (NotInstalled, OSError, subprocess.SubprocessError) as error:
                self._found[packages] = f"not installed: {error}"
        return self._found[packages]

    @property
    def versions(self) -> dict[str, dict[str, str]]:
        """What is installed where, by the packages asked for."""
        found = {" ".join(p) or "asched's own": e for p, e in self._found.items() if isinstance(e, Environment)}
        return {asked: environment.versions for asked, environment in found.items()}


def hold(names: Sequence[str], *, quick: bool, repeats: int, environments: Environments) -> Iterator[Result]:
    for name in names:
        module = workload(name)
        for case in module.cases(quick):
            result = Result(name, module.TITLE, case.name, module.METRICS, _entries(name, case))
            _hold(result, case, repeats, environments)
            yield result


def _entries(workload_name: str, case: Case) -> list[Entry]:
    found = [(name, contestant(name)) for name in NAMES]
    return [
        Entry(name, module.TITLE, module.NOTES.get(workload_name, ""))
        for name, module in found
        if takes_part(module, workload_name, case.name)
    ]


def _hold(result: Result, case: Case, repeats: int, environments: Environments) -> None:
    for round_ in range(repeats):
        turn = result.entries if round_ % 2 == 0 else result.entries[::-1]
        for entry in turn:
            if entry.absent:
                continue
            environment = environments.of(contestant(entry.name))
            if isinstance(environment, str):
                entry.absent = environment
            else:
                _run(entry, result, case, environment)


def _run(entry: Entry, result: Result, case: Case, environment: Environment) -> None:
    print(f"  {result.workload}, {result.case}: {entry.title} …", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as folder:
        command = [environment.python, "-m", "benchmarks.child"]
        command += [result.workload, entry.name, json.dumps(dict(case.parameters)), folder]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE, cwd=Path(__file__).parent.parent
            )
        except subprocess.TimeoutExpired:
            entry.absent = f"gave no answer within {PATIENCE} s"
            return
    if done.returncode:
        entry.absent = f"failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}"
    else:
        entry.figures.append(json.loads(done.stdout.splitlines()[-1]))
