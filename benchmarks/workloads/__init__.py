"""What is measured. A workload names its cases and metrics, and measures one contestant in a process of its own.

Each module has TITLE, METRICS, `cases(quick)`, and `measure(perform, case, folder)`, which returns its figures by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

NAMES = ("burst", "durable", "register", "next_fire", "recovery")


@dataclass(frozen=True, slots=True)
class Metric:
    """`key` is its name among the figures. `better` is "low" or "high"; the first metric of a workload is compared."""

    key: str
    label: str
    better: str = "low"
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def workload(name: str) -> Any:
    return import_module(f"benchmarks.workloads.{name}")
