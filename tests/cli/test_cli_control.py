"""pause, resume, cancel without a service; init, version, completion."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clifolder import ROOT, Folder
from test_cli_history import leave_open

from asched.ledger.lock import ServerLock
from asched.ledger.sqlite import SqliteLedger


def acts(folder: Folder) -> list[tuple[str, str, str]]:
    async def read() -> Any:
        ledger = SqliteLedger(folder.ledger, readonly=True)
        await ledger.open()
        try:
            return [(act.verb, act.job, act.reason) for act in await ledger.acts()], await ledger.instances()
        finally:
            await ledger.close()

    found, instances = asyncio.run(read())
    assert all(one.left_at for one in instances)
    return sorted(found)


def test_pause_and_resume_are_written_into_the_ledger(filled: Folder) -> None:
    said = filled.asched("pause", "tick", "--reason", "holiday")
    assert (said.code, said.out) == (0, "tick is paused until it is resumed\n")
    assert filled.asched("show", "tick", "--json").json["paused"]["reason"] == "holiday"
    assert filled.asched("resume", "tick", "--reason", "back").out == "tick is resumed\n"
    assert filled.asched("show", "tick", "--json").json["paused"] is None
    assert acts(filled) == [("pause", "tick", "holiday"), ("resume", "tick", "back")]


def test_the_next_service_finds_the_pause(filled: Folder) -> None:
    filled.asched("pause", "tick")
    filled.fill(["tick"], seconds=1)
    reasons = [one["reason"] for one in filled.asched("runs", "tick", "--skipped", "--json").json]
    assert "paused" in reasons or filled.asched("list", "--json").json[0]["state"] == "paused"


def test_a_pause_may_have_an_end(folder: Folder) -> None:
    said = folder.asched("pause", "tick", "--for", "2h", "--json").json
    assert said["paused"] is True
    assert said["until"] is not None
    assert "tick is paused until 20" in folder.asched("pause", "tick", "--for", "2h").out


def test_a_pause_that_is_extended_goes_on_since_it_began(folder: Folder) -> None:
    folder.asched("pause", "tick", "--for", "2h")
    begun = folder.asched("show", "tick", "--json").json["paused"]
    folder.asched("pause", "tick", "--reason", "longer")
    paused = folder.asched("show", "tick", "--json").json["paused"]
    assert (paused["since"], paused["until"], paused["reason"]) == (begun["since"], None, "longer")
    first, second = sorted(acts(folder), key=lambda act: act[2] == "longer")
    assert (first[:2], first[2][:6], second) == (("pause", "tick"), "until ", ("pause", "tick", "longer"))


def test_what_is_not_paused_cannot_be_resumed(filled: Folder) -> None:
    said = filled.asched("resume", "tick")
    assert (said.code, said.err) == (6, 'asched: job "tick" is not paused\n')


@pytest.mark.parametrize("arguments", [["pause", "tick"], ["run", "tick"]])
def test_a_ledger_that_another_program_holds_is_left_alone(filled: Folder, arguments: list[str]) -> None:
    lock = ServerLock.take(filled.ledger)
    try:
        said = filled.asched(*arguments)
    finally:
        lock.release()
    assert said.code == 6
    assert f"is already served by pid {os.getpid()}" in said.err


def test_cancel_settles_what_a_dead_service_left_open(filled: Folder) -> None:
    run = leave_open(filled)
    assert filled.asched("cancel", run, "--reason", "enough").out == f"run {run} is cancelled\n"
    record = filled.asched("runs", "tick", "-n", "1", "--json").json[0]
    assert (record["run"], record["outcome"]) == (run, "cancelled")
    assert "it was cancelled: enough (by " in filled.asched("runs", "tick").out


def test_cancel_of_what_is_over_is_refused(filled: Folder) -> None:
    run = filled.asched("runs", "-n", "1", "--json").json[0]["run"]
    assert filled.asched("cancel", run).err == f"asched: run {run} is over already\n"
    assert filled.asched("cancel", run).code == 6
    assert filled.asched("cancel", "7-7").code == 3


def test_init_writes_something_that_checks_runs_and_is_not_overwritten(folder: Folder, tmp_path: Path) -> None:
    said = folder.asched("init", "first")
    assert (said.code, said.err) == (0, "next: cd first && asched serve\n")
    os.chdir(tmp_path / "first")
    assert folder.asched("check").code == 0
    assert folder.asched("run", "hello").out.startswith("Hello, world! This is the fire of ")
    again = folder.asched("init")
    assert again.code == 6
    assert "config.toml and jobs/hello.py are there already: nothing was written" in again.err


def test_init_where_nothing_can_be_written(folder: Folder) -> None:
    (folder.path / "file").write_text("")
    said = folder.asched("init", "file")
    assert said.code == 6
    assert "cannot write file/config.toml" in said.err


def test_version(folder: Folder) -> None:
    assert folder.asched("version").out.startswith("asched 0.1.0 (Python 3.")
    assert set(folder.asched("version", "--json").json) == {"asched", "python"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(folder: Folder, shell: str) -> None:
    assert "_ASCHED_COMPLETE" in folder.asched("completion", shell).out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("asched sho", "show"),
        ("asched show ti", "tick"),
        ("asched run ch", "chatty"),
        ("asched logs 1-", "1-1"),
        ("asched run -c config.toml ch", "chatty"),
        ("asched pause --ledger state/asched.db br", "broken"),
        ("asched -c missing.toml show ti", None),
        ("asched show -c missing.toml ti", None),
    ],
)
def test_names_of_jobs_and_runs_are_completed(filled: Folder, typed: str, offered: str | None) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "_ASCHED_COMPLETE": "bash_complete", "COMP_WORDS": typed}
    env["COMP_CWORD"] = str(len(typed.split()) - 1)
    done = subprocess.run(
        [sys.executable, "-c", "from asched.cli import main; main()"],
        cwd=filled.path,
        env=env,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stderr == ""
    names = [line.partition(",")[2] for line in done.stdout.split()]
    assert offered in names if offered else not any(names)
