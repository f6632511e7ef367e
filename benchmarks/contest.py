"""The contest: each case with each contestant, in processes of their own, in turn, as often as asked."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from benchmarks.contestants import NAMES, contestant, takes_part, too_slow
from benchmarks.environments import CACHE, Environment, NotInstalled, environment_for
from benchmarks.workloads import Case, Metric, workload

LEFT_OUT = "left out of --quick"


@dataclass(slots=True)
class Entry:
    """One contestant in one case. `figures` of each round; `absent` says why there are none."""

    name: str
    title: str
    note: str
    figures: list[dict[str, float]] = field(default_factory=list)
    absent: str = ""

    def found(self, key: str) -> list[float]:
        """Of each round that gave that figure: of runs that never started there is no lateness."""
        return [one[key] for one in self.figures if not math.isnan(one.get(key, math.nan))]


def is_ours(entry: Entry) -> bool:
    return entry.name.startswith("asched")


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
            result = Result(name, module.TITLE, case.name, module.METRICS, _entries(name, case, quick))
            _hold(result, case, repeats, environments)
            yield result


def _entries(workload_name: str, case: Case, quick: bool) -> list[Entry]:
    found = [(name, contestant(name)) for name in NAMES]
    return [
        Entry(
            name,
            module.TITLE,
            module.NOTES.get(workload_name, ""),
            absent=LEFT_OUT if quick and too_slow(module, workload_name) else "",
        )
        for name, module in found
        if takes_part(module, workload_name, case.name)
    ]


def _hold(result: Result, case: Case, repeats: int, environments: Environments) -> None:
    for round_ in range(min(repeats, case.rounds)):
        turn = result.entries if round_ % 2 == 0 else result.entries[::-1]
        for entry in turn:
            if not entry.absent:
                _take_turn(entry, result, case, environments)


def _take_turn(entry: Entry, result: Result, case: Case, environments: Environments) -> None:
    environment = environments.of(contestant(entry.name))
    if isinstance(environment, str):
        entry.absent = environment
        return
    print(f"  {result.workload}, {result.case}: {entry.title} …", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-", ignore_cleanup_errors=True) as folder:
        command = [environment.python, "-m", "benchmarks.child"]
        command += [result.workload, entry.name, json.dumps(dict(case.parameters)), folder]
        answer = _answer(command, case.patience)
    if isinstance(answer, str):
        entry.absent = answer
    else:
        entry.figures.append(answer)


def _answer(command: Sequence[str], patience: float) -> dict[str, float] | str:
    """Its figures, or why there are none."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        env=surroundings(os.environ),
        start_new_session=True,
    )
    try:
        out, said = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        return f"gave no answer within {patience:.0f} s"
    finally:
        _end(process)
    return read_answer(process.returncode, out, said)


def surroundings(mine: Mapping[str, str]) -> dict[str, str]:
    """For a child: byte code is kept, as where things are installed, but not among the project's files."""
    kept = {key: value for key, value in mine.items() if not key.startswith("PYTHON")}
    return {**kept, "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}


def _end(process: subprocess.Popen[str]) -> None:
    """It, and whatever it started and left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def read_answer(code: int, out: str, said: str) -> dict[str, float] | str:
    """What a child's last line on stdout comes to, or why there is none."""
    if code:
        return f"failed: {(said.strip().splitlines() or ['without a word'])[-1]}"
    try:
        answer = json.loads(out.splitlines()[-1])
    except (IndexError, ValueError):
        return "failed: it ended well, and gave no figures"
    absent: str | None = answer.get("absent")
    return absent or answer
