"""The host: load, memory and disk of this machine, at start and every ten seconds.

Whose job     everybody's first: it needs no key, no account and no network, so a fresh machine shows a job at work.
Needs         nothing. What a system does not tell (load on Windows, memory on some) is recorded as unknown.
Try it        asched run host_metrics && sqlite3 state/host.db "SELECT * FROM host_metrics"

Guarantees    One row for each instant, at most `keep_rows` of them (8640: a day). A missed measurement stays
              missed: the load of a minute ago cannot be measured now, so there is no catch-up.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path

from asched import Run, job

TABLE = """
CREATE TABLE IF NOT EXISTS host_metrics (
    measured_for        TEXT PRIMARY KEY,
    load_1m             REAL,
    memory_used_percent REAL,
    disk_used_percent   REAL
) WITHOUT ROWID"""

INSERT = """
INSERT OR REPLACE INTO host_metrics
VALUES (:measured_for, :load_1m, :memory_used_percent, :disk_used_percent)"""

PRUNE = """
DELETE FROM host_metrics WHERE measured_for <=
    (SELECT measured_for FROM host_metrics ORDER BY measured_for DESC LIMIT 1 OFFSET ?)"""


@dataclass(frozen=True, slots=True)
class Metrics:
    load_1m: float | None
    memory_used_percent: float | None
    disk_used_percent: float


@job(
    ["@startup", "every 10s"],
    timeout="8s",
    catch_up="none",
    description="Load, memory and disk of this machine",
)
def host_metrics(
    run: Run, database: str = "state/host.db", disk: str = ".", keep_rows: int = 8640
) -> dict[str, object]:
    """Measure and remember. `disk` is any path on the file system that is measured."""
    if keep_rows < 1:
        raise ValueError(f"keep_rows is {keep_rows}: expected at least 1")
    metrics = Metrics(load(), memory_used(), disk_used(Path(disk)))
    measured_for = run.scheduled_at.astimezone(UTC).isoformat(timespec="milliseconds")
    remember(Path(database), {"measured_for": measured_for, **asdict(metrics)}, keep_rows)
    run.log.info("host.measured", **asdict(metrics))
    return asdict(metrics)


def load() -> float | None:
    """Mean number of runnable processes over the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return None


def memory_used(meminfo: Path = Path("/proc/meminfo")) -> float | None:
    """Percent of memory in use: from Linux if there, else from what POSIX tells, else unknown."""
    try:
        return parse_meminfo(meminfo.read_text("ascii"))
    except (OSError, ValueError):
        return memory_from_sysconf()


def parse_meminfo(text: str) -> float:
    """Percent in use of `MemTotal`, where what the kernel would give back ("available") is not in use."""
    sizes = {name: rest.split() for name, _, rest in (line.partition(":") for line in text.splitlines())}
    try:
        total, available = int(sizes["MemTotal"][0]), int(sizes["MemAvailable"][0])
    except (KeyError, IndexError) as error:
        raise ValueError("no MemTotal or MemAvailable") from error
    return percent(total - available, total)


def memory_from_sysconf() -> float | None:
    try:
        total, free = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_AVPHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return None
    return percent(total - free, total) if total > 0 <= free else None


def disk_used(path: Path) -> float:
    """Percent of what users may use, as df tells it: blocks kept for root count neither way."""
    usage = shutil.disk_usage(path)
    return percent(usage.used, usage.used + usage.free)


def percent(part: int, whole: int) -> float:
    if whole <= 0:
        raise ValueError(f"{part} of {whole} is no percentage")
    return round(100 * part / whole, 1)


def remember(path: Path, row: Mapping[str, object], keep_rows: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=5)) as db, db:
        db.execute(TABLE)
        db.execute(INSERT, dict(row))
        db.execute(PRUNE, (keep_rows,))
