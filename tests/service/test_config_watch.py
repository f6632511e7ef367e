"""The configuration is watched: read again once its files have changed and settled, and only then (FAULTS.md 28)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from serving import Serving, wait_until

from asched.service.config import load, load_file
from asched.service.configwatch import ConfigWatch
from asched.testing.clock import FakeClock

pytestmark = pytest.mark.anyio


ICS = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261226
SUMMARY:off
END:VEVENT
END:VCALENDAR
"""


class Watched:
    """A watch of `paths` whose clock stands still; `looks(n)` looks n times, a second apart."""

    def __init__(self, *paths: object) -> None:
        self.paths = [str(path) for path in paths]
        self.told: list[Sequence[str]] = []
        self.unseen: list[tuple[str, str]] = []
        self.clock = FakeClock()
        self.watch = ConfigWatch(
            lambda: self.paths,
            self._changed,
            lambda path, why: self.unseen.append((path, why)),
            clock=self.clock,
            since=datetime.now(UTC),
        )

    async def _changed(self, paths: Sequence[str]) -> None:
        self.told.append(paths)

    async def looks(self, count: int) -> list[Sequence[str]]:
        before = len(self.told)
        for _ in range(count):
            await self.watch.look()
            await self.clock.advance(1)
        return self.told[before:]


def write(path: Path, text: str) -> None:
    path.write_text(text)


def swap(path: Path, text: str) -> None:
    """As editors do."""
    other, times = path.with_suffix(".new"), path.stat()
    other.write_text(text)
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text("one")
    return file


async def test_what_stays_is_left_alone_and_a_change_is_told_once(config: Path) -> None:
    watched = Watched(config)
    assert await watched.looks(4) == []
    write(config, "another")
    assert await watched.looks(6) == [[str(config)]]
    assert await watched.looks(4) == []


async def test_a_file_that_is_still_being_written_is_not_told(config: Path) -> None:
    watched = Watched(config)
    await watched.looks(1)
    for size in range(1, 6):
        write(config, "x" * size)
        assert await watched.looks(1) == []
    assert await watched.looks(3) == [[str(config)]]


async def test_a_file_that_an_editor_swaps_for_another_has_changed(config: Path) -> None:
    """Same size, same time of its last change in content."""
    watched = Watched(config)
    await watched.looks(1)
    swap(config, "two")
    assert await watched.looks(4) == [[str(config)]]


async def test_many_changes_at_once_are_told_together(config: Path, tmp_path: Path) -> None:
    watched = Watched(config, tmp_path / "*.py")
    await watched.looks(1)
    write(config, "another")
    for name in ("a", "b"):
        write((tmp_path / f"{name}.py"), "")
    assert await watched.looks(4) == [[str(config), str(tmp_path / "*.py")]]


async def test_what_an_editor_leaves_beside_the_jobs_is_no_change(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "*.py")
    await watched.looks(1)
    for name in (".jobs.py.swp", "jobs.py~", "4913"):
        write((tmp_path / name), "")
    assert await watched.looks(4) == []


async def test_a_file_that_goes_and_comes_back_is_told_and_said_to_be_away(config: Path) -> None:
    watched = Watched(config)
    await watched.looks(1)
    os.unlink(config)
    assert await watched.looks(4) == [[str(config)]]
    write(config, "back")
    assert await watched.looks(4) == [[str(config)]]
    assert watched.unseen == [(str(config), "it is not there")]


async def test_what_is_named_later_is_watched_from_then_on(config: Path, tmp_path: Path) -> None:
    watched = Watched(config)
    write((tmp_path / "later.py"), "")
    watched.clock = watched.watch._clock = FakeClock(datetime.now(UTC))
    write(config, "names another file")
    await watched.looks(3)
    watched.paths.append(str(tmp_path / "later.py"))
    assert await watched.looks(4) == [], "it was read when it was named"
    write((tmp_path / "later.py"), "changed")
    assert await watched.looks(4) == [[str(tmp_path / "later.py")]]


async def test_a_path_that_cannot_be_watched_is_said_once_and_costs_nothing_else(config: Path, tmp_path: Path) -> None:
    watched = Watched(tmp_path / "[odd]" / "a.py", config)
    write(config, "another")
    assert await watched.looks(4) == [[str(config)]]
    assert len(watched.unseen) == 1


def test_a_configuration_says_what_it_was_read_from(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "one.py").write_text("from asched import job\n\n@job()\ndef one(): ...\n")
    (tmp_path / "days.ics").write_text(ICS)
    text = '[service]\njobs = ["jobs", "one.py"]\nwatch = true\n[calendars.c]\nics = "days.ics"\n'
    (tmp_path / "config.toml").write_text(text)
    found = load(tmp_path / "config.toml", env={})
    assert found.watch is True
    assert found.read_from == tuple(str(tmp_path / name) for name in ("config.toml", "jobs/*.py", "one.py", "days.ics"))
    assert load_file(tmp_path / "one.py", env={}).read_from == (str(tmp_path / "one.py"),)


# The real thing.

JOB = '@job("every 1h")\ndef {name}(): ...\n'


@pytest.mark.service
@pytest.mark.parametrize("given", ["file", "environment"])
def test_a_change_is_taken_garbage_is_said_once_and_a_correction_heals(tmp_path: Path, given: str) -> None:
    env = {"ASCHED_SERVICE__WATCH": "true"} if given == "environment" else {}
    served = Serving(tmp_path, JOB.format(name="one"), env=env)
    if given == "file":
        served.config_file.write_text(
            served.config_file.read_text().replace("[service]\n", "[service]\nwatch = true\n")
        )
    try:
        served.start()
        served.write(JOB.format(name="two"))
        assert served.event("service.reloaded")["added"] == ["two"]
        assert served.event("config.changed")["paths"] == [str(tmp_path / "jobs" / "*.py")]

        garbage = (
            served.config_file.read_text() + '[[job]]\nname = "bad"\nschedule = "99 * * * *"\ncommand = ["true"]\n'
        )
        good = served.config_file.read_text()
        served.config_file.write_text(garbage)
        failed = served.event("service.reload_failed")
        served.config_file.write_text(garbage + "\n")
        served.event("service.still_wrong")
        served.config_file.write_text(good)
        wait_until(lambda: len(served.events("service.reloaded")) == 2, "healed")
        assert served.events("service.reload_failed") == [failed]
        assert "config.toml:" in failed["why"]
        assert "99" in failed["why"]
        assert served.ask("status")["jobs"][0]["name"] == "two"
        assert served.stop() == 0
        served.audit()
    finally:
        served.end()


@pytest.mark.service
def test_unless_it_is_asked_for_nothing_is_watched(tmp_path: Path) -> None:
    with Serving(tmp_path, JOB.format(name="one")) as served:
        served.write(JOB.format(name="two"))
        assert served.ask("reload")["added"] == ["two"]
        assert served.events("config.changed") == []
