"""Looks at files: off the loop, and so that a path that hangs, or may not be read, costs only itself."""

from __future__ import annotations

import asyncio
import fnmatch
import os
from collections.abc import Callable, Iterable, Iterator

from asched.core.triggers.settling import Look
from asched.core.triggers.watch import Watch
from asched.engine.aside import aside

PATIENCE = 5.0  # seconds for one round; a path that takes longer is left out until it has answered
ENTRIES = 10_000  # of one directory; what is beyond them is not seen


class FileLooks:
    """`unseen(watch, why)` is called when a path cannot be seen, or not whole: once, until it can, or why changes."""

    def __init__(self, unseen: Callable[[Watch, str], None]) -> None:
        self._unseen = unseen
        self._said: dict[Watch, str] = {}
        self._stuck: dict[Watch, asyncio.Future[None]] = {}

    async def look(self, watches: Iterable[Watch]) -> dict[Watch, Look]:
        """What is there now. Paths of which that is not known are left out."""
        round_ = _Round([watch for watch in watches if watch not in self._stuck or self._stuck[watch].done()])
        looking = asyncio.ensure_future(aside(round_.look))
        await asyncio.wait({looking}, timeout=PATIENCE)
        if not looking.done():
            round_.abandoned = True
            if round_.current is not None:
                self._stuck[round_.current] = looking
                self._say(round_.current, f"it does not answer within {PATIENCE:g} s")
        for watch, why in list(round_.troubles.items()):
            self._say(watch, why)
        return dict(round_.found)

    def _say(self, watch: Watch, why: str) -> None:
        if self._said.get(watch, "") != why:
            self._said[watch] = why
            if why:
                self._unseen(watch, why)


class _Round:
    """One look at each path, in a thread."""

    def __init__(self, watches: list[Watch]) -> None:
        self.watches = watches
        self.found: dict[Watch, Look] = {}
        self.troubles: dict[Watch, str] = {}  # "" when there is none
        self.current: Watch | None = None
        self.abandoned = False

    def look(self) -> None:
        for watch in self.watches:
            if self.abandoned:
                return
            self.current = watch
            self._look_at(watch)
        self.current = None

    def _look_at(self, watch: Watch) -> None:
        path, trouble = os.path.expanduser(watch.path), ""
        try:
            entries = sorted(_entries(path, watch.event))
        except (FileNotFoundError, NotADirectoryError):
            entries, trouble = [], "it is not there"
        except Exception as error:
            self.troubles[watch] = str(error)
            return
        if len(entries) > ENTRIES:
            entries, trouble = entries[:ENTRIES], f"it has more than {ENTRIES:,} entries: the rest is not seen"
        self.troubles[watch] = trouble
        self.found[watch] = Look(tuple(entries))


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
    count = 0
    with os.scandir(folder) as listing:
        for entry in listing:
            if not fnmatch.fnmatchcase(entry.name, pattern) or entry.name.startswith("."):
                continue
            try:
                stat = entry.stat()
            except OSError:  # a link that leads nowhere, or to itself; or it is gone by now
                try:
                    stat = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
            yield _entry(entry.name, stat)
            if (count := count + 1) > ENTRIES:
                return


def _entry(name: str, stat: os.stat_result) -> tuple[str, int, int, int]:
    return name, stat.st_ino, stat.st_size, stat.st_ctime_ns
