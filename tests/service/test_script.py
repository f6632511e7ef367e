"""A script that serves itself: asched.run(Scheduler(__name__))."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from serving import PATIENCE, wait_until

import asched
from asched.ledger.sqlite import SqliteLedger

pytestmark = pytest.mark.service


@contextmanager
def script(folder: Path, text: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "script.py").write_text(text)
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "script.py"],
            cwd=folder,
            env={**os.environ, "ASCHED_STATE_DIR": str(folder / "st"), **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield child
    finally:
        child.kill()
        child.wait(PATIENCE)


SCRIPT = """
import asched
from asched import Run, job

@job("every 100ms", secrets=["TOKEN"])
async def tick(run: Run) -> None:
    print("tock")
    run.log.info("the token is " + run.secret("TOKEN"))
    with open("ticks", "a") as file:
        file.write("x")

if __name__ == "__main__":
    asched.run(asched.Scheduler(__name__, ledger="x.db"))
    print("after run")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    with script(tmp_path, SCRIPT, TOKEN="a-canary-in-a-script") as child:
        wait_until(lambda: (tmp_path / "ticks").exists() and len((tmp_path / "ticks").read_text()) > 3, "ticks")
        child.send_signal(number)
        assert child.wait(PATIENCE) == 0
    log = (tmp_path / "log").read_text()
    assert "service.started" in log
    assert "after run" in log, "run returns when it was stopped in order"
    assert (tmp_path / "x.db").exists()
    assert "a-canary-in-a-script" not in log
    assert "Traceback" not in log


def test_it_refuses_what_cannot_run(tmp_path: Path) -> None:
    text = 'import asched\n@asched.job(after="nobody")\ndef one() -> None: ...\n'
    with script(tmp_path, text + 'asched.run(asched.Scheduler(__name__, ledger="x.db"))\n') as child:
        code = child.wait(PATIENCE)
    log = (tmp_path / "log").read_text()
    assert "nobody" in log
    assert "Traceback" not in log
    assert code == 4


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    with script(tmp_path, SCRIPT, TOKEN="0123456789") as child:
        wait_until(lambda: (tmp_path / "ticks").exists(), "ticks")
        (tmp_path / "two").mkdir()
        with script(tmp_path / "two", SCRIPT.replace('"x.db"', '"../x.db"'), TOKEN="0123456789") as second:
            assert second.wait(PATIENCE) == 6
        assert f"pid {child.pid}" in (tmp_path / "two" / "log").read_text()
        begun = time.monotonic()
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0
        assert time.monotonic() - begun < 5


def test_two_programs_of_one_name_do_not_share_a_ledger(tmp_path: Path) -> None:
    state_dir = {"ASCHED_STATE_DIR": str(tmp_path / "st"), "TOKEN": "0123456789"}
    text = SCRIPT.replace(', ledger="x.db"', "")
    folders = [tmp_path / "one", tmp_path / "two"]
    with ExitStack() as running:
        for folder in folders:
            folder.mkdir()
            running.enter_context(script(folder, text, **state_dir))
        wait_until(lambda: all((folder / "ticks").exists() for folder in folders), "both tick")
    ledgers = sorted((tmp_path / "st").glob("script-*.db"))
    assert len(ledgers) == 2
    told = [next(str(one) for one in ledgers if str(one) in (folder / "log").read_text()) for folder in folders]
    assert sorted(told) == [str(one) for one in ledgers], "the log names it"


def test_where_a_module_stands_names_its_ledger_however_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASCHED_STATE_DIR", str(tmp_path / "st"))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "jobs_of_nobody.py").write_text("")

    def name_of(*sources: str | ModuleType) -> str:
        ledger = asched.Scheduler(*sources).ledger
        assert isinstance(ledger, SqliteLedger)
        return ledger.path.name

    before = name_of("jobs_of_nobody")
    assert re.fullmatch(r"jobs_of_nobody-[0-9a-f]{8}\.db", before)
    assert name_of("jobs_of_nobody", "json") == name_of(import_module("jobs_of_nobody")) == before
    assert name_of("jobs_of_nobody") == before
    assert name_of("no_such_module_at.all").startswith("no_such_module_at.all-")
    del sys.modules["jobs_of_nobody"]
