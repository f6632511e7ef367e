"""Watches what a configuration was read from, and says when it has changed and settled.

Looks as the watches of jobs do: at names, inodes, sizes and times, so that a file that an editor swaps for another is
seen; and only what two looks found the same counts, so that nothing is read while it is being written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from asched.core.triggers.settling import Settling
from asched.core.triggers.watch import Watch
from asched.engine.clock import Clock, sleep
from asched.engine.filelooks import FileLooks
from asched.engine.insistence import keep_on
from asched.errors import ScheduleError

EVERY = 1.0  # seconds between two looks

_EPOCH = datetime.fromtimestamp(0, UTC)


class ConfigWatch:
    """`paths` says what to look at, files and patterns of names in a folder; it is asked before each look, for it
    changes with what is read. `changed` is told of those that changed since `since`, or since the last time, all
    together; the next look waits for it. `unseen(path, why)`: one cannot be seen; said once, until why changes.
    """

    def __init__(
        self,
        paths: Callable[[], Iterable[str]],
        changed: Callable[[Sequence[str]], Awaitable[object]],
        unseen: Callable[[str, str], None],
        *,
        clock: Clock,
        since: datetime,
    ) -> None:
        self._paths = paths
        self._changed = changed
        self._unseen = unseen
        self._clock = clock
        self._since = since
        self._looks = FileLooks(lambda watch, why: unseen(watch.path, why))
        self._settling: dict[str, Settling] = {}
        self._unfit: set[str] = set()

    async def run(self, over: Callable[[], bool]) -> None:
        """Until it is over, whoever else cancels the task."""
        await keep_on(self._next_look, over)

    async def _next_look(self) -> None:
        await sleep(self._clock, EVERY)
        await self.look()

    async def look(self) -> None:
        """Look once at everything."""
        self._keep_only(dict.fromkeys(self._paths()))
        looks = await self._looks.look([one.watch for one in self._settling.values()])
        at = _EPOCH + timedelta(seconds=self._clock.monotonic())
        settled = [
            path
            for path, one in self._settling.items()
            if one.watch in looks and one.look(looks[one.watch], at, busy=False)
        ]
        if settled:
            self._since = self._clock.now()  # what is named by what is read now, and changes after it, has changed
            await self._changed(settled)

    def _keep_only(self, paths: Mapping[str, None]) -> None:
        """In their order: what has changed is told in it."""
        for path in self._settling.keys() - paths.keys():
            del self._settling[path]
        for path in [path for path in paths if path not in self._settling and path not in self._unfit]:
            try:
                self._settling[path] = Settling(Watch(path), self._since)
            except ScheduleError as error:
                self._unfit.add(path)
                self._unseen(path, str(error))
