"""The check that only reads, and the backup that is one when it looks like one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_run import FakeRun

from jobs import database as module
from jobs.database import Damaged, Stopped, backup_name, database_backup, database_check, outdated


@pytest.fixture
def run() -> FakeRun:
    return FakeRun(scheduled_at=datetime(2026, 11, 21, 2, 30, tzinfo=UTC))


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")
        db.executemany("INSERT INTO note (text) VALUES (?)", [("x" * 500,) for _ in range(2000)])
    return path


def damage(path: Path) -> None:
    """Overwrite a page in the middle, as a bad disk does."""
    with path.open("r+b") as file:
        file.seek(4096 * 40)
        file.write(b"\xff" * 4096)


def notes(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM note").fetchone()[0])


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_sound_database_answers_with_its_latency(run: FakeRun, app: Path) -> None:
    result = database_check(run, str(app))
    assert result["ok"] is True
    assert all(isinstance(result[key], float) and result[key] >= 0 for key in ("select_ms", "check_ms"))
    assert run.log.events == ["database.checked"]


def test_the_check_changes_nothing(run: FakeRun, app: Path) -> None:
    before = app.read_bytes()
    database_check(run, str(app))
    assert app.read_bytes() == before


def test_a_damaged_database_fails_the_check(run: FakeRun, app: Path) -> None:
    damage(app)
    with pytest.raises(Damaged, match="Restore the newest backup"):
        database_check(run, str(app))


def test_a_file_that_is_no_database_fails_the_check(run: FakeRun, tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("dear diary " * 100)
    with pytest.raises(Damaged, match="not a database"):
        database_check(run, str(path))


@pytest.mark.parametrize("function", [database_check, database_backup])
def test_a_missing_database_is_not_created(run: FakeRun, tmp_path: Path, function: object) -> None:
    with pytest.raises(FileNotFoundError, match=r"args\.database"):
        function(run, str(tmp_path / "none.db"))  # type: ignore[operator]
    assert names(tmp_path) == []


def test_a_locked_database_is_not_called_damaged(run: FakeRun, tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            database_check(run, str(path), busy_timeout=0.01)


def test_a_cancelled_check_stops(run: FakeRun, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS_BETWEEN_LOOKS", 1)
    run.cancelled = True
    with pytest.raises(Stopped):
        database_check(run, str(app))


def test_a_backup_is_one_sound_file_named_by_its_instant(run: FakeRun, app: Path, tmp_path: Path) -> None:
    result = database_backup(run, str(app), str(tmp_path / "backups"))
    assert names(tmp_path / "backups") == ["app-20261121T023000Z.db"]
    assert notes(Path(str(result["backup"]))) == 2000
    assert result["removed"] == []
    assert names(tmp_path / "backups") == ["app-20261121T023000Z.db"]


class WritingRun(FakeRun):
    """Somebody else commits a write each time that the job looks whether it is cancelled."""

    def __init__(self, path: Path, scheduled_at: datetime) -> None:
        self.path, self.looks = path, 0
        super().__init__(scheduled_at=scheduled_at)

    @property
    def cancelled(self) -> bool:
        self.looks += 1
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("INSERT INTO note (text) VALUES ('later')")
        return self.looks > 500

    @cancelled.setter
    def cancelled(self, value: bool) -> None:
        """What FakeRun's own __init__ sets is of no interest."""


def test_a_backup_holds_one_state_while_others_write(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the pinned state each write would start the copy again, until the run is cancelled."""
    monkeypatch.setattr(module, "PAGES_AT_ONCE", 5)
    run = WritingRun(app, datetime(2026, 11, 21, 2, 30, tzinfo=UTC))
    result = database_backup(run, str(app), str(tmp_path / "backups"))
    assert run.looks > 20
    assert notes(Path(str(result["backup"]))) == 2000
    assert notes(app) == 2000 + run.looks


def test_a_run_again_for_the_same_instant_replaces_its_backup(run: FakeRun, app: Path, tmp_path: Path) -> None:
    for _ in range(2):
        database_backup(run, str(app), str(tmp_path / "backups"))
    assert len(names(tmp_path / "backups")) == 1


def test_only_the_newest_backups_of_this_database_stay(run: FakeRun, app: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    foreign = ["app-before-upgrade.db", "app-20200101T000000Z.db.txt", "other-20200101T000000Z.db"]
    for name in foreign:
        (folder / name).touch()
    for _ in range(5):
        run.scheduled_at += timedelta(days=1)
        result = database_backup(run, str(app), str(folder), keep=3)
    assert result["removed"] == ["app-20261123T023000Z.db"]
    newest = [f"app-202611{day}T023000Z.db" for day in (24, 25, 26)]
    assert names(folder) == sorted([*newest, *foreign])


@pytest.mark.parametrize("keep", [0, -1])
def test_keeping_nothing_is_refused_before_anything_is_removed(
    run: FakeRun, app: Path, tmp_path: Path, keep: int
) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        database_backup(run, str(app), str(tmp_path / "backups"), keep=keep)


def test_a_damaged_database_gets_no_backup_and_the_old_ones_stay(run: FakeRun, app: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    database_backup(run, str(app), str(folder), keep=1)
    damage(app)
    run.scheduled_at += timedelta(days=1)
    with pytest.raises(Damaged):
        database_backup(run, str(app), str(folder), keep=1)
    assert names(folder) == ["app-20261121T023000Z.db"]


@pytest.mark.parametrize("step", ["copy", "make_durable"])
def test_a_full_disk_leaves_no_half_backup(
    run: FakeRun, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, step, full)
    with pytest.raises(OSError, match="No space"):
        database_backup(run, str(app), str(tmp_path / "backups"))
    assert names(tmp_path / "backups") == []


def test_a_cancelled_backup_leaves_nothing(run: FakeRun, app: Path, tmp_path: Path) -> None:
    run.cancelled = True
    with pytest.raises(Stopped):
        database_backup(run, str(app), str(tmp_path / "backups"))
    assert names(tmp_path / "backups") == []


def test_what_a_killed_backup_left_is_in_nobodys_way(run: FakeRun, app: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / ".app.tmp").write_bytes(b"half a copy")
    (folder / ".app.tmp-journal").write_bytes(b"old")
    database_backup(run, str(app), str(folder))
    assert names(folder) == ["app-20261121T023000Z.db"]


def test_a_path_with_odd_characters_is_a_path(run: FakeRun, app: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a b?c#d%20" / "ü.db"
    odd.parent.mkdir()
    os.replace(app, odd)
    assert database_check(run, str(odd))["ok"] is True


def test_names_sort_by_time() -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    made = [backup_name("app", at + timedelta(hours=hours)) for hours in range(3)]
    assert made == sorted(made)
    assert outdated([*made, "app-x.db"], "app", 1) == made[:2]
