"""Counts one workload on one ledger, in a process of its own: `python tests/counts/measure.py burst sqlite`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from gauges import Gauge, Kept, Work
from stage import play
from workloads import WORKLOADS

SMALL = 7
PATIENCE = 300  # seconds


def measure(workload: str, ledger: str) -> dict[str, int]:
    """In a new process: what others loaded, remembered or left behind there would be counted with it."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "ASCHED"))}
    done = subprocess.run(
        [sys.executable, __file__, workload, ledger],
        env=bare | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise RuntimeError(f"{workload} {ledger} could not be counted:\n{done.stderr}")
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def counted(workload: str, ledger: str, folder: Path) -> dict[str, int]:
    """After the same in small: what is loaded and remembered for good is no part of it."""
    wanted = WORKLOADS[workload]

    def run(gauge: Gauge, size: int, file: str) -> dict[str, int]:
        return play(wanted.play, gauge, folder / file if ledger == "sqlite" else None, size)

    run(Work(), SMALL, "small.db")
    return run(Work(), wanted.size, "work.db") | run(Kept(), wanted.size, "kept.db")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(counted(sys.argv[1], sys.argv[2], Path(folder))))
