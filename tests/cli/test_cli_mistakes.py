"""What somebody new does wrong: each time an exit code, and a message that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from clifolder import ROOT, Folder
from test_cli_bench import FIGURES

from asched.cli.app import app

NO_MASTER_KEY = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]  # root without root's privilege


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "Usage: asched [OPTIONS] COMMAND"),
        (["lst"], 2, "No such command 'lst'. Did you mean 'list'?"),
        (["list", "extra"], 2, "unexpected extra argument (extra)"),
        (["run"], 2, "Missing argument 'JOB'"),
        (["run", "tick", "--agr", "a=1"], 2, "--arg"),
        (["run", "tikc"], 3, 'no job is called "tikc": did you mean "tick"?'),
        (["run", "locked"], 6, "secret CLI_TEST_SECRET_THAT_IS_NOT_THERE is not set: export it in the environment"),
        (["run", "tick", "--arg", "=x"], 2, "write KEY=VALUE"),
        (["run", "tick", "--at", "soon"], 2, '"soon" is not an instant\n    help: as in "03:00", "tomorrow 11:00"'),
        (["run", "tick", "--at", "9999-12-31T23:59:59-10:00"], 2, "is not between the years 1900 and 9000"),
        (["run", "tick", "--at", "0001-01-01"], 2, "is not between the years 1900 and 9000"),
        (["explain", "61 3 * * *"], 4, "    61 3 * * *\n    ^^"),
        (["explain", ""], 4, "an empty schedule"),
        (["explain", "0 0 30 2 *"], 4, "this can never fire: there is no day 30 in February"),
        (["explain", "every 10m", "--tz", "Berlin"], 2, 'unknown time zone "Berlin"'),
        (["next", "-n", "0"], 2, "0 is not in the range"),
        (["runs", "--since", "soon"], 2, '"soon" is neither a length of time, as in "36h", nor an instant'),
        (["runs", "--since", "100000000d"], 2, "is more than a century"),
        (["runs", "--failed", "--skipped"], 2, "exclude each other"),
        (["runs", "nobody"], 3, 'no job is called "nobody"'),
        (["logs", "99-99"], 3, 'no run is called "99-99": `asched runs` shows them'),
        (["logs", "rested"], 3, "`asched run rested` makes one"),
        (["cancel", "tick"], 3, 'no run is called "tick": it is a job, and no run of it is open'),
        (["pause", "tick", "--for", "2x"], 2, '"x" is not a unit of time'),
        (["pause", "tick", "--for", "3000000d"], 2, "is more than a century"),
        (["resume", "tick"], 6, 'job "tick" is not paused'),
        (["status"], 5, "`asched serve` starts one"),
        (["reload"], 5, "`asched serve` starts one"),
        (["healthcheck"], 1, "asched: no service answers at "),
        (["healthcheck", "-v"], 1, "`asched serve` starts one"),
        (["serve", "nothing.py"], 4, "nothing.py  error  no such file"),
        (["check", "nothing.toml"], 4, "there is a config.toml here: leave -c out"),
        (["list", "-c", "jobs"], 4, "is a folder\n      = help: name the file in it: -c jobs/config.toml"),
        (["init", "config.toml"], 6, "part of that path is a file, not a folder"),
    ],
)
def test_a_mistake_is_met_with_what_to_do(folder: Folder, arguments: list[str], code: int, said: str) -> None:
    if code in (3, 6):  # what is not found, or refused, is so in a ledger that is there
        folder.fill()
    answer = folder.asched(*arguments)
    assert answer.code == code
    assert said in answer.out + answer.err


@pytest.mark.parametrize("verb", ["list", "runs", "status", "serve", "next"])
def test_in_a_folder_without_a_configuration(folder: Folder, tmp_path: Path, verb: str) -> None:
    (tmp_path / "config.toml").unlink()
    said = folder.asched(verb)
    assert said.code == 4
    assert "config.toml  error  no such file\n      = help: `asched init` writes one" in said.err


@pytest.mark.parametrize("verb", ["list", "runs", "serve"])
def test_in_a_folder_below_it_says_where_the_configuration_is(folder: Folder, verb: str) -> None:
    os.chdir(folder.path / "jobs")
    said = folder.asched(verb)
    assert said.code == 4
    assert f"there is one in {folder.path}: cd there, or name it with -c ../config.toml" in said.err
    assert folder.asched("-c", "../config.toml", "list").code == 0


def test_the_zone_of_the_service_is_that_of_a_naive_instant_and_another_offset_is_kept(folder: Folder) -> None:
    for typed, meant in (("2026-01-01", "2025-12-31T23:00"), ("2026-01-01T00:00-05:00", "2026-01-01T05:00")):
        assert folder.asched("run", "tick", "--at", typed, "--json").json["scheduled_at"] == f"{meant}:00+00:00"


@pytest.mark.parametrize("verb", ["runs", "list", "next", "audit", "pause tick", "run tick", "logs tick", "cancel 1-1"])
@pytest.mark.parametrize("content", [b"garbage" * 1000, b""])
def test_a_ledger_that_is_none_is_left_alone(folder: Folder, verb: str, content: bytes) -> None:
    folder.ledger.parent.mkdir()
    folder.ledger.write_bytes(content)
    said = folder.asched(*verb.split())
    assert said.code == 65
    assert "It is left alone: name another file as the ledger" in said.err
    assert folder.ledger.read_bytes() == content


def test_a_broken_schedule_is_shown_in_its_line(folder: Folder) -> None:
    folder.jobs.write_text('from asched import job\n\n\n@job("99 * * * *")\ndef wrong() -> None: ...\n')
    said = folder.asched("check")
    assert said.code == 4
    assert '    4 | @job("99 * * * *")\n      |       ^^\n' in said.out
    assert folder.asched("run", "wrong").err == (
        'asched: job "wrong": minute 99 is out of range 0-59: `asched check` says where\n'
    )


def test_names_that_came_from_click_agree(folder: Folder) -> None:
    """The verbs are click's: its own runner reaches them too."""
    answer = CliRunner().invoke(app, ["explain", "every 10m"])
    assert answer.exit_code == 0
    assert answer.output.startswith("every 10 minutes\n")
    assert CliRunner().invoke(app, ["explain"]).exit_code == 2


