"""The file of the SQLite ledger: who may have it, what is refused, what heals by itself (FAULTS 2, 5, 7 to 12, 29)."""

# ruff: noqa: ASYNC220, ASYNC221, ASYNC222, ASYNC240 - these tests are about files and other processes

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from asched.core.change import Change
from asched.core.record import FireQuery
from asched.engine.clock import LONGEST_SLEEP
from asched.errors import AlreadyServed, ConfigurationError, LedgerUnavailable, LedgerUnusable
from asched.ledger import schema
from asched.ledger.ledgerfile import NO_LEDGER_YET, file_system_of
from asched.ledger.memory import MemoryLedger
from asched.ledger.opening import ledger_for
from asched.ledger.sqlite import SqliteLedger
from asched.testing.ledger_samples import OURS, activate, decide, fire, instance, record, started, twice

pytestmark = pytest.mark.anyio
SOON = timedelta(milliseconds=50)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "asched.db"


@asynccontextmanager
async def opened(path: Path, **more: bool) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(path, busy_timeout=SOON, **more)
    await ledger.open()
    try:
        yield ledger
    finally:
        await ledger.close()


async def with_a_fire(path: Path) -> None:
    async with opened(path) as ledger:
        await started(ledger)


async def why_unusable(path: Path, **more: bool) -> str:
    """The refusal; and nothing that was there was touched."""
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(LedgerUnusable) as caught:
        async with opened(path, **more):
            pass
    assert (path.read_bytes() if path.exists() else None) == before
    return str(caught.value)


# ---- one server


async def test_a_second_server_is_refused_and_told_of_the_first(path: Path) -> None:
    async with opened(path):
        with pytest.raises(AlreadyServed, match=rf"served by pid {os.getpid()} on \S+ since 20\d\d-"):
            await SqliteLedger(path).open()
    async with opened(path):
        pass


