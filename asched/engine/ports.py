"""What the engine needs from others: a ledger that remembers, runners that do, a sink for what they print.

Small on purpose. Each port has one contract suite in asched/testing that every implementation runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from asched.core.change import Absence, Act, Backfill, Change, Rejected
from asched.core.condition import Condition
from asched.core.model import Attempt, Fire, Job
from asched.core.outcome import Outcome
from asched.core.record import (
    AttemptRecord,
    FireQuery,
    FireRecord,
    GapRecord,
    InstanceRecord,
    Keep,
    OutputRecord,
    Stored,
    VersionRecord,
)


class Ledger(Protocol):
    """The durable record. Every method is one transaction and may be called again after LedgerUnavailable: what it
    did the first time, if anything, is not done twice. All methods may raise LedgerUnavailable (try again) and
    LedgerUnusable (stop).
    """

    @property
    def heartbeat(self) -> timedelta:
        """How often `renew` wants to be called."""
        ...

    async def open(self) -> None:
        """Make it ready: create or migrate the schema, take the server's lock (AlreadyServed when it is held)."""
        ...

    async def close(self) -> None: ...

    async def enter(self, instance: InstanceRecord) -> int:
        """Register this incarnation (its `number` is ignored) and give it its number, from 1, never used before.
        Entering again with the same `token` gives the same number."""
        ...

    async def renew(self, number: int, at: datetime) -> None:
        """Sign of life: seen_at becomes `at`, if that is later."""
        ...

    async def leave(self, number: int, at: datetime) -> None: ...

    async def restore(self) -> Stored:
        """What a start needs. Of the instances: those that did not leave or own an open fire, and the last that
        served."""
        ...

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        """Make all changes in one durable transaction, in order. Each is judged on its own precondition (see
        core/change.py); those that do not hold are left out and returned. A change that already stands as
        asked, by the same owner, is accepted."""
        ...

    async def fires(self, query: FireQuery) -> Sequence[FireRecord]: ...

    async def fire(self, id: int) -> FireRecord | None: ...

    async def attempts(self, fire: int) -> Sequence[AttemptRecord]:
        """All ended attempts of a run, in order, the last one included once it is over."""
        ...

    async def output(self, fire: int, after_seq: int = -1, limit: int = 10_000) -> Sequence[OutputRecord]: ...

    async def versions(self, job: str | None = None, *, active: bool = False) -> Sequence[VersionRecord]: ...

    async def versions_after(self, job: str, jobs: int) -> Sequence[VersionRecord]:
        """Those of the next so many jobs, by name, after `job` ("": from the first): job by job, the oldest first."""
        ...

    async def gaps(self, job: str | None = None, limit: int = 10_000) -> Sequence[GapRecord]: ...

    async def absences(self, limit: int = 100) -> Sequence[Absence]: ...

    async def acts(self, limit: int | None = 100, *, verbs: Sequence[str] = ()) -> Sequence[Act]:
        """Newest first; all of them if `limit` is None. `verbs`: only these, if there are any."""
        ...

    async def backfills(self, limit: int = 100) -> Sequence[Backfill]:
        """Newest first, those that are over as well."""
        ...

    async def instances(self, limit: int = 100) -> Sequence[InstanceRecord]: ...

    async def prune(self, keep: Keep, limit: int = 1000) -> int:
        """Delete at most `limit` closed fires that need not be kept, job by job and oldest first, with their output and
        attempts; move each version's `since` up to the newest fire deleted, and drop gaps before it, so that the law
        still holds on what is left: up to `since` there are only failures that are kept longer, and they are no part of
        it. Returns how many went; 0 means nothing is left to prune. Never an open fire, nor any at or after a job's
        oldest open one. The very same `keep` handed in again goes on with the same pass, until that is over: what has
        come since it began may be left for the next one."""
        ...

    async def prunable(self, keep: Keep) -> int:
        """How many `prune` would delete, all in all."""
        ...


class OutputSink(Protocol):
    """Where a runner puts what a job prints. Never blocks, never raises; bounds what it keeps."""

    def write(self, stream: str, data: bytes | str) -> None:
        """`stream`: "stdout", "stderr" or "log"."""
        ...

    def child(self, pid: int, started: int) -> None:
        """The attempt now has this child process (leader of its own process group). `started`: in kernel ticks since
        boot, 0 where that is not known."""
        ...


class Conditions(Protocol):
    """Looks at the world."""

    async def ask(self, condition: Condition, job: Job, fire: Fire) -> tuple[bool, str]:
        """Whether it holds now, for this fire, and what was seen. May raise: then it does not hold. Is cancelled when
        it takes too long."""
        ...


class Runner(Protocol):
    """Executes one kind of action. Whatever the job does becomes an Outcome; only CancelledError passes through.

    Cancelling the task is how a run is asked to stop (timeout, operator, shutdown): the runner stops the job
    within the job's `kill_after`, killing what can be killed, and re-raises. The engine knows the cause.
    """

    async def run(self, attempt: Attempt, output: OutputSink) -> Outcome: ...

    async def close(self) -> None:
        """Give back what is shared between runs. Must not wait for jobs."""
        ...
