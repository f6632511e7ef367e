"""Real services and jobs that fail: what a killed process leaves of retries and limits, and who killed it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Serving, wait_until

pytestmark = pytest.mark.service

Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    made: list[Serving] = []

    def start(jobs: str, **options: Any) -> Serving:
        made.append(Serving(tmp_path, jobs, **options))
        return made[-1]

    yield start
    for service in made:
        service.end()


RETRIED = """
    @job("@reboot", retry={{"attempts": 2, "delay": "{delay}", "jitter": 0}}, run_timeout="{limit}")
    async def shaky(run: asched.Run) -> None:
        if run.attempt == 1:
            raise ValueError("not yet")
    """


def test_a_service_killed_between_two_attempts_makes_the_second_one_when_it_is_back(serve: Serve) -> None:
    service = serve(RETRIED.format(delay="2s", limit="1h")).start()
    service.event("run.retrying", job="shaky")
    service.kill()
    assert service.query("SELECT attempt, outcome FROM fires WHERE job = 'shaky'") == [(1, None)]
    service.start()
    service.event("run.succeeded", job="shaky")
    assert service.stop() == 0
    assert service.query("SELECT attempt, outcome FROM fires WHERE job = 'shaky'") == [(2, "succeeded")]
    assert service.query("SELECT outcome FROM attempts") == [("failed",)]
    service.audit()


def test_a_run_whose_time_was_up_meanwhile_is_not_tried_again(serve: Serve) -> None:
    service = serve(RETRIED.format(delay="1h", limit="1s")).start()
    service.event("run.retrying", job="shaky")
    service.kill()
    service.start()
    assert service.event("run.timed_out", job="shaky")["whole_run"] is True
    assert service.stop() == 0
    assert service.query("SELECT attempt, outcome FROM fires WHERE job = 'shaky'") == [(1, "timed_out")]
    service.audit()


def test_a_job_that_takes_the_service_down_three_times_is_held_until_it_is_resumed(serve: Serve) -> None:
    service = serve(
        """
        import os, pathlib, signal
        @job("@startup")
        async def poison() -> None:
            with open("starts", "a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        @job("every 100ms")
        async def innocent() -> None: ...
        """
    )
    starts = service.folder / "starts"
    for count in (1, 2, 3):
        service.start(wait=False)
        assert service.wait() == -signal.SIGKILL
        assert len(starts.read_text()) == count
    service.start()
    service.event("run.succeeded", job="innocent")
    assert len(starts.read_text()) == 3
    ((by, reason),) = service.query("SELECT by, reason FROM pauses WHERE job = 'poison'")
    assert (by, reason.count("asched ")) == ("asched", 4)
    assert reason.startswith("quarantined: asched died three times while it ran: asched 1 at ")
    assert service.event("job.paused", job="poison")["reason"] == reason
    assert service.query("SELECT verb, by FROM acts WHERE job = 'poison'") == [("quarantine", "asched")]
    listed = service.command("list")
    assert f"poison is paused by asched: {reason}" in listed.stdout + listed.stderr
    service.audit()
    assert service.command("resume", "poison").returncode == 0
    service.kill()
    service.start(wait=False)
    assert service.wait() == -signal.SIGKILL, "released, it runs again, and is counted anew"
    assert len(starts.read_text()) == 4
    service.start(wait=False)
    wait_until(lambda: service.code is not None, "it dies again")
    assert len(starts.read_text()) == 5
