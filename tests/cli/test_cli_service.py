"""What the command line asks of a service that runs: one real `asched serve`, shared by this file's tests."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from clifolder import wait_until
from cliserved import Served, inside, serving
from test_cli_reference import keys

pytestmark = pytest.mark.service

CONFIG = '[service]\njobs = ["jobs"]\ntimezone = "Europe/Berlin"\ndrain = "1s"\n'
JOBS = """\
import asyncio

import asched
from asched import Run, job


@job("@yearly")
async def hello(run: Run, name: str = "world") -> dict[str, str]:
    print(f"hello {name}")
    return {"greeted": name}


@job("@yearly")
def rare() -> None: ...


@job()
async def slow() -> None:
    for line in range(4):
        print("line", line)
        await asyncio.sleep(0.1)


@job()
async def forever() -> None:
    print("for ever")
    await asyncio.sleep(600)


@job()
def boom() -> None:
    raise ValueError("no such luck")


@job(timeout="100ms")
async def late() -> None:
    await asyncio.sleep(600)


@job("daily at 02:30", secrets=["CLI_TEST_SECRET_THAT_IS_NOT_THERE"])
def locked() -> None: ...
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that is served, until the last of these tests is over."""
    with serving(tmp_path_factory.mktemp("served"), CONFIG, {"jobsserved.py": JOBS}) as path:
        yield path


@pytest.fixture
def served(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Served]:
    with inside(home, monkeypatch, capsys) as served:
        yield served


@pytest.fixture
def started(served: Served) -> Iterator[Callable[[str], str]]:
    """Starts a run that does not end by itself, and ends it."""
    runs: list[str] = []

    def start(job: str) -> str:
        runs.append(served.asched("run", job, "--no-wait", "-q").out.strip())
        return runs[-1]

    yield start
    for run in runs:
        served.asched("cancel", run)
        wait_until(lambda run=run: outcome(served, run) is not None)


def outcome(served: Served, run: str) -> str | None:
    found: str | None = served.asched("logs", run, "--json").json["outcome"]
    return found


def test_a_fire_is_skipped_moved_added_and_restored_in_the_service(served: Served) -> None:
    """Moved to now it runs at once, for its own instant."""
    assert served.asched("skip", "rare@next", "--reason", "holiday").out.startswith("rare: ")
    moved = served.asched("move", "rare@next", "now", "--json").json
    assert set(moved) == keys("move")
    wait_until(lambda: served.asched("runs", "rare", "--json").out.count('"succeeded"') > 0)
    (run,) = served.asched("runs", "rare", "--json").json
    assert datetime.fromisoformat(run["scheduled_at"]) == datetime.fromisoformat(moved["scheduled_at"])
    assert "moved" in served.asched("runs", "rare").out
    added = served.asched("add", "rare", "tomorrow 11:00", "--json").json
    first, second, third = served.asched("next", "rare", "-n", "3", "--json").json
    assert (first["at"], first["arranged"]["kind"], first["arranged"]["by"]) == (
        added["scheduled_at"],
        "add",
        added["by"],
    )
    assert [one["arranged"]["kind"] for one in (second, third)] == ["skip", "move"]
    assert "brought forward to" in served.asched("next", "rare").out
    assert served.asched("restore", "rare@next").code == 0
    assert served.asched("restore", "rare").code == 0
    assert served.asched("restore", "rare").code == 6
    assert served.asched("skip", "rar@next").err.endswith('did you mean "rare"?\n')
    assert served.asched("audit").code == 0


def test_status_says_who_serves_what(served: Served) -> None:
    said = served.asched("status")
    assert said.code == 0
    first, second, third, *table = said.out.splitlines()
    assert first.startswith("asched 0.1.0, instance 1, pid ")
    assert first.endswith(", healthy")
    assert second.endswith(f"config.toml, ledger {served.ledger}")
    assert third.startswith("7 jobs, 0 running, next is hello at ")
    assert [line.split()[0] for line in table] == ["JOB", "hello", "rare", "slow", "forever", "boom", "late", "locked"]
    assert table[-1].split()[1:] == ["-", "-", "disabled"]


def test_status_says_that_what_is_paused_is_not_started(served: Served) -> None:
    served.asched("pause", "hello")
    try:
        rows = {line.split()[0]: line for line in served.asched("status").out.splitlines()}
        assert "(paused)" in rows["hello"]
        assert "(paused)" not in rows["slow"]
    finally:
        served.asched("resume", "hello")


def test_healthcheck_is_silent_unless_asked(served: Served) -> None:
    assert served.asched("healthcheck") == (served.asched("healthcheck", "-q"))
    assert served.asched("healthcheck").out == ""
    assert served.asched("healthcheck", "-v").out == "healthy\n"
    assert served.asched("healthcheck", "--json").json == {"healthy": True, "reasons": [], "ready": True}


def test_a_run_is_the_services_and_its_output_comes_here(served: Served) -> None:
    said = served.asched("run", "hello", "--arg", "name=Bob", "--at", "2026-07-01T12:00")
    assert (said.code, said.out) == (0, "hello Bob\n")
    assert ", in the service\n" in said.err
    run = served.asched("runs", "hello", "-n", "1", "--json").json[0]
    assert run["result"] == {"greeted": "Bob"}
    assert run["scheduled_at"] == "2026-07-01T10:00:00+00:00"


@pytest.mark.parametrize(("job", "code"), [("hello", 0), ("boom", 1), ("late", 124)])
def test_how_it_ended_in_the_service_is_the_exit_code(served: Served, job: str, code: int) -> None:
    assert served.asched("run", job, "--json").code == code


def test_an_argument_that_the_job_does_not_take_is_named(served: Served) -> None:
    said = served.asched("run", "hello", "--arg", "nmae=Bob")
    assert said.code == 2
    assert 'has no argument "nmae": did you mean "name"?' in said.err


def test_no_wait_prints_the_run_and_logs_follow_it_to_its_end(served: Served) -> None:
    run = served.asched("run", "slow", "--no-wait").out.strip()
    said = served.asched("logs", "-f", run)
    assert (said.code, said.out) == (0, "line 0\nline 1\nline 2\nline 3\n")
    assert "it succeeded, after " in said.err
    assert set(served.asched("run", "hello", "--no-wait", "--json").json) == {"run", "job"}


def test_cancel_stops_what_runs(served: Served, started: Callable[[str], str]) -> None:
    run = started("forever")
    said = served.asched("cancel", run, "--reason", "enough")
    assert (said.code, said.out) == (0, f"run {run} was asked to stop\n")
    ended = served.asched("logs", "-f", run)
    assert "it was cancelled: enough" in ended.err
    again = served.asched("cancel", run)
    assert again.code == 6
    assert "over" in again.err or "does not run" in again.err, again.err
    assert served.asched("cancel", "77-7").code == 3
    assert served.asched("cancel", "hello").code == 3


def test_a_job_at_its_limits_is_refused(served: Served, started: Callable[[str], str]) -> None:
    started("forever")
    said = served.asched("run", "forever")
    assert said.code == 6
    assert "max_instances" in said.err


def test_ctrl_c_leaves_the_run_to_the_service(served: Served) -> None:
    process = served.start("run", "forever")
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "for ever\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=15)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    run = err.partition("asched cancel ")[2].partition("`")[0]
    assert outcome(served, run) is None
    served.asched("cancel", run)
    assert "it was cancelled" in served.asched("logs", "-f", run).err


def test_pause_and_resume(served: Served) -> None:
    assert served.asched("pause", "hello", "--for", "2h", "--reason", "why not").code == 0
    assert served.asched("show", "hello", "--json").json["paused"]["reason"] == "why not"
    assert "paused" in served.asched("status").out
    assert served.asched("resume", "hello").code == 0
    said = served.asched("resume", "hello")
    assert (said.code, said.err) == (6, 'asched: job "hello" is not paused\n')


@pytest.mark.parametrize("verb", ["run", "pause", "resume"])
def test_a_misspelt_job_is_unknown_and_its_name_is_offered(served: Served, verb: str) -> None:
    said = served.asched(verb, "helo")
    assert (said.code, said.err) == (3, 'asched: no job is called "helo": did you mean "hello"?\n')


def test_a_disabled_job_is_refused_with_the_secret_that_is_missing(served: Served) -> None:
    said = served.asched("run", "locked")
    assert said.code == 6
    assert "secret CLI_TEST_SECRET_THAT_IS_NOT_THERE is not set" in said.err


def test_reload_takes_what_is_new_or_leaves_all_as_it_is(served: Served) -> None:
    try:
        served.jobs.write_text(JOBS + "\n\n@job()\ndef extra() -> None: ...\n")
        assert served.asched("reload").out == (
            "reloaded; added: extra; changed: none; removed: none; fires of the next day: 0 come, 0 go, 0 move\n"
        )
        served.jobs.write_text(JOBS + '\n\n@job("99 * * * *")\ndef extra() -> None: ...\n')
        said = served.asched("reload")
        assert said.code == 4
        assert "99" in said.err
        assert said.err == served.run("check").out, "with the same place, line, caret and help"
        assert "extra" in served.asched("status").out
    finally:
        served.jobs.write_text(JOBS)
        assert served.asched("reload", "--json").json == {
            "added": [],
            "changed": [],
            "removed": ["extra"],
            "settings": [],
            "dropped": [],
            "fires": {"new": 0, "gone": 0, "moved": 0},
        }


def test_audit_beside_the_service(served: Served, started: Callable[[str], str]) -> None:
    started("forever")
    said = served.asched("audit")
    assert said.code == 0
    assert said.out.startswith("balanced: ")
    assert said.err == ""


def test_a_second_service_is_refused_and_names_the_first(served: Served) -> None:
    said = served.run("serve")
    assert said.code == 6
    pid = served.asched("status", "--json").json["pid"]
    assert f"pid {pid}" in said.err + said.out


@pytest.mark.parametrize("verb", ["status", "healthcheck", "reload"])
def test_json_has_the_documented_keys(served: Served, verb: str) -> None:
    assert set(served.asched(verb, "--json").json) == keys(verb)


def test_the_ledger_is_backed_up_checked_and_pruned_while_it_is_served(served: Served) -> None:
    assert served.asched("run", "hello").code == 0
    assert served.asched("db", "backup", "copy.db").code == 0
    assert served.asched("db", "check").code == 0
    assert served.asched("db", "prune", "--before", "now", "--dry-run", "--json").json["fires"] > 0
    foretold = served.asched("db", "prune", "--dry-run", "--json").json["fires"]
    assert served.asched("db", "prune", "--json").json == {"fires": foretold, "dry_run": False}
    assert served.asched("db", "prune", "--json").json == {"fires": 0, "dry_run": False}
    (served.path / "copy.db").unlink()
