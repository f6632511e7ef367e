"""asched: an async job scheduler that never drifts, catches up after sleep, and explains every due instant.

Everything public is here and loaded when first used, so that importing it costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asched.calendars import calendar as calendar
    from asched.calendars import holidays as holidays
    from asched.core.localtime.calendars import Calendar as Calendar
    from asched.core.model import Retry as Retry
    from asched.core.record import FireRecord as FireRecord
    from asched.declaration.definition import job as job
    from asched.declaration.options import JobOptions as JobOptions
    from asched.engine.preciseloop import new_event_loop as new_event_loop
    from asched.errors import AlreadyServed as AlreadyServed
    from asched.errors import AschedError as AschedError
    from asched.errors import ConfigurationError as ConfigurationError
    from asched.errors import LedgerError as LedgerError
    from asched.errors import LedgerUnavailable as LedgerUnavailable
    from asched.errors import LedgerUnusable as LedgerUnusable
    from asched.errors import NotRunning as NotRunning
    from asched.errors import Refused as Refused
    from asched.errors import ScheduleError as ScheduleError
    from asched.errors import Superseded as Superseded
    from asched.errors import UnknownJob as UnknownJob
    from asched.errors import UnknownRun as UnknownRun
    from asched.handles import JobHandle as JobHandle
    from asched.handles import RunHandle as RunHandle
    from asched.runners.context import Run as Run
    from asched.runners.context import current_run as current_run
    from asched.runners.context import sleep as sleep
    from asched.scheduler import Scheduler as Scheduler
    from asched.schedules import Schedule as Schedule
    from asched.schedules import at as at
    from asched.schedules import cron as cron
    from asched.schedules import every as every
    from asched.schedules import schedule as schedule
    from asched.service.script import run as run

__version__ = "0.1.0"

_HOMES = {
    "calendar": "asched.calendars",
    "holidays": "asched.calendars",
    "Calendar": "asched.core.localtime.calendars",
    "Retry": "asched.core.model",
    "FireRecord": "asched.core.record",
    "job": "asched.declaration.definition",
    "new_event_loop": "asched.engine.preciseloop",
    "AlreadyServed": "asched.errors",
    "AschedError": "asched.errors",
    "ConfigurationError": "asched.errors",
    "LedgerError": "asched.errors",
    "LedgerUnavailable": "asched.errors",
    "LedgerUnusable": "asched.errors",
    "NotRunning": "asched.errors",
    "Refused": "asched.errors",
    "ScheduleError": "asched.errors",
    "Superseded": "asched.errors",
    "UnknownJob": "asched.errors",
    "UnknownRun": "asched.errors",
    "JobHandle": "asched.handles",
    "RunHandle": "asched.handles",
    "JobOptions": "asched.declaration.options",
    "Run": "asched.runners.context",
    "current_run": "asched.runners.context",
    "sleep": "asched.runners.context",
    "Schedule": "asched.schedules",
    "at": "asched.schedules",
    "cron": "asched.schedules",
    "every": "asched.schedules",
    "schedule": "asched.schedules",
    "Scheduler": "asched.scheduler",
    "run": "asched.service.script",
}

__all__ = [
    "AlreadyServed",
    "AschedError",
    "Calendar",
    "ConfigurationError",
    "FireRecord",
    "JobHandle",
    "JobOptions",
    "LedgerError",
    "LedgerUnavailable",
    "LedgerUnusable",
    "NotRunning",
    "Refused",
    "Retry",
    "Run",
    "RunHandle",
    "Schedule",
    "ScheduleError",
    "Scheduler",
    "Superseded",
    "UnknownJob",
    "UnknownRun",
    "at",
    "calendar",
    "cron",
    "current_run",
    "every",
    "holidays",
    "job",
    "new_event_loop",
    "run",
    "schedule",
    "sleep",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'asched' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
