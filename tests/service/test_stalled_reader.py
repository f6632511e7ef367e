"""A log that nobody reads any more holds up nobody."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from serving import PATIENCE, Serving, wait_until

pytestmark = pytest.mark.service

LOUD = """
@job("every 50ms")
async def loud(run: asched.Run) -> None:
    for n in range(150):
        run.log.warning("x" * 1000, n=n)
@job("every 50ms")
async def tick() -> None: ...
@job("@startup")
def stays() -> None:
    import threading, time
    threading.Thread(target=time.sleep, args=(600,)).start()
"""


def test_fires_go_on_while_nobody_reads_the_log(tmp_path: Path) -> None:
    service = Serving(tmp_path, LOUD, drain="1s")
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "asched", "serve", str(service.config_file)]
    env = {**os.environ, "ASCHED_STATE_DIR": str(service.state_dir)}
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=writer, stderr=writer, start_new_session=True)
    os.close(writer)
    service._started.append(process)

    def ticks() -> int:
        with suppress(sqlite3.OperationalError):  # not there yet
            return int(str(service.query("select count(*) from fires where job = 'tick'")[0][0]))
        return 0

    try:
        wait_until(lambda: ticks() > 40, "two seconds of fires, of which the first 64 KiB of log are enough to stall")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, "the farewell does not wait for the reader either, thread left or not"
    finally:
        os.close(reader)
        service.end()
