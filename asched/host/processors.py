"""Who had the processors: we, others, or nobody; so that what was measured meanwhile can be judged."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from asched.core.dataclass import dataclass

STAT = Path("/proc/stat")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of all processors together since the machine began; `own` are this process's since that began."""

    own: float
    total: float
    idle: float
    stolen: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Of all processors, from 0 to 1: what other processes had, and what the machine below took away."""

    others: float
    stolen: float


def own_seconds() -> float:
    """That this process has spent on processors, in all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def spent(stat: Path = STAT) -> Spent | None:
    """Until now; None where the system does not say."""
    try:
        first = stat.read_text().partition("\n")[0]
    except OSError:
        return None
    return spent_by(first, os.sysconf("SC_CLK_TCK"), own_seconds())


def spent_by(line: str, ticks: int, own: float) -> Spent | None:
    """By the first line of /proc/stat. What guests had is in its first two columns already."""
    name, *columns = line.split() or [""]
    if name != "cpu" or len(columns) < 8 or not all(column.isdecimal() for column in columns):
        return None
    counts = [int(column) for column in columns[:8]]  # user, nice, system, idle, waiting, irq, softirq, stolen
    return Spent(own, sum(counts) / ticks, (counts[3] + counts[4]) / ticks, counts[7] / ticks)


def shares(before: Spent | None, after: Spent | None) -> Shares | None:
    """Of the time between; None where it is not known, or too short to say."""
    if before is None or after is None or after.total <= before.total:
        return None
    total, idle = after.total - before.total, after.idle - before.idle
    stolen, own = after.stolen - before.stolen, after.own - before.own
    others = total - idle - stolen - own
    return Shares(min(1.0, max(0.0, others / total)), min(1.0, max(0.0, stolen / total)))
