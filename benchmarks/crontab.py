"""A crontab of the jobs of a rush, for daemons that know whole minutes only."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.workloads.shell import LOOKS, MINUTE, Rush


def write(path: Path, rush: Rush) -> None:
    at = datetime.fromtimestamp(rush.due_at(MINUTE))  # noqa: DTZ006 (cron reads the local time)
    lines = (f"{at.minute} {at.hour} * * * {command}\n" for command in rush.commands)
    path.write_text("".join(['MAILTO=""\n', *lines]))
    path.chmod(0o600)


def serve(command: Sequence[str], rush: Rush) -> None:
    """Until all of them have run. Raises RuntimeError for a daemon that ended before."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        while not rush.over() and daemon.poll() is None:
            time.sleep(LOOKS)
        ended = daemon.poll()
        daemon.kill()
        if ended is not None:
            raise RuntimeError(f"it ended with exit code {ended}: {daemon.communicate()[1].strip()}")
