"""recorded.toml: what is tolerated, and below the mark what was counted. Only that is ever written by a program."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from comparison import Counts, Tolerance
from workloads import WORKLOADS

FILE = Path(__file__).with_name("recorded.toml")
MARK = "# Below: written by `python tests/counts/record.py`.\n"
LEDGERS = ("memory", "sqlite")
CASES = [(workload, ledger) for workload in WORKLOADS for ledger in LEDGERS]


@dataclass(frozen=True)
class Recorded:
    pythons: tuple[str, ...]
    tolerances: Mapping[str, Tolerance]
    counts: Mapping[tuple[str, str], Counts]  # by workload and ledger


def read() -> Recorded:
    told = tomllib.loads(FILE.read_text("utf-8"))
    tolerances = {kind: Tolerance(**given) for kind, given in told["tolerance"].items()}
    counts = {(workload, ledger): told.get(workload, {}).get(ledger, {}) for workload, ledger in CASES}
    return Recorded(tuple(told["pythons"]), tolerances, counts)


def write(counts: Mapping[tuple[str, str], Counts]) -> None:
    above, mark, _ = FILE.read_text("utf-8").partition(MARK)
    FILE.write_text(above + mark + "".join(_section(*case, counts[case]) for case in CASES), "utf-8")


def _section(workload: str, ledger: str, counts: Counts) -> str:
    lines = "".join(f"{kind} = {count:_}\n" for kind, count in counts.items())
    return f"\n# {WORKLOADS[workload].title}\n[{workload}.{ledger}]\n{lines}"
