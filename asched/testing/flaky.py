"""A ledger that fails now and then, on opening, before it does what is asked, and, worst, after it has done it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar

from asched.core.change import Absence, Act, Backfill, Change, Rejected
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
from asched.engine.ports import Ledger
from asched.errors import LedgerUnavailable

T = TypeVar("T")


class FlakyLedger:
    """Satisfies Ledger, with the failures that a real store has. `failures` counts them: a positive control.

    Each call fails with `probability` before anything was done, and with `probability` after it was.
    """

    def __init__(self, inner: Ledger, rng: Random, probability: float = 0.2) -> None:
        self.failures = 0
        self._inner, self._rng, self._probability = inner, rng, probability

    @property
    def heartbeat(self) -> timedelta:
        return self._inner.heartbeat

    async def open(self) -> None:
        await self._try(self._inner.open)

    async def close(self) -> None:
        """Does not fail: who closes has nobody left to try again."""
        await self._inner.close()

    async def enter(self, instance: InstanceRecord) -> int:
        return await self._try(partial(self._inner.enter, instance))

    async def renew(self, number: int, at: datetime) -> None:
        await self._try(partial(self._inner.renew, number, at))

    async def leave(self, number: int, at: datetime) -> None:
        await self._try(partial(self._inner.leave, number, at))

    async def restore(self) -> Stored:
        return await self._try(self._inner.restore)

    async def commit(self, owner: int, changes: Sequence[Change]) -> Sequence[Rejected]:
        return await self._try(partial(self._inner.commit, owner, changes))

    async def fires(self, query: FireQuery) -> Sequence[FireRecord]:
        return await self._try(partial(self._inner.fires, query))

    async def fire(self, id: int) -> FireRecord | None:
        return await self._try(partial(self._inner.fire, id))

    async def attempts(self, fire: int) -> Sequence[AttemptRecord]:
        return await self._try(partial(self._inner.attempts, fire))

    async def output(self, fire: int, after_seq: int = -1, limit: int = 10_000) -> Sequence[OutputRecord]:
        return await self._try(partial(self._inner.output, fire, after_seq, limit))

    async def versions(self, job: str | None = None, *, active: bool = False) -> Sequence[VersionRecord]:
        return await self._try(partial(self._inner.versions, job, active=active))

    async def versions_after(self, job: str, jobs: int) -> Sequence[VersionRecord]:
        return await self._try(partial(self._inner.versions_after, job, jobs))

    async def gaps(self, job: str | None = None, limit: int = 10_000) -> Sequence[GapRecord]:
        return await self._try(partial(self._inner.gaps, job, limit))

    async def absences(self, limit: int = 100) -> Sequence[Absence]:
        return await self._try(partial(self._inner.absences, limit))

    async def acts(self, limit: int | None = 100, *, verbs: Sequence[str] = ()) -> Sequence[Act]:
        return await self._try(partial(self._inner.acts, limit, verbs=verbs))

    async def backfills(self, limit: int = 100) -> Sequence[Backfill]:
        return await self._try(partial(self._inner.backfills, limit))

    async def instances(self, limit: int = 100) -> Sequence[InstanceRecord]:
        return await self._try(partial(self._inner.instances, limit))

    async def prunable(self, keep: Keep) -> int:
        return await self._try(partial(self._inner.prunable, keep))

    async def prune(self, keep: Keep, limit: int = 1000) -> int:
        return await self._try(partial(self._inner.prune, keep, limit))

    async def _try(self, call: Callable[[], Awaitable[T]]) -> T:
        self._fail_perhaps("nothing was done")
        answer = await call()
        self._fail_perhaps("it was done, and the answer was lost")
        return answer

    def _fail_perhaps(self, how: str) -> None:
        if self._rng.random() < self._probability:
            self.failures += 1
            raise LedgerUnavailable(f"a failure made for a test: {how}")