async def test_a_server_in_another_process_is_refused_until_the_first_is_dead(path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from asched.ledger.sqlite import SqliteLedger\n"
        "async def main():\n"
        "    await SqliteLedger(sys.argv[1]).open()\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
        "asyncio.run(main())\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"open\n"
        with pytest.raises(AlreadyServed, match=f"pid {first.pid} "):
            await SqliteLedger(path).open()
        first.kill()
    async with opened(path):
        pass


async def test_a_lock_does_not_outlive_its_server_in_a_forked_job(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.open()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # a job that outlives us
        os.close(write)
        os.read(read, 1)
        os._exit(0)
    os.close(read)
    try:
        await ledger.close()
        async with opened(path):
            pass
    finally:
        os.close(write)
        os.waitpid(child, 0)


async def test_workers_without_the_lock_share_the_file_with_a_server(path: Path) -> None:
    async with opened(path) as server, opened(path, serve=False) as worker:
        assert server.heartbeat > worker.heartbeat
        one = await started(server)
        assert (await record(worker, one)).id == one.id
        assert await worker.commit(2, [activate("other")]) == ()
        assert len(await server.versions()) == 2


# ---- reading beside a server, and without one


async def test_one_who_only_reads_reads_beside_the_server(path: Path) -> None:
    async with opened(path) as server, opened(path, readonly=True) as reader:
        one = await started(server)
        assert (await record(reader, one)).id == one.id
        with pytest.raises(LedgerUnusable, match="reading only"):
            await reader.commit(OURS, [activate()])
        with pytest.raises(LedgerUnusable, match="reading only"):
            await reader.enter(instance())


async def test_one_who_only_reads_finds_no_ledger_and_makes_none(path: Path) -> None:
    assert (await why_unusable(path, readonly=True)).startswith(NO_LEDGER_YET)
    assert os.listdir(path.parent) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter, which pytest's are not."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


READ_AS_NOBODY = """
import asyncio, os, sys, tempfile
from asched.core.record import FireQuery
from asched.errors import LedgerUnusable
from asched.ledger.sqlite import SqliteLedger
async def read(path):
    reader = SqliteLedger(path, readonly=True)
    await reader.open()
    print(len(await reader.fires(FireQuery())))
    await reader.close()
async def serve(path):
    ledger = SqliteLedger(path)
    try:
        await ledger.open()
        await ledger.close()
    except LedgerUnusable as error:
        print(error)
with tempfile.TemporaryDirectory() as warm:  # nobody may not be able to import what is imported late
    asyncio.run(serve(warm + "/asched.db")), asyncio.run(read(warm + "/asched.db")), asyncio.run(serve(warm))
print("---")
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
asyncio.run(read(sys.argv[1]))
asyncio.run(serve(sys.argv[1]))
"""


async def test_a_read_only_folder_is_read_and_not_served(open_folder: Path) -> None:
    """FAULTS 12. As another user, because root may write everywhere."""
    path = open_folder / "asched.db"
    await with_a_fire(path)
    path.chmod(0o444)
    open_folder.chmod(0o555)
    run = [sys.executable, "-c", READ_AS_NOBODY, str(path)]
    done = subprocess.run(run, capture_output=True, text=True, env=_environment(), check=False)
    open_folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    count, refusal = done.stdout.partition("---\n")[2].splitlines()
    assert count == "1"
    assert "cannot be" in refusal
    assert "only read still work" in refusal


async def test_a_read_only_file_is_read_while_a_server_writes(open_folder: Path) -> None:
    path = open_folder / "asched.db"
    async with opened(path) as server:
        await started(server)
        for name in ("asched.db", "asched.db-wal", "asched.db-shm"):
            (open_folder / name).chmod(0o644)
        run = [sys.executable, "-c", READ_AS_NOBODY, str(path)]
        done = await asyncio.to_thread(
            subprocess.run, run, capture_output=True, text=True, env=_environment(), check=False
        )
    assert done.stdout.partition("---\n")[2].startswith("1\n"), done.stderr


# ---- what is refused


async def test_an_empty_file_is_refused(path: Path) -> None:
    path.touch()
    assert "is empty" in await why_unusable(path)


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("timezone = 'UTC'\n" * 100)
    assert "no SQLite database" in await why_unusable(path)


async def test_the_database_of_another_program_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (text)")
    assert "another program" in await why_unusable(path)
    assert "another program" in await why_unusable(path, readonly=True)


@pytest.mark.parametrize("size", [60, 4096, 6000, 0.5, 0.9])
async def test_a_file_that_was_cut_off_is_refused(path: Path, size: float) -> None:
    await with_a_fire(path)
    os.truncate(path, int(size if size > 1 else path.stat().st_size * size))
    message = await why_unusable(path)
    assert "damaged" in message
    assert "backup" in message


async def test_a_file_with_a_damaged_page_is_refused(path: Path) -> None:
    await with_a_fire(path)
    with path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(os.urandom(4096))
    assert "damaged" in await why_unusable(path)


async def test_damage_found_while_reading_stops_everything(path: Path) -> None:
    await with_a_fire(path)
    async with opened(path, readonly=True) as reader:
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        with pytest.raises(LedgerUnusable, match="damaged"):
            await reader.fires(FireQuery())


async def test_a_newer_schema_is_refused(path: Path) -> None:
    await with_a_fire(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
    assert "newer asched (schema 99" in await why_unusable(path)
    assert "newer asched" in await why_unusable(path, readonly=True)


async def test_a_log_without_its_file_is_not_begun_anew(path: Path) -> None:
    path.with_name("asched.db-wal").write_bytes(b"frames")
    assert "put the file back" in await why_unusable(path)


def test_network_file_systems_are_told_apart() -> None:
    mounts = (
        "/dev/sda / ext4 rw 0 0\nhost:/x /srv/nfs\\040share nfs4 rw 0 0\n"
        "tmpfs /srv/nfs\\040share/local tmpfs rw 0 0\n//host/x /mnt cifs rw 0 0\n/dev/sdb /mnt ext4 rw 0 0\n"
    )
    assert file_system_of(Path("/srv/nfs share/a"), mounts) == "nfs4"
    assert file_system_of(Path("/srv/nfs share/local/a"), mounts) == "tmpfs"
    assert file_system_of(Path("/srv/other"), mounts) == "ext4"
    assert file_system_of(Path("/mnt"), mounts) == "ext4"


async def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asched.ledger.ledgerfile.file_system_of", lambda folder, mounts: "nfs4")
    assert "network file system" in await why_unusable(path)


# ---- what heals by itself


async def test_it_is_private_and_makes_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "state" / "asched" / "asched.db"
    await with_a_fire(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(path.parent)) == ["asched.db", "asched.db.lock"]


async def test_one_killed_while_it_made_the_ledger_leaves_nothing_in_the_way(path: Path) -> None:
    """FAULTS 2: the ledger gets its name when it is whole."""
    for left in (".asched.db.x1.making", ".asched.db.x1.making-journal"):
        path.with_name(left).write_bytes(b"SQLite format 3\0 half")
    await with_a_fire(path)
    assert sorted(os.listdir(path.parent)) == ["asched.db", "asched.db.lock"]


async def test_it_is_found_again_after_a_restart(path: Path) -> None:
    await with_a_fire(path)
    async with opened(path) as ledger:
        assert len((await ledger.restore()).open) == 1
        assert ledger.remarks == ()


OLDER_THAN_NOW = (*schema.MIGRATIONS, ("ALTER TABLE acts ADD COLUMN via TEXT", "CREATE TABLE pools (name TEXT) STRICT"))


async def test_an_older_schema_is_migrated_after_a_backup(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_a_fire(path)
    before = len(schema.MIGRATIONS)
    monkeypatch.setattr(schema, "MIGRATIONS", OLDER_THAN_NOW)
    assert "older schema" in await why_unusable(path, readonly=True)
    async with opened(path) as ledger:
        assert len(await ledger.fires(FireQuery())) == 1
    with closing(sqlite3.connect(path)) as now, closing(sqlite3.connect(f"{path}.schema{before}.backup")) as then:
        assert schema.schema_of(now) == len(OLDER_THAN_NOW)
        assert schema.schema_of(then) == before
        assert then.execute("SELECT count(*) FROM fires").fetchone() == (1,)


async def test_a_migration_that_fails_leaves_the_old_ledger(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_a_fire(path)
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*OLDER_THAN_NOW, ("NONSENSE",)))
        with pytest.raises(sqlite3.OperationalError, match="NONSENSE"):
            await SqliteLedger(path).open()
    async with opened(path) as ledger:
        assert len(await ledger.fires(FireQuery())) == 1


async def test_a_ledger_that_went_back_in_time_is_reported(path: Path) -> None:
    """FAULTS 10: an old copy is put in place; numbers of instances are not given again."""
    async with opened(path) as ledger:
        assert await ledger.enter(instance(1)) == 1
    old = path.read_bytes()
    async with opened(path) as ledger:
        assert await ledger.enter(instance(2)) == 2
        await started(ledger)
    path.write_bytes(old)
    async with opened(path) as ledger:
        (remark,) = ledger.remarks
        assert "went back in time: the last 3 transactions" in remark
        assert await ledger.enter(instance(3)) == 3


async def test_a_log_that_was_removed_is_reported(path: Path) -> None:
    """The server dies with its log not yet in the file, and somebody tidies up."""
    async with opened(path) as ledger:
        await started(ledger)
        file, lock = path.read_bytes(), path.with_name("asched.db.lock").read_bytes()
    path.write_bytes(file)
    path.with_name("asched.db.lock").write_bytes(lock)
    async with opened(path) as ledger:
        assert "went back in time" in ledger.remarks[0]


# ---- trouble while it runs


async def test_a_file_locked_by_another_is_unavailable_and_the_other_is_named(path: Path) -> None:
    """FAULTS 7."""
    script = (
        "import sqlite3, sys\n"
        "other = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "other.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    async with opened(path) as ledger:
        run = [sys.executable, "-c", script, str(path)]
        with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"locked\n"
            with pytest.raises(LedgerUnavailable, match=rf"locked by pid {other.pid} \(python"):
                await ledger.commit(OURS, [activate()])
            assert other.stdin is not None
            other.stdin.close()
        await twice(ledger, OURS, activate())


async def test_a_full_disk_is_unavailable_until_there_is_space(path: Path) -> None:
    """FAULTS 4, by SQLite's own limit of pages."""
    async with opened(path) as ledger:
        one = await started(ledger)
        live = ledger._writing
        assert live is not None
        await live.submit(lambda c: c.execute(f"PRAGMA max_page_count = {_pages(c) + 1}").fetchall())
        many: list[Change] = [decide(fire(n, job="backup"), job="backup") for n in range(2, 400)]
        with pytest.raises(LedgerUnavailable, match="disk is full"):
            await ledger.commit(OURS, many)
        assert [r.id for r in await ledger.fires(FireQuery())] == [one.id]
        await live.submit(lambda c: c.execute("PRAGMA max_page_count = 100000").fetchall())
        assert await twice(ledger, OURS, *many) == ()


async def test_after_a_commit_in_doubt_the_connection_is_made_anew(path: Path) -> None:
    """FAULTS 5: an I/O error says nothing about what was written; the same call, made again, finds out."""
    async with opened(path) as ledger:
        live = ledger._writing
        assert live is not None
        before = live._live

        def fail(connection: sqlite3.Connection) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error

        with pytest.raises(LedgerUnavailable, match="could not be read or written"):
            await live.submit(fail)
        await twice(ledger, OURS, activate())
        assert live._live is not before


async def test_a_file_that_is_taken_away_stops_the_writing(path: Path) -> None:
    async with opened(path) as ledger:
        path.rename(path.with_name("elsewhere.db"))
        with pytest.raises(LedgerUnusable, match="moved, removed or replaced"):
            await ledger.commit(OURS, [activate()])


async def test_the_log_is_bounded_after_a_pinned_snapshot(path: Path) -> None:
    """FAULTS 8."""
    log = path.with_name("asched.db-wal")
    async with opened(path) as ledger:
        await started(ledger)
        assert ledger._writing is not None
        await ledger._writing.submit(
            lambda c: c.executescript("PRAGMA wal_autocheckpoint = 20; PRAGMA journal_size_limit = 100000").close()
        )
        with closing(sqlite3.connect(path, isolation_level=None)) as pin:
            pin.execute("BEGIN")
            pin.execute("SELECT count(*) FROM fires").fetchall()
            for number in range(2, 60):
                await ledger.commit(OURS, [decide(fire(number))])
            assert log.stat().st_size > 100_000
            pin.execute("COMMIT")
        for number in range(60, 63):
            await ledger.commit(OURS, [decide(fire(number))])
        assert log.stat().st_size <= 100_000


# ---- callers


async def test_callers_that_come_together_share_a_transaction(path: Path) -> None:
    async with opened(path) as ledger:
        await twice(ledger, OURS, activate())
        before = await _commits(ledger)
        answers = await asyncio.gather(*(ledger.commit(OURS, [decide(fire(n))]) for n in range(1, 201)))
        assert answers == [()] * 200
        assert await _commits(ledger) - before <= 3


async def test_one_callers_mistake_costs_only_his_own(path: Path) -> None:
    async with opened(path) as ledger:
        bad = decide(fire(1))
        object.__setattr__(bad.fires[0][0], "args", {("not", "text"): 1})
        answers = await asyncio.gather(
            ledger.commit(OURS, [activate()]),
            ledger.commit(OURS, [bad]),
            ledger.commit(OURS, [decide(fire(2))]),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [tuple, TypeError, tuple]
        assert [r.id for r in await ledger.fires(FireQuery())] == [fire(2).id]


async def test_a_caller_who_is_cancelled_harms_nobody(path: Path) -> None:
    async with opened(path) as ledger:
        await twice(ledger, OURS, activate())
        tasks = [asyncio.create_task(ledger.commit(OURS, [decide(fire(n))])) for n in range(1, 10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await twice(ledger, OURS, *(decide(fire(n)) for n in range(1, 10)))
        assert len(await ledger.fires(FireQuery())) == 9


async def test_a_ledger_that_is_not_open_says_so(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.close()
    with pytest.raises(LedgerUnusable, match="not open"):
        await ledger.restore()
    with pytest.raises(LedgerUnusable, match="not open"):
        await ledger.commit(OURS, [activate()])


async def test_closing_finishes_what_was_asked(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.open()
    asked = asyncio.create_task(ledger.commit(OURS, [activate()]))
    await asyncio.sleep(0)
    await ledger.close()
    assert await asked == ()


# ---- names


def test_a_name_leads_to_its_ledger() -> None:
    ledger = MemoryLedger()
    assert ledger_for(ledger) is ledger
    assert isinstance(in_memory := ledger_for(":memory:"), MemoryLedger)
    assert in_memory.heartbeat.total_seconds() >= LONGEST_SLEEP, "nobody is woken for what nobody sees"
    for name, path in (
        ("state/asched.db", "state/asched.db"),
        ("sqlite:///state/a%20b.db", "state/a b.db"),
        ("sqlite:////var/lib/asched.db", "/var/lib/asched.db"),
    ):
        found = ledger_for(name)
        assert isinstance(found, SqliteLedger)
        assert found.path == Path(path)
    for name, says in (("postgresql://host/db", "not in this version"), ("sqlite://", "names no ledger")):
        with pytest.raises(ConfigurationError, match=says):
            ledger_for(name)


def test_naming_a_ledger_imports_no_database() -> None:
    script = (
        "import sys; from asched.ledger.opening import ledger_for; ledger_for(':memory:');"
        "print([m for m in ('sqlite3', 'aiosqlite') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=_environment(), check=True
    )
    assert json.loads(done.stdout) == []


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def _pages(connection: sqlite3.Connection) -> int:
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return pages


async def _commits(ledger: SqliteLedger) -> int:
    assert ledger._reading is not None
    return await ledger._reading.submit(lambda c: c.execute("SELECT value FROM meta").fetchone()[0])


def test_of_an_older_ledger_everybody_but_visitors_had_served() -> None:
    """Or the first start with a newer asched would record no absence."""
    connection = sqlite3.connect(":memory:")
    for statement in schema.MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    for number, token in ((1, "cafe"), (2, "visitor-cafe")):
        connection.execute("INSERT INTO instances VALUES (?, 'h', 'b', 1, 1, 5, 7, NULL, ?)", (number, token))
    schema.migrate(connection)
    assert connection.execute("SELECT number, took_over_at FROM instances").fetchall() == [(1, 5), (2, None)]
