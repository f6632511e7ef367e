"""Health: one definition for the status, the watchdog and `asched healthcheck`.

Healthy means: no fire undecided past its tolerance, the loop not stalled, the ledger writable.
"""

from __future__ import annotations

from datetime import timedelta

from asched.core.dataclass import dataclass
from asched.scheduler import Scheduler

TOLERANCE = timedelta(seconds=5)  # a due fire that is undecided longer than that means that nobody decides


@dataclass(frozen=True, slots=True)
class Health:
    """`reasons` is empty when all is well. `draining`: it is well, and starts nothing."""

    reasons: tuple[str, ...]
    overdue: timedelta
    draining: bool = False

    @property
    def healthy(self) -> bool:
        return not self.reasons

    @property
    def ready(self) -> bool:
        """Healthy, and it starts what is due."""
        return self.healthy and not self.draining


def health_of(scheduler: Scheduler) -> Health:
    engine = scheduler.engine
    reasons = []
    if not scheduler.running:
        reasons.append("the engine has stopped")
    overdue = timedelta(0) if engine.board.draining else engine.overdue
    if overdue > TOLERANCE:
        reasons.append(f"a fire has been due for {overdue.total_seconds():.0f}s and is not decided")
    if engine.ledger_down:
        reasons.append(f"the ledger cannot be written: {engine.ledger_down}")
    return Health(tuple(reasons), overdue, engine.board.draining)
