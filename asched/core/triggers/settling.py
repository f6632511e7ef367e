"""From looks at a watched path, now and then, to the moments at which its job is due.

A path counts once it has settled: two looks, SETTLED apart, that saw the same names, sizes and times. So a file that is
still being written is left alone, and many changes at once are one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from asched.core.dataclass import dataclass
from asched.core.triggers.watch import Watch

SETTLED = timedelta(seconds=2)  # without a change
AGAIN = timedelta(seconds=10)  # between two starts for a directory that its job left as it was

_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: each entry's name, inode, size and time of its last change (ns). Empty when there is nothing."""

    entries: tuple[tuple[str, int, int, int], ...] = ()

    @property
    def changed_at(self) -> datetime:
        """The last change of anything in it, as the file system dates it; 1970 when there is nothing."""
        newest = max((changed for _, _, _, changed in self.entries), default=0)
        return _EPOCH + timedelta(microseconds=newest // 1000)

    @property
    def digest(self) -> str:
        """Differs when anything in it does: what is kept of a look that was decided."""
        return blake2b(repr(self.entries).encode(errors="surrogateescape"), digest_size=8).hexdigest()


@dataclass(slots=True)
class Settling:
    """One path that one job watches. `decided` is the digest of the look that was decided last, by whichever instance;
    where none is known, changes up to `decided_at`, as the file system dates them, count as decided."""

    watch: Watch
    decided_at: datetime
    decided: str | None = None
    moving: str | None = None
    since: datetime | None = None  # `moving` has been so
    due_at: datetime | None = None  # when it was last due

    def look(self, found: Look, at: datetime, *, busy: bool) -> bool:
        """Is its job due? `at`: when it was looked, on steady time. `busy`: the job has its hands full; what changes
        meanwhile waits, as one change, until it has not."""
        seen = found.digest
        if self.decided is None and found.changed_at <= self.decided_at and self.watch.event == "changes":
            self.decided = seen  # as it was left
        if not self._calls(found, seen, at):
            self.moving = None
            return False
        if not self._settled(seen, at) or busy:
            return False
        self.decided, self.due_at, self.moving = seen, at, None
        return True

    def _calls(self, found: Look, seen: str, at: datetime) -> bool:
        if self.watch.event == "changes":
            return seen != self.decided
        left_as_it_was = seen == self.decided and self.due_at is not None and at - self.due_at < AGAIN
        return bool(found.entries) and not left_as_it_was

    def _settled(self, seen: str, at: datetime) -> bool:
        if seen != self.moving or self.since is None:
            self.moving, self.since = seen, at
        return at - self.since >= SETTLED

    def changed_at(self, found: Look, wall: datetime) -> datetime:
        """When what is due changed, as the file system dates it; `wall`, when nothing in it says so: a file is gone, or
        is dated ahead of us."""
        at = found.changed_at if self.decided_at < found.changed_at <= wall else wall
        self.decided_at = max(self.decided_at, at)
        return at