# In the middle of a mistake in the configuration.


def test_with_both_flags_a_broken_configuration_locks_nobody_out(filled: Folder) -> None:
    filled.config.write_text("[service\n")
    flags = ["--ledger", str(filled.ledger), "--state-dir", "st"]
    assert "tick" in filled.asched("runs", *flags).out
    assert "hello world" in filled.asched("logs", "tick", *flags).out
    assert filled.asched("cancel", "1-1", *flags).code == 6
    for verb in ("status", "reload"):
        assert filled.asched(verb, *flags).code == 5, "nobody serves it here: that is all that is wrong"
    filled.config.unlink()
    assert filled.asched("runs", *flags).code == 0


@pytest.mark.parametrize("verb", ["status", "runs", "logs tick", "cancel 1-1", "pause tick"])
def test_without_them_it_says_that_they_would_help(filled: Folder, verb: str) -> None:
    filled.config.write_text("[service\n")
    for more in ([], ["--ledger", str(filled.ledger)], ["--state-dir", "st"]):
        said = filled.asched(*verb.split(), *more)
        assert said.code == 4
        assert said.err.endswith(
            "= help: with --ledger and --state-dir both given, a service that runs is reached without this file\n"
        )


def test_a_configuration_that_is_somebody_elses_to_read(filled: Folder) -> None:
    prefix = [] if os.getuid() else NO_MASTER_KEY
    if prefix and not shutil.which(prefix[0]):
        pytest.skip("root may read everything, and setpriv is not there")
    filled.config.chmod(0)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for arguments in (["status"], ["check"], ["-c", "config.toml", "list"]):
        command = [*prefix, sys.executable, "-m", "asched", *arguments]
        done = subprocess.run(command, cwd=filled.path, env=env, capture_output=True, text=True, timeout=30)
        assert done.returncode == 4, done.stderr
        owner = filled.config.owner()
        assert (
            "config.toml  error  cannot be read: Permission denied\n"
            f"      = help: it belongs to {owner}: ask as that user, or let others read it\n"
        ) in done.stdout + done.stderr


# Where nothing may be written.


def test_a_folder_that_may_only_be_read(filled: Folder) -> None:
    prefix = [] if os.getuid() else NO_MASTER_KEY
    if prefix and not shutil.which(prefix[0]):
        pytest.skip("root may write everywhere, and setpriv is not there")
    filled.path.chmod(0o500)
    try:
        for arguments, code, said in (
            (["list"], 0, "tick"),
            (["serve"], 4, "name another with --state-dir or ASCHED_STATE_DIR"),
            (["run", "tick", "--ledger", "other/asched.db"], 65, "cannot be made (Permission denied)"),
            (["init", "new"], 6, "Permission denied"),
        ):
            command = [*prefix, sys.executable, "-m", "asched", *arguments]
            env = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(command, cwd=filled.path, env=env, capture_output=True, text=True, timeout=30)
            assert done.returncode == code, done.stderr
            assert said in done.stdout + done.stderr
            assert "Traceback" not in done.stderr
    finally:
        filled.path.chmod(0o700)


# Where nobody reads, or nothing can be written.


@pytest.mark.parametrize("verb", ["--help", "runs --help", "runs", "list", "logs tick", "runs --json", "run tick"])
def test_a_reader_that_goes_away_is_no_error(filled: Folder, verb: str) -> None:
    process = filled.start(*verb.split())
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert "rror" not in process.stderr.read()
    assert process.wait(20) == 0


def test_a_run_whose_output_nobody_reads_runs_to_its_end(folder: Folder) -> None:
    process = folder.start("run", "chatty", "--arg", "lines=5", "--arg", "pause=0.02")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    process.stderr.close()
    assert process.wait(20) == 0
    assert folder.asched("logs", "chatty").out.count("line") == 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_in_one_line(filled: Folder) -> None:
    with open("/dev/full", "w") as full:
        said = filled.run("runs", stdout=full)
    assert (said.code, said.err) == (74, "asched: No space left on device\n")


@pytest.mark.parametrize("verb", ["list", "next", "simulate", "bench"])
def test_an_answer_about_all_jobs_says_that_some_are_not_in_it(
    folder: Folder, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where nothing at all can run because of that, it is no good answer."""
    monkeypatch.setattr("asched.cli.measured.measure", lambda folder, scope: FIGURES)
    folder.jobs.write_text("from asched import job\n@job('every 10s'\ndef tick() -> None: ...\n")
    said = folder.asched(verb)
    assert (said.code, "1 problem costs jobs: `asched check` names it\n" in said.err) == (0, True)
    folder.config.write_text('[service]\njobs = ["jobs"]\n')
    assert (folder.asched(verb).code, folder.asched(verb, "--json").code) == (4, 4)
    folder.jobs.unlink()
    assert folder.asched(verb).code == 0, "no job is no problem"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["30", "2", "*", "*", "*"], 'put it in quotes, as in asched explain "30 2 * * *"'),
        ([], 'which schedule? Write it in quotes: asched explain "30 2 * * *"'),
    ],
)
def test_a_schedule_without_quotes_is_answered_with_quotes(folder: Folder, words: list[str], said: str) -> None:
    found = folder.asched("explain", *words)
    assert (found.code, said in found.err) == (2, True)
