"""A served job that watches files: real files, a real service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Serving, wait_until

pytestmark = pytest.mark.service


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[[str], Serving]]:
    made: list[Serving] = []

    def start(jobs: str) -> Serving:
        made.append(Serving(tmp_path, jobs))
        return made[-1].start()

    yield start
    for service in made:
        service.end()


def ended(service: Serving, job: str) -> list[tuple[Any, ...]]:
    return service.query("SELECT outcome FROM fires WHERE job = ? AND origin = 'change'", job)


def test_a_change_starts_its_job_also_one_made_while_nobody_served(
    serving: Callable[[str], Serving], tmp_path: Path
) -> None:
    inbox, queue = tmp_path / "in.csv", tmp_path / "queue"
    queue.mkdir()
    jobs = f"""
    import pathlib

    @job("when {inbox} changes")
    def load() -> None: ...

    @job("while {queue} has files")
    def work_off() -> None:
        for file in pathlib.Path("{queue}").iterdir():
            file.unlink()
    """
    service = serving(jobs)
    inbox.write_text("one")
    (queue / "letter").write_text("x")
    wait_until(lambda: ended(service, "load") == [("succeeded",)], "loaded")
    wait_until(lambda: ended(service, "work_off") == [("succeeded",)], "worked off")
    service.end()
    inbox.write_text("two, while nobody served")
    service = serving(jobs)
    wait_until(lambda: ended(service, "load") == [("succeeded",)] * 2, "loaded what changed meanwhile")
    assert ended(service, "work_off") == [("succeeded",)]
