"""`asched db`: backup, check, prune."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from clifolder import Folder
from test_cli_control import acts

from asched.ledger.lock import ServerLock
from asched.ledger.sqlite import SqliteLedger


def rows(file: str) -> Any:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT id, job, outcome FROM fires ORDER BY id").fetchall()


def test_a_backup_is_a_ledger_with_the_same_fires(filled: Folder) -> None:
    said = filled.asched("db", "backup", "copy.db")
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("looked through\n")
    assert rows("copy.db") == rows(str(filled.ledger))
    assert filled.asched("--ledger", "copy.db", "audit").out.startswith("balanced")


def test_a_backup_holds_what_a_service_has_written_a_moment_ago(filled: Folder) -> None:
    """What is still in the log, and not in the file."""

    async def write_and_copy() -> int:
        ledger = SqliteLedger(filled.ledger)
        await ledger.open()
        try:
            with closing(sqlite3.connect(filled.ledger)) as other, other:
                other.execute("UPDATE fires SET job = 'renamed' WHERE job = 'report'")
            return await asyncio.to_thread(lambda: filled.asched("db", "backup", "copy.db").code)
        finally:
            await ledger.close()

    assert asyncio.run(write_and_copy()) == 0
    assert "renamed" in {job for _, job, _ in rows("copy.db")}


def test_a_backup_overwrites_only_when_it_is_told_to(filled: Folder) -> None:
    (filled.path / "copy.db").write_text("mine")
    refused = filled.asched("db", "backup", "copy.db")
    assert (refused.code, refused.out) == (6, "")
    assert "--yes overwrites it" in refused.err
    assert (filled.path / "copy.db").read_text() == "mine"
    assert filled.asched("db", "backup", "copy.db", "--yes").code == 0
    assert rows("copy.db")


def test_the_ledger_is_never_overwritten_by_its_copy(filled: Folder) -> None:
    said = filled.asched("db", "backup", str(filled.ledger), "--yes")
    assert (said.code, "is the ledger itself" in said.err) == (6, True)


def test_a_file_with_a_log_of_its_own_is_not_overwritten(filled: Folder) -> None:
    """SQLite would play that log into the copy."""
    (filled.path / "copy.db").write_text("x")
    (filled.path / "copy.db-wal").write_text("x")
    assert filled.asched("db", "backup", "copy.db", "--yes").code == 6


def test_nothing_is_pruned_before_an_instant_that_is_to_come(filled: Folder) -> None:
    said = filled.asched("db", "prune", "--before", "2099-01-01", "--dry-run")
    assert (said.code, "is to come" in said.err) == (6, True)


def test_a_backup_that_cannot_be_written_leaves_nothing(filled: Folder) -> None:
    said = filled.asched("db", "backup", "nowhere/copy.db")
    assert (said.code, said.err) == (74, f"asched: there is no such folder: {filled.path / 'nowhere'}\n")
    before = sorted(path.name for path in filled.path.iterdir())
    with filled.ledger.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 4096)
    said = filled.asched("db", "backup", "copy.db")
    assert (said.code, said.out) == (65, "")
    assert sorted(path.name for path in filled.path.iterdir()) == before


def test_a_ledger_that_is_well_is_whole_and_balanced(filled: Folder) -> None:
    said = filled.asched("db", "check")
    assert said.code == 0
    assert [line.partition(":")[0] for line in said.out.splitlines()[1:]] == ["whole", "balanced"]


def test_a_damaged_file_is_named_with_what_sqlite_says(filled: Folder) -> None:
    with filled.ledger.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 4096)
    said = filled.asched("db", "check", "--json")
    assert said.code == 65
    if said.out:
        assert said.json["ok"] is False
        assert said.json["complaints"] != []
    else:
        assert "is damaged" in said.err


def test_what_does_not_add_up_is_no_damage(filled: Folder) -> None:
    with closing(sqlite3.connect(filled.ledger)) as connection, connection:
        connection.execute(
            "DELETE FROM fires WHERE job = 'tick' AND id = (SELECT min(id) FROM fires WHERE job = 'tick')"
        )
    said = filled.asched("db", "check")
    assert said.code == 1
    assert "NOT balanced: 1 fault" in said.out


@pytest.mark.parametrize("content", [b"", b"not a database at all"])
def test_what_is_no_ledger_is_left_alone(filled: Folder, content: bytes) -> None:
    other = filled.path / "other.db"
    other.write_bytes(content)
    for command in (["check"], ["backup", "copy.db"]):
        assert filled.asched("--ledger", "other.db", "db", *command).code == 65
    assert other.read_bytes() == content


def test_without_a_ledger_there_is_nothing_to_look_at(folder: Folder) -> None:
    for command in (["check"], ["backup", "copy.db"], ["prune", "--dry-run"]):
        assert folder.asched("db", *command).code == 3


def test_prune_says_first_what_would_go_and_then_it_is_gone(filled: Folder) -> None:
    fires = len(rows(str(filled.ledger)))
    would = filled.asched("db", "prune", "--before", "now", "--dry-run", "--json").json
    assert would == {"fires": fires, "dry_run": True}
    assert len(rows(str(filled.ledger))) == fires
    said = filled.asched("db", "prune", "--before", "now", "--reason", "tidy")
    assert (said.code, said.out) == (0, f"{fires} fires are deleted\n")
    assert rows(str(filled.ledger)) == []
    assert filled.asched("audit").code == 0
    assert acts(filled) == [("prune", "", "tidy")]


def test_prune_keeps_what_the_configuration_keeps(filled: Folder) -> None:
    assert filled.asched("db", "prune").out == "0 fires are deleted\n"
    kept = 'jobs = ["jobs"]\nretention = { failures = "180d" }\n'
    filled.config.write_text(filled.config.read_text().replace('jobs = ["jobs"]\n', kept))
    filled.asched("db", "prune", "--before", "now")
    assert {(job, outcome) for _, job, outcome in rows(str(filled.ledger))} == {("broken", "failed")}
    assert filled.asched("audit").code == 0
    run = filled.asched("runs", "broken", "-n", "1", "--json").json[0]["run"]
    assert "it failed: ValueError: no such luck" in filled.asched("why", run).out


def test_prune_leaves_a_ledger_alone_that_somebody_has(filled: Folder) -> None:
    lock = ServerLock.take(filled.ledger)
    try:
        assert filled.asched("db", "prune").code == 6
    finally:
        lock.release()
