"""All of it, one after the other, in a folder that is gone afterwards."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from asched.bench.bursts import measure_lateness
from asched.bench.figures import Figures, Lateness, Machine, Pace, Recorded
from asched.bench.recorded import JOBS, measure_recorded
from asched.engine.clock import SystemClock
from asched.errors import Refused
from asched.host.processors import shares, spent
from asched.ledger.ledgerfile import file_system_here
from asched.ledger.pace import commit_times, sync_times

_MB = 1024 * 1024
_NEEDED, _NEEDED_A_SECOND = 256 * _MB, 4 * _MB  # that are free: it uses a quarter of that, on a quick machine
_DISK, _RECORDED = 0.06, 0.2  # of the whole time: each of the two looks at the disk, and recording runs


@dataclass(frozen=True, slots=True)
class Burst:
    """So many jobs due at the same instant, every `period`; `share` is of the whole time."""

    jobs: int
    period: timedelta
    share: float


_BURSTS = (
    Burst(1, timedelta(milliseconds=100), 0.15),
    Burst(100, timedelta(milliseconds=250), 0.15),
    Burst(1000, timedelta(seconds=1), 0.25),
)


@dataclass(frozen=True, slots=True)
class Scope:
    """About how many seconds it takes in all, and how many jobs do what."""

    seconds: float
    recording: int = JOBS
    bursts: Sequence[Burst] = _BURSTS


def measure(folder: Path, scope: Scope) -> Figures:
    """Writes into a folder of its own in `folder`, and removes that, also when it is interrupted. Must not be called
    on a loop. Raises OSError, Refused when the disk is nearly full, LedgerUnusable, LedgerUnavailable."""
    _refuse_full(folder, scope.seconds)
    clock, load, before = SystemClock(), os.getloadavg()[0], spent()
    with TemporaryDirectory(prefix=".asched-bench-", dir=folder) as name:
        own = Path(name)
        sync = Pace.of(sync_times(own, clock, scope.seconds * _DISK))
        commit = Pace.of(commit_times(own, clock, scope.seconds * _DISK))
        recorded, lateness = asyncio.run(_scheduled(own, scope))
    machine = Machine(os.cpu_count() or 1, load, shares(before, spent()))
    return Figures(file_system_here(folder), sync, commit, recorded, lateness, machine)


async def _scheduled(folder: Path, scope: Scope) -> tuple[Recorded, Sequence[Lateness]]:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # what ends a scheduler is raised here as well
    recorded = await measure_recorded(folder, scope.seconds * _RECORDED, scope.recording)
    return recorded, [
        await measure_lateness(folder, burst.jobs, burst.period, scope.seconds * burst.share) for burst in scope.bursts
    ]


def _refuse_full(folder: Path, seconds: float) -> None:
    free, needed = shutil.disk_usage(folder).free, _NEEDED + int(seconds * _NEEDED_A_SECOND)
    if free < needed:
        raise Refused(f"only {free // _MB} MB are free in {folder}: measuring there wants {needed // _MB} MB")
