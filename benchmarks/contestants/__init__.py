"""Who takes part, one file each.

A contestant has a TITLE, the PACKAGES that pip must install for it (none: it runs where asched does), and a function
for each workload that it can do, named after it. NOTES says, per workload, what it does not do. CASES gives, for
a workload of which it can do some cases only, a word that is in their names. SLOW names the workloads of which --quick
leaves it out. What it needs is imported when it runs.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

NAMES = (
    "asched_memory",
    "asched_served_memory",
    "asched_sqlite",
    "asched_served",
    "asched_commands",
    "asched_history",
    "asched_million",
    "asched_cli",
    "apscheduler_3",
    "apscheduler_4",
    "schedule_loop",
    "scheduler_loop",
    "aiocron_loop",
    "celery_beat",
    "huey_queue",
    "croniter_engine",
    "cronsim_engine",
    "crontab_engine",
    "busybox_crond",
    "debian_cron",
    "communicate",
    "bare_heap",
    "bare_sqlite",
    "bare_sqlite_rows",
    "bare_process",
)


class NotHere(Exception):
    """It cannot take part on this machine; the message says why."""


def contestant(name: str) -> ModuleType:
    return import_module(f"benchmarks.contestants.{name}")


def takes_part(module: ModuleType, workload: str, case: str) -> bool:
    return hasattr(module, workload) and getattr(module, "CASES", {}).get(workload, "") in case


def too_slow(module: ModuleType, workload: str) -> bool:
    """For --quick."""
    return workload in getattr(module, "SLOW", ())
