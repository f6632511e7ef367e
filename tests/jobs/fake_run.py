"""A run without a scheduler: what a job sees of `asched.Run`, filled in by hand.

The decorator returns the user's function, so a job is tested by calling it with one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class FakeLog:
    """Remembers (level, event, fields)."""

    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, level: str) -> Callable[..., None]:
        if level.startswith("_"):
            raise AttributeError(level)
        return lambda event, **fields: self.lines.append((level, event, fields))

    @property
    def events(self) -> list[str]:
        return [event for _, event, _ in self.lines]


@dataclass
class FakeRun:
    """Everything that a job may ask of its run."""

    job: str = "job"
    scheduled_at: datetime = datetime(2026, 11, 21, 7, 0, tzinfo=BERLIN)
    id: str = "run-1"
    attempt: int = 1
    origin: str = "schedule"
    caught_up: bool = False
    args: Mapping[str, object] = field(default_factory=dict)
    key: str = "job@2026-11-21T06:00:00Z"
    http: Any = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    cancelled: bool = False
    log: FakeLog = field(default_factory=FakeLog)

    def secret(self, name: str) -> str:
        return self.secrets[name]

    def upstream(self, job: Callable[..., object]) -> Any:
        return self.results[job.__name__]
