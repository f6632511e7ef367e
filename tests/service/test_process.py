"""Whatever becomes of what it runs, the process ends, and says why with its exit code."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAD = """
import asyncio, threading, time
from asched.service.process import run_to_the_end

def never_ends():
    threading.Thread(target=time.sleep, args=(600,)).start()

async def main():
    {main}

"""


def ended(main: str, call: str) -> subprocess.CompletedProcess[str]:
    script = HEAD.format(main=main) + call
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20)


DEFAULT = "raise SystemExit(run_to_the_end(main(), print))"


def test_it_ends_with_the_code_that_comes_back() -> None:
    assert ended("return 3", DEFAULT).returncode == 3


@pytest.mark.parametrize("thread", ["pass", "never_ends()"])
def test_what_is_raised_is_said_and_ends_it_though_a_thread_never_does(thread: str) -> None:
    done = ended(f"{thread}; raise ValueError('no such luck')", DEFAULT)
    assert done.returncode == 70
    assert "ValueError: no such luck" in done.stdout + done.stderr


@pytest.mark.parametrize("thread", ["pass", "never_ends()"])
def test_who_calls_may_say_it_and_name_the_code(thread: str) -> None:
    say = "lambda error: print('said', error) or 6"
    done = ended(f"{thread}; raise ValueError('no')", f"raise SystemExit(run_to_the_end(main(), print, str, {say}))")
    assert (done.returncode, done.stdout) == (6, "said no\n")


def test_a_loop_that_is_stopped_for_ever_ends_too() -> None:
    main = "never_ends()\n    while True:\n        asyncio.get_running_loop().stop(); await asyncio.sleep(0)"
    done = ended(main, DEFAULT.replace("print", "lambda why: None"))
    assert done.returncode == 70
    assert "stopped 100 times" in done.stdout + done.stderr


def test_its_loop_does_not_round_its_timers() -> None:
    """Its timers wait in `select`, to the microsecond, and not in `epoll_wait`."""
    script = "import select; waited, wait = [], select.select\n"
    script += "select.select = lambda *given: waited.append(given[3]) or wait(*given)\n" + HEAD.format(
        main="await asyncio.sleep(0.0023); return 3 if any(0.001 < one < 0.0023 for one in waited) else 4"
    )
    done = subprocess.run([sys.executable, "-c", script + DEFAULT], capture_output=True, text=True, timeout=20)
    assert done.returncode == 3, done.stderr
