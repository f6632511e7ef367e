"""How it went for a job, at a glance: a mark for each fire, counts, and how long and how late its runs were.

The marks are those of a forecast (core/foresight/forecast.py), and what only the past knows: how a run ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import IntEnum
from math import ceil
from typing import assert_never

from asched.core.change import Absence, Gap
from asched.core.dataclass import dataclass
from asched.core.foresight.forecast import Mark, mark_of
from asched.core.hindsight.losses import Losses, goes_on
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    Failed,
    Interrupted,
    Outcome,
    Queue,
    Skip,
    Succeeded,
    TimedOut,
)
from asched.core.record import FireRecord


class Went(IntEnum):
    """What a cell of a strip shows: of several, the greatest."""

    NOTHING = 0
    SUCCEEDED = 1
    COALESCED = 2
    WAITING = 3
    RUNNING = 4
    SKIPPED = 5  # for any other reason
    STOPPED = 6  # cancelled, or interrupted
    CROWDED = 7  # its job was at its limit
    MISSED = 8  # too late, or lost with its scheduler
    FAILED = 9  # or timed out


_NOTHING_LOST = Losses()

ABSENT = -1
"""In a strip, between two fires: nobody was deciding."""

_SAME = {
    Mark.COALESCED: Went.COALESCED,
    Mark.SKIPPED: Went.SKIPPED,
    Mark.CROWDED: Went.CROWDED,
    Mark.MISSED: Went.MISSED,
}


@dataclass(slots=True)
class Chronicle:
    """Of one job. Instants in gaps are in `skipped`; `uncounted` says that more than those were there. `durations` are
    of the last attempts of runs that came to an end by themselves, `lateness` of all that were started. Runs in
    `losses` are not running any more."""

    job: str
    fires: int = 0
    started: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    uncounted: bool = False
    durations: list[timedelta] = field(default_factory=list)
    lateness: list[timedelta] = field(default_factory=list)
    losses: Losses = _NOTHING_LOST
    _marks: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return self.outcomes[Failed.kind] + self.outcomes[TimedOut.kind] + self.outcomes[Abandoned.kind]

    def hear(self, record: FireRecord) -> None:
        self.fires += 1
        self._marks.append((record.scheduled_at, Went.MISSED if self._is_lost(record) else _went(record)))
        if isinstance(record.decision, Skip):
            self.skipped[record.decision.reason] += 1
        elif isinstance(record.decision, Queue):
            self.waiting += 1
        else:
            self._ran(record)

    def hear_gap(self, gap: Gap) -> None:
        """Many that were decided together: one mark."""
        self.fires += gap.count or 0
        self.skipped[gap.reason] += gap.count or 0
        self.uncounted = self.uncounted or gap.count is None
        self._marks.append((gap.until, _SAME[mark_of(gap.reason)]))

    def strip(self, absences: Iterable[Absence], cells: int) -> list[int]:
        """Oldest first, at most `cells`: one for each fire, with absences between them; or where that is too long, one
        for so many fires after each other, the worst of them."""
        absent = [(one.since, ABSENT) for one in absences]
        marks = [mark for _, mark in sorted([*self._marks, *absent])]
        if len(marks) <= cells:
            return marks
        fires = [mark for mark in marks if mark != ABSENT]
        each = ceil(len(fires) / cells)
        newest_whole = len(fires) % each or each
        return [max(fires[:newest_whole]), *(max(fires[n : n + each]) for n in range(newest_whole, len(fires), each))]

    def _is_lost(self, record: FireRecord) -> bool:
        """What waits is not: it goes on with the next start."""
        return self.losses.of(record) is not None and not goes_on(record)

    def _ran(self, record: FireRecord) -> None:
        self.started += 1
        open_ = "lost" if self._is_lost(record) else "running"
        self.outcomes[open_ if record.outcome is None else record.outcome.kind] += 1
        if record.lateness is not None:
            self.lateness.append(record.lateness)
        if record.duration is not None and isinstance(record.outcome, Succeeded | Failed):
            self.durations.append(record.duration)


def percentile(durations: Sequence[timedelta], percent: int) -> timedelta | None:
    """The smallest that so many percent are not longer than; None of nothing."""
    ranked = sorted(durations)
    return ranked[max(0, ceil(len(ranked) * percent / 100) - 1)] if ranked else None


def _went(record: FireRecord) -> Went:
    if isinstance(record.decision, Skip):
        return _SAME[mark_of(record.decision.reason)]
    if isinstance(record.decision, Queue):
        return Went.WAITING
    return Went.RUNNING if record.outcome is None else _ended(record.outcome)


def _ended(outcome: Outcome) -> Went:
    match outcome:
        case Succeeded():
            return Went.SUCCEEDED
        case Failed() | TimedOut():
            return Went.FAILED
        case Abandoned():
            return Went.MISSED
        case Cancelled() | Interrupted():
            return Went.STOPPED
        case _:
            assert_never(outcome)
