"""The time to leave: how long an orderly end may take, once somebody asks for it."""

from __future__ import annotations

import signal
from datetime import timedelta

from asched.engine.bus import Event
from asched.engine.patience import FIRST_PAUSE, LONGEST_PAUSE
from asched.scheduler import Scheduler
from asched.service.lastresort import LastResort
from asched.stopping import PATIENCE

_MARGIN = 10.0  # seconds beyond drain and kill_after to record how things ended
_BUSY = 5.0  # seconds that a ledger which somebody else has locked takes to say so


class TimeToLeave:
    """Tells the last resort, which acts when that time is over."""

    def __init__(self, scheduler: Scheduler, last: LastResort) -> None:
        self._scheduler = scheduler
        self._last = last
        self._asked = 0
        self._by = 0.0  # monotonic, once we are asked to stop
        self._ledger_away = False

    def begin(self, sign: signal.Signals) -> None:
        """Within the signal's handler, whatever the loop is doing: from now on our time is limited."""
        if sign not in (signal.SIGTERM, signal.SIGINT):
            return
        jobs = self._scheduler.jobs
        kill = max((handle.definition.policies.kill_after for handle in jobs), default=timedelta(0))
        drain = timedelta(0) if self._asked else self._scheduler.drain
        self._asked += 1
        limit = (drain + kill).total_seconds() + _MARGIN + (_patience() if self._ledger_away else 0.0)
        self._by = self._scheduler.clock.monotonic() + limit
        self._last.within(limit)

    def mind_the_ledger(self, event: Event) -> None:
        """A listener: while the ledger is away, an orderly end takes longer."""
        if event["type"] == "ledger.unavailable" and not self._ledger_away:
            self._ledger_away = True
            if self._asked:
                self._by += _patience()
                self._last.within(self._by - self._scheduler.clock.monotonic())
        elif event["type"] == "ledger.recovered" and not self._asked:
            self._ledger_away = False


def _patience() -> float:
    """Seconds that an engine which is to stop may spend on a ledger that is away, and on what it then has to leave."""
    pause, total = FIRST_PAUSE, 0.0
    while pause < LONGEST_PAUSE:
        total += _BUSY + pause
        pause *= 2
    return total + _BUSY + PATIENCE
