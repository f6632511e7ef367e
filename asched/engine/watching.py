"""Watches files for the jobs that want it: looks once a second, and tells the engine which jobs are due."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b

from asched.core.model import Origin, Overlap
from asched.core.record import FireQuery
from asched.core.rules.board import Board, JobState, Now, Turn
from asched.core.rules.runs import changed
from asched.core.triggers.settling import Look, Settling
from asched.core.triggers.watch import Watch, only_watches, watches_of
from asched.engine.clock import sleep
from asched.engine.engine import Engine
from asched.engine.filelooks import FileLooks
from asched.engine.insistence import keep_on
from asched.errors import LedgerUnavailable, NotRunning

EVERY = 1.0  # seconds between two looks, while anything is watched
REMEMBERED = 100  # fires of a job that are asked what they knew of a path

Key = tuple[str, Watch]  # (job, what it watches)


class Watching:
    """Runs beside its engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looks = FileLooks(self._unseen)
        self._settling: dict[Key, Settling] = {}
        self._jobs_changed = asyncio.Event()

    def notice(self) -> None:
        """Other jobs than before: somebody may watch something now."""
        self._jobs_changed.set()

    async def run(self) -> None:
        """Look, until the engine is over and the task is cancelled."""
        await keep_on(self._look_later, over=lambda: self._engine.over)

    async def _look_later(self) -> None:
        await self._next_look()
        with contextlib.suppress(LedgerUnavailable, NotRunning):  # the engine says so itself
            await self.look()

    async def _next_look(self) -> None:
        if self._wanted():
            await sleep(self._engine.clock, EVERY)
        else:
            await self._jobs_changed.wait()
        self._jobs_changed.clear()

    async def look(self) -> None:
        """Look once at everything that is watched."""
        await self._keep_only(self._wanted())
        looks = await self._looks.look({watch for _, watch in self._settling})
        due: dict[str, list[Watch]] = {}
        for name, watch in self._settling:
            if watch in looks and self._is_due(name, watch, looks[watch]):
                due.setdefault(name, []).append(watch)
        if due:
            await self._engine.ask(lambda board, now, turn: self._decide(due, looks, board, now, turn))

    def _wanted(self) -> set[Key]:
        jobs = self._engine.board.jobs.values()
        return {(state.job.name, watch) for state in jobs for watch in watches_of(state.trigger)}

    def _is_due(self, name: str, watch: Watch, found: Look) -> bool:
        state = self._engine.board.jobs.get(name)
        if state is None:
            return False
        return self._settling[name, watch].look(found, self._engine.axes.read().steady, busy=_is_busy(state, watch))

    def _decide(
        self, due: Mapping[str, list[Watch]], looks: Mapping[Watch, Look], board: Board, now: Now, turn: Turn
    ) -> None:
        """One fire a job, whatever of what it watches has changed. The nonce says what it knew of each path."""
        for name, watches in due.items():
            state = board.jobs.get(name)
            if state is not None:
                at = [self._settling[name, watch].changed_at(looks[watch], now.wall) for watch in watches]
                knew = [f"{_id(watch)}-{looks[watch].digest}" for watch in watches]
                changed(board, state, max(at), ".".join(knew), now, turn)

    # What was decided before.

    async def _keep_only(self, wanted: set[Key]) -> None:
        for key in self._settling.keys() - wanted:
            del self._settling[key]
        for name, watch in wanted - self._settling.keys():
            self._settling[name, watch] = await self._as_it_was_left(name, watch)

    async def _as_it_was_left(self, name: str, watch: Watch) -> Settling:
        ledger = self._engine.ledger
        fires = await ledger.fires(FireQuery(jobs=(name,), origins=(Origin.CHANGE,), limit=REMEMBERED))
        pruned = {one.version: one.since for one in await ledger.versions(name) if one.since > one.activated_at}
        for one in fires:
            if one.fire.version in pruned and one.scheduled_at <= pruned[one.fire.version]:
                break  # a failure that is kept longer: what came after it is pruned, and knew more
            digest = _known(one.fire.nonce).get(_id(watch))
            if digest is not None:
                return Settling(watch, one.scheduled_at, digest)
        return Settling(watch, await self._watched_since(name))

    async def _watched_since(self, name: str) -> datetime:
        """Changes up to here are from before the job watched, or were decided by fires that are pruned by now."""
        state = self._engine.board.jobs.get(name)
        for version in await self._engine.ledger.versions(name, active=True):
            return version.watermark if state is not None and only_watches(state.trigger) else version.since
        return self._engine.clock.now()

    def _unseen(self, watch: Watch, why: str) -> None:
        for name, watched in self._settling:
            if watched == watch:
                event = {"type": "watch.unseen", "at": self._engine.clock.now(), "job": name, "path": watch.path}
                self._engine.bus.publish({**event, "why": why})


def _is_busy(state: JobState, watch: Watch) -> bool:
    """A change that its policies would skip, because the job still runs, is not lost: it waits. A directory that has
    files has them until its job has done its work."""
    open_ = len(state.running) + len(state.queue)
    if watch.event == "has files":
        return open_ > 0 or state.pause is not None
    return state.job.policies.overlap is Overlap.SKIP and open_ >= state.job.policies.max_instances


def _id(watch: Watch) -> str:
    return blake2b(watch.text().encode(errors="surrogateescape"), digest_size=6).hexdigest()


def _known(nonce: str) -> dict[str, str]:
    """The digest of each path. The run's own number, at its end, is no path's."""
    pairs = (part.partition("-") for part in nonce.split("."))
    return {path: digest for path, _, digest in pairs}
