"""Looks at the files that jobs watch, once a second, and tells the engine which of them are due."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import os
from collections.abc import Iterator, Mapping
from datetime import datetime

from asched.core.board import Board, JobState, Now, Turn
from asched.core.model import Origin, Overlap
from asched.core.record import FireQuery
from asched.core.runs import changed
from asched.core.triggers.watch import Watch, watches_of
from asched.core.watched import Look, Watched
from asched.engine.clock import sleep
from asched.engine.engine import Engine
from asched.engine.insistence import not_ours
from asched.errors import LedgerUnavailable, NotRunning

EVERY = 1.0  # seconds between two looks, while anything is watched
ENTRIES = 10_000  # of one directory; what is beyond them is not seen

Key = tuple[str, Watch]  # (job, what it watches)


class Watching:
    """Runs beside its engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watched: dict[Key, Watched] = {}
        self._jobs_changed = asyncio.Event()

    def notice(self) -> None:
        """Other jobs than before: somebody may watch something now."""
        self._jobs_changed.set()

    async def run(self, stopped: asyncio.Event) -> None:
        """Look, until `stopped` is set and the task is cancelled."""
        while not stopped.is_set():
            try:
                await self._next_look()
                with contextlib.suppress(LedgerUnavailable, NotRunning):  # the engine says so itself
                    await self.look()
            except asyncio.CancelledError:
                if stopped.is_set():
                    raise
                not_ours()

    async def _next_look(self) -> None:
        if self._wanted():
            await sleep(self._engine.clock, EVERY)
        else:
            await self._jobs_changed.wait()
        self._jobs_changed.clear()

    async def look(self) -> None:
        """Look once at everything that is watched."""
        await self._keep_only(self._wanted())
        looks = await asyncio.to_thread(_take_looks, {watch for _, watch in self._watched})
        due = [key for key, watched in self._watched.items() if self._is_due(key, watched, looks[key[1]])]
        if due:
            await self._engine.ask(lambda board, now, turn: self._decide(due, looks, board, now, turn))

    def _wanted(self) -> set[Key]:
        jobs = self._engine.board.jobs.values()
        return {(state.job.name, watch) for state in jobs for watch in watches_of(state.job.trigger)}

    async def _keep_only(self, wanted: set[Key]) -> None:
        for key in self._watched.keys() - wanted:
            del self._watched[key]
        for key in wanted - self._watched.keys():
            self._watched[key] = Watched(key[1], await self._decided_at(key[0]))

    async def _decided_at(self, job: str) -> datetime:
        """Changes up to here are decided, or are from before the job was there."""
        ledger = self._engine.ledger
        last = await ledger.fires(FireQuery(jobs=(job,), origins=(Origin.CHANGE,), limit=1))
        since = [record.since for record in await ledger.versions(job)]
        return max([fire.scheduled_at for fire in last] or since[:1] or [self._engine.clock.now()])

    def _is_due(self, key: Key, watched: Watched, found: Look) -> bool:
        state = self._engine.board.jobs.get(key[0])
        return state is not None and watched.look(found, self._engine.axes.read().steady, busy=_is_busy(state, key[1]))

    def _decide(self, due: list[Key], looks: Mapping[Watch, Look], board: Board, now: Now, turn: Turn) -> None:
        for key in due:
            state = board.jobs.get(key[0])
            if state is not None:
                changed(board, state, self._watched[key].decide(looks[key[1]], now.wall), now, turn)


def _is_busy(state: JobState, watch: Watch) -> bool:
    """A change that its policies would skip, because the job still runs, is not lost: it waits. A directory that has
    files has them until its job has done its work."""
    open_ = len(state.running) + len(state.queue)
    if watch.event == "has files":
        return open_ > 0
    return state.job.policies.overlap is Overlap.SKIP and open_ >= state.job.policies.max_instances


def _take_looks(watches: set[Watch]) -> dict[Watch, Look]:
    return {watch: _look_at(os.path.expanduser(watch.path), watch.event) for watch in watches}


def _look_at(path: str, event: str) -> Look:
    try:
        return Look(tuple(sorted(_entries(path, event))))
    except OSError:  # not there, or not for us to see: the same as nothing
        return Look()


def _entries(path: str, event: str) -> Iterator[tuple[str, int, int, int]]:
    folder, name = os.path.split(path)
    if any(sign in name for sign in "*?["):
        yield from _listed(folder, name)
    elif os.path.isdir(path):
        if event == "changes":  # its own time tells what was taken away
            yield _entry(".", os.stat(path))
        yield from _listed(path, "*")
    else:
        yield _entry(name, os.stat(path))


def _listed(folder: str, pattern: str) -> Iterator[tuple[str, int, int, int]]:
    with os.scandir(folder) as listing:
        for count, entry in enumerate(listing):
            if count == ENTRIES:
                return
            if fnmatch.fnmatchcase(entry.name, pattern) and not entry.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                    yield _entry(entry.name, entry.stat())


def _entry(name: str, stat: os.stat_result) -> tuple[str, int, int, int]:
    return name, stat.st_ino, stat.st_size, stat.st_ctime_ns
