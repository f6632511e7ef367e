"""Conditions: what must be so, or must not, for a fire to run. Values only; runners/conditions.py looks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import ClassVar

from asched.core.action import Function
from asched.core.dataclass import dataclass
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class Network:
    """There is a route to somewhere else."""

    kind: ClassVar[str] = "network"


@dataclass(frozen=True, slots=True)
class Reachable:
    """A TCP connection to it can be made."""

    host: str
    port: int
    kind: ClassVar[str] = "reachable"


@dataclass(frozen=True, slots=True)
class MainsPower:
    """The machine does not live on its battery."""

    kind: ClassVar[str] = "ac power"


@dataclass(frozen=True, slots=True)
class PathExists:
    """`path` may hold {scheduled_at:%Y-%m-%d}, {job} and {run}."""

    path: str
    kind: ClassVar[str] = "path"


@dataclass(frozen=True, slots=True)
class LoadBelow:
    """The machine's load average of the last minute."""

    limit: float
    kind: ClassVar[str] = "load"


Condition = Network | Reachable | MainsPower | PathExists | LoadBelow | Function

EXAMPLES = '"network", "reachable db:5432", "ac power", "path /x exists", "load below 2.5" or "module:function"'

_REACHABLE = pattern(r"reachable\s+(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:]+):(?P<port>[0-9]{1,5})")
_PATH = pattern(r"path\s+(?P<path>\S.*?)\s+exists", re.DOTALL)
_LOAD = pattern(r"load\s+below\s+(?P<limit>[0-9]+(\.[0-9]+)?)")


@dataclass(frozen=True, slots=True)
class Term:
    """A condition that has to hold (`only_if`), or must not (`unless`)."""

    condition: Condition
    holds: bool = True

    @property
    def text(self) -> str:
        return f"{'if' if self.holds else 'unless'} {text_of(self.condition)}"


def asked(terms: Iterable[Term]) -> str:
    """All that has to hold, as one text."""
    return " and ".join(term.text for term in terms)


def text_of(condition: Condition) -> str:
    """As `parse_condition` reads it; of a function, its module and name."""
    match condition:
        case Reachable(host, port):
            return f"reachable {host}:{port}"
        case PathExists(path):
            return f"path {path} exists"
        case LoadBelow(limit):
            return f"load below {limit:g}"
        case Function(ref=ref):
            return ref
        case Network() | MainsPower():
            return condition.kind


def parse_condition(text: str) -> Condition:
    """One of those that asched knows. Raises ScheduleError."""
    said = " ".join(text.split()).lower()
    if said == "network":
        return Network()
    if said == "ac power":
        return MainsPower()
    if (path := _PATH.fullmatch(text.strip())) is not None:
        return PathExists(path["path"])
    if (load := _LOAD.fullmatch(said)) is not None and 0 < float(load["limit"]) < math.inf:
        return LoadBelow(float(load["limit"]))
    if (end := _REACHABLE.fullmatch(text.strip())) is not None and 0 < int(end["port"]) < 65_536:
        return Reachable(end["host"], int(end["port"]))
    raise ScheduleError("not a condition that asched knows", text=text, help=f"write {EXAMPLES}")
