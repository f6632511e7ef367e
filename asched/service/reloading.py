"""Reloading: one after the other, each for so long only, whatever the files of jobs do while they are imported."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from asched.core.change import Expire
from asched.core.dataclass import dataclass
from asched.core.foresight.differences import shift
from asched.core.limits import Limits, differences
from asched.core.localtime.zones import zone
from asched.core.model import Job
from asched.core.occurrence import named
from asched.core.triggers.protocol import Trigger
from asched.core.version import definition_of
from asched.declaration.problems import format_problems
from asched.engine.aside import aside
from asched.engine.watchdog import innermost_of_others
from asched.errors import ConfigurationError, Refused
from asched.scheduler import Scheduler
from asched.service import notify
from asched.service.background import Background

if TYPE_CHECKING:
    import structlog

LOADED_WITHIN = 30.0  # seconds

AHEAD = timedelta(days=1)  # that the fires are compared for which a reload moves
MOST = 1500  # of one job; a day of a fire each minute is less

Triggers = Mapping[str, Trigger | None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a service may have anew while it runs."""

    jobs: Sequence[Job]
    limits: Limits
    timezone: str = ""  # an IANA key, for those that have no other; "": as before


Load = Callable[[], Loaded]


class Reloading:
    """Gives the scheduler what `load` loads anew; None when there is nothing to load from."""

    def __init__(
        self,
        scheduler: Scheduler,
        load: Load | None,
        log: structlog.typing.FilteringBoundLogger,
        background: Background,
    ) -> None:
        self._scheduler = scheduler
        self._load = load
        self._log = log
        self._background = background
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[dict[str, object]] | None = None
        self._somebody_asks = False  # for the next one; else only files that changed do
        self._last_failure = ""
        self._timezone = scheduler.timezone

    def begin(self) -> None:
        """Without waiting: what comes of it is in the log."""
        self._background.do(self._reload_quietly())

    async def _reload_quietly(self) -> None:
        with contextlib.suppress(Exception):  # said in the log; the old jobs stay
            await self.reload()

    async def reload(self) -> dict[str, object]:
        """Load the jobs anew. Validated first: on any error the old set stays. Returns the names of the jobs that were
        "added", "changed" and "removed", the "settings" of all jobs that are others, what was arranged for single fires
        and is "dropped", and how many "fires" of the next day are "new", "gone" and "moved". Raises ConfigurationError,
        Refused.

        One after the other: what was read last is what stays. All who ask while one is under way share the next.
        """
        self._somebody_asks = True
        return await self._reload_next()

    async def follow(self, paths: Sequence[str]) -> None:
        """These files have changed: the same, and a mistake that was said already is not said again."""
        self._log.info("config.changed", paths=list(paths))
        with contextlib.suppress(Exception):  # said in the log; the old jobs stay
            await self._reload_next()

    async def _reload_next(self) -> dict[str, object]:
        if self._next is None:
            self._next = self._background.do(self._reload_in_turn())
        return await asyncio.shield(self._next)

    async def _reload_in_turn(self) -> dict[str, object]:
        async with self._turn:
            self._next = None  # who asks from now on may have changed what is read now
            asked, self._somebody_asks = self._somebody_asks, False
            notify.tell(RELOADING=1)
            try:
                answer = await self._reload()
                self._last_failure = ""
                return answer
            except Exception as error:
                self._say_failure(error, asked=asked)
                raise
            finally:
                notify.tell(READY=1)

    def _say_failure(self, error: Exception, *, asked: bool) -> None:
        """Whoever saves a file again and again with the same mistake in it is told once."""
        problems = format_problems(error.problems) if isinstance(error, ConfigurationError) else ""
        why = problems or str(error) or type(error).__name__
        if asked or why != self._last_failure:
            self._log.error("service.reload_failed", why=why)
        else:
            self._log.debug("service.still_wrong")
        self._last_failure = why

    async def _reload(self) -> dict[str, object]:
        if self._load is None:
            raise Refused("there is no configuration to load again")
        self._log.info("service.reloading")
        found = await loaded(self._load)
        before, triggers, limits = self._definitions(), self._triggers(), self._scheduler.limits
        homes = {handle.name: zone(handle.definition.timezone) for handle in self._scheduler.jobs}
        dropped = await self._scheduler.reload(found.jobs, found.limits)
        after = self._definitions()
        fires = await aside(shifted, triggers, self._triggers(), self._scheduler.clock.now())
        answer: dict[str, object] = {
            "added": sorted(after.keys() - before.keys()),
            "changed": sorted(name for name in after.keys() & before.keys() if after[name] != before[name]),
            "removed": sorted(before.keys() - after.keys()),
            "settings": self._settings(limits, found),
            "dropped": [f"{one.occurrence.job}: {_loss(one, homes[one.occurrence.job])}" for one in dropped],
            "fires": fires,
        }
        self._log.info("service.reloaded", jobs=len(after), **answer)
        return answer

    def _settings(self, before: Limits, found: Loaded) -> list[str]:
        """What [service] and [pools] say otherwise than before, as in "max_running 4 -> 2"."""
        was, self._timezone = self._timezone, found.timezone or self._timezone
        zones = [] if was == self._timezone else [f"timezone {was} -> {self._timezone}"]
        return [*zones, *differences(before, found.limits)]

    def _definitions(self) -> dict[str, str]:
        return {handle.name: definition_of(handle.definition) for handle in self._scheduler.jobs}

    def _triggers(self) -> Triggers:
        """Of the jobs that are served, as they are anchored."""
        return {name: state.trigger for name, state in self._scheduler.engine.board.jobs.items()}


def _loss(gone: Expire, home: ZoneInfo) -> str:
    return f"{named(gone.occurrence, home)} is dropped: {gone.why}"


def shifted(before: Triggers, after: Triggers, now: datetime) -> dict[str, int]:
    """How many fires of the next day a reload brought, took away and moved."""
    counts = {"new": 0, "gone": 0, "moved": 0}
    for name in before.keys() | after.keys():
        one, other = before.get(name), after.get(name)
        if one != other:
            moves = shift(one, other, now, now + AHEAD, MOST).moves
            for kind, found in (("new", moves.new), ("gone", moves.gone), ("moved", moves.moved)):
                counts[kind] += len(found)
    return counts


async def loaded(load: Load) -> Loaded:
    """All of it, loaded in a thread. Raises what `load` raises, and Refused when it does not come back in time: then
    nobody waits for it any more, and nothing comes of it."""
    loading = _Loading(load)
    try:
        async with asyncio.timeout(LOADED_WITHIN):
            return await aside(loading)
    except TimeoutError:
        message = f"the jobs were not loaded within {LOADED_WITHIN:g} s: {loading.where()} does not come back"
        raise Refused(f"{message}; the old ones stay") from None


class _Loading:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._thread = 0

    def __call__(self) -> Loaded:
        self._thread = threading.get_ident()
        return self._load()

    def where(self) -> str:
        """The line of somebody's code that the thread is at."""
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return "what loads them"
        culprit = innermost_of_others(frame)
        return f"{culprit.f_code.co_filename}:{culprit.f_lineno}"
