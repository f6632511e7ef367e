"""The server's lock: a file beside the ledger, held with flock for life, that says who holds it.

It also remembers, outside the ledger, how far the ledger had come: one that is behind went back in time (FAULTS 10).
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from asched.core.dataclass import dataclass
from asched.errors import AlreadyServed
from asched.ledger.systemerrors import refused_by_system

_COUNTERS_AT = 512  # the holder's line is shorter, and stays as it is while the counters move
_COUNTERS = "\ncommits {:020d} instance {:010d}\n"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a ledger has come: both only grow."""

    commits: int = 0
    instance: int = 0


class ServerLock:
    """Held from `take` to `release`, and given back by the kernel when the process dies."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path, self._fd = path, fd
        self.found = _read_progress(fd)
        _held.add(self)

    @classmethod
    def take(cls, ledger: Path) -> ServerLock:
        """Raises AlreadyServed, naming the one who holds it."""
        path = lock_path(ledger)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise refused_by_system(
                error,
                f"ledger {ledger} cannot be served: its lock file {path} cannot be written",
                "Commands that only read still work.",
            ) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(os.pread(fd, _COUNTERS_AT, 0))
            os.close(fd)
            raise AlreadyServed(f"ledger {ledger} is already served by {holder}") from None
        lock = cls(path, fd)
        lock._say_who()
        return lock

    def remember(self, progress: Progress) -> None:
        """After a commit, which it must not fail. Not synced: a number that lags behind accuses nobody."""
        with suppress(OSError):
            os.pwrite(self._fd, _COUNTERS.format(progress.commits, progress.instance).encode(), _COUNTERS_AT)

    def release(self) -> None:
        """Unlocked, not only closed: a child that was forked a moment ago may still share it. The file stays: were it
        removed, a third could lock a file that a second waits for."""
        if self._fd >= 0:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        self.forget()

    def forget(self) -> None:
        """Close our copy, and leave the lock to whoever shares it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        _held.discard(self)

    def _say_who(self) -> None:
        who = {"pid": os.getpid(), "host": socket.gethostname(), "started": _started()}
        with suppress(OSError):  # a full disk: held all the same, by one who is not named
            os.pwrite(self._fd, json.dumps(who).ljust(_COUNTERS_AT).encode()[:_COUNTERS_AT], 0)


_held: WeakSet[ServerLock] = WeakSet()


def _let_go_in_child() -> None:
    """A forked job shares our lock, and would hold it beyond our death."""
    for lock in list(_held):
        lock.forget()


os.register_at_fork(after_in_child=_let_go_in_child)


def lock_path(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".lock")


def who_locks(ledger: Path) -> str | None:
    """Which other process holds a lock on the database files, by what Linux says of it."""
    wanted = {str(path.stat().st_ino) for path in _files_of(ledger) if path.exists()}
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for line in lines:  # 1: POSIX ADVISORY WRITE 4242 fe:00:1234 120 120
        words = [word for word in line.split() if word != "->"]
        pid, inode = words[4], words[5].rpartition(":")[2]
        if words[3] == "WRITE" and inode in wanted and pid != str(os.getpid()) and int(pid) > 0:
            return f"pid {pid} ({_name_of(pid)})"
    return None


def _files_of(ledger: Path) -> tuple[Path, ...]:
    return (ledger, ledger.with_name(ledger.name + "-shm"), ledger.with_name(ledger.name + "-wal"))


def _name_of(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "unknown"


def _holder(line: bytes) -> str:
    try:
        who = json.loads(line)
        since = f" since {who['started']}" if who["started"] else ""
        return f"pid {who['pid']} on {who['host']}{since}"
    except (ValueError, LookupError, TypeError):  # between its lock and its line
        return "another process"


def _read_progress(fd: int) -> Progress:
    words = os.pread(fd, 100, _COUNTERS_AT).split()
    try:
        return Progress(int(words[1]), int(words[3]))
    except (ValueError, IndexError):
        return Progress()


def _started() -> str:
    """When this process began, by the kernel; "" where it does not say."""
    try:
        after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        stat = Path("/proc/stat").read_text()
        booted = int(stat.partition("btime ")[2].split()[0])
        seconds = booted + int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
