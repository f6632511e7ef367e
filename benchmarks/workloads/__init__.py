"""What is measured. A workload names its cases and metrics, and measures one contestant in a process of its own.

Each module has TITLE, METRICS, `cases(quick)`, and `measure(perform, case, folder)`, which returns its figures by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

NAMES = (
    *("next_fire", "parse", "register"),  # before anything is due
    *("tick", "burst", "spread", "drift", "stall", "idle"),  # being on time
    *("durable", "recovery", "history", "million"),  # with a ledger
    *("spawn", "output", "shell"),  # commands
    *("start", "help"),  # from nothing
)
PATIENCE = 180.0  # seconds
MANY = 1_000


@dataclass(frozen=True, slots=True)
class Metric:
    """`key` is its name among the figures. `better` is "low" or "high"; the first metric of a workload is compared."""

    key: str
    label: str
    better: str = "low"
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """`patience`: seconds that one contestant may take for it, all in all; `rounds`: at most so many of them."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    patience: float = PATIENCE
    rounds: int = MANY


def workload(name: str) -> Any:
    return import_module(f"benchmarks.workloads.{name}")
