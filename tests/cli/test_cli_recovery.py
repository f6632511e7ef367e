"""`asched recovery`: what would be owed, what is held, and the answers to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from subprocess import Popen

import pytest
from clifolder import CONFIG, Folder, wait_until
from test_cli_reference import keys

ASKING = CONFIG.replace('jobs = ["jobs"]', 'jobs = ["jobs"]\nrecovery = { ask = 1, at_once = 2, order = "priority" }')
HELD = "2 fires held until 20"


def owing(folder: Folder, text: str) -> Folder:
    """Jobs that have run until twenty minutes ago, and owe since then. With a schedule that is not due meanwhile."""
    folder.config.write_text(text)
    folder.jobs.write_text(folder.jobs.read_text().replace("every 10s", "every 7m").replace("every 20s", "every 9m"))
    folder.fill(["tick", "broken"], seconds=3600)
    return folder


# Without a service.


def test_it_says_what_would_be_made_up_for(folder: Folder) -> None:
    said = owing(folder, CONFIG).asched("recovery")
    assert said.out.startswith("if it started now, 2 fires would be made up for, 20 at once\n")
    assert {line.split()[0] for line in said.out.splitlines()[1:]} == {"JOB", "broken", "tick"}


def test_it_says_that_it_would_ask(folder: Folder) -> None:
    said = owing(folder, ASKING).asched("recovery")
    assert said.out.startswith("if it started now, 2 fires would be held until somebody approves\n")


def test_it_says_what_is_beyond_the_limit(folder: Folder) -> None:
    text = CONFIG.replace("[[job]]", "[service.recovery]\nlimit = 1\n\n[[job]]")
    status = owing(folder, text).asched("recovery", "--json").json
    assert (status["served"], status["waiting"], status["beyond_limit"]) == (False, 1, 1)
    assert set(status) == keys("recovery") | {"served", "beyond_limit"}


def test_after_a_short_absence_nothing_is_owed(folder: Folder) -> None:
    folder.fill(["late"])
    assert folder.asched("recovery").out == "if it started now, nothing would be made up for\n"


def test_an_answer_needs_the_service_and_only_abort_names_jobs(folder: Folder) -> None:
    assert folder.asched("recovery", "approve").code == 5
    said = folder.asched("recovery", "approve", "tick")
    assert (said.code, "only `abort` takes the names of jobs" in said.err) == (2, True)


# With one.


@pytest.fixture
def held(folder: Folder) -> Iterator[Folder]:
    owing(folder, ASKING)
    process: Popen[str] = folder.start("serve", start_new_session=True)
    try:
        wait_until(lambda: folder.asched("healthcheck").code == 0)
        yield folder
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.mark.service
def test_what_is_held_is_said_everywhere_until_it_is_approved(held: Folder) -> None:
    assert held.asched("recovery").out.startswith(HELD)
    assert HELD in held.asched("status").out
    assert HELD in held.asched("list").err
    status = held.asched("recovery", "--json").json
    assert (status["state"], status["held"]["count"], status["jobs"]) == ("held", 2, {"broken": 1, "tick": 1})
    waiting = next(one for one in held.asched("status", "--json").json["jobs"] if one["name"] == "tick")["waiting"][0]
    assert "waits for somebody to approve: it is held until 20" in held.asched("why", waiting["run"]).out
    for told in ("list", "status"):
        assert f"{waiting['run']} of tick waits for {waiting['for']}" in held.asched(told).err
    assert f"it waits for {waiting['for']}" in held.asched("why", waiting["run"]).out
    said = held.asched("recovery", "approve", "--reason", "seen")
    assert (said.code, said.out) == (0, "2 fires may start\n")
    assert HELD not in held.asched("list").err
    said = held.asched("recovery", "approve")
    assert (said.code, said.err) == (6, "asched: nothing is held: there is nothing to approve of\n")


@pytest.mark.service
def test_what_is_aborted_is_skipped_with_the_reason(held: Folder) -> None:
    assert held.asched("recovery", "abort", "tick", "--json").json == {"answer": "aborted", "fires": 1}
    assert held.asched("recovery", "abort", "--reason", "too late").out == "1 fire is skipped\n"
    fires = held.asched("runs", "broken", "--skipped", "--json").json
    (skipped,) = [one for one in fires if one["reason"] == "excluded"]
    assert "it is not made up for: too late" in skipped["facts"]["cancelled"]
    assert held.asched("recovery").out == "nothing is owed\n"
    assert held.asched("recovery", "abort", "nobody").code == 3
