"""Recovery: how the fires that an absence left owed are made up for, over all jobs together.

They wait for one permit, RECOVERY. It is closed while what is owed is still being counted, while somebody must approve
it, and between two starts when there is a pace. Each job's own fires keep their sequence; between jobs `order` speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from asched.core.dataclass import dataclass
from asched.core.model import Fire
from asched.core.outcome import Skip
from asched.core.permits import Order, Permit

RECOVERY: Permit = ("recovery", "")


class RecoveryOrder(StrEnum):
    """Whose fire goes first. Fires that are not caught up go before all of them."""

    NEWEST = "newest"
    OLDEST = "oldest"
    PRIORITY = "priority"  # of the job; then the newest


@dataclass(frozen=True, slots=True)
class Recovery:
    """How missed fires that catch_up runs are started.

    `at_once`: so many at the same time. `pace`: from one start to the next. `limit`: of all jobs together, the first so
    many by `order`; the others are skipped as missed. `ask_above`: more than that many are held until somebody
    approves them, and expire unanswered after `expires`; None: never ask.
    """

    order: RecoveryOrder = RecoveryOrder.NEWEST
    at_once: int = 20
    pace: timedelta = timedelta(0)
    limit: int | None = None
    ask_above: int | None = None
    expires: timedelta = timedelta(hours=24)

    @property
    def counts_first(self) -> bool:
        """Must all that is owed be known before the first of it starts?"""
        return self.limit is not None or self.ask_above is not None or bool(self.pace)

    def place(self, fire: Fire, priority: int) -> Order:
        """Its place among all that wait for the same permit."""
        due = fire.due_at.timestamp()
        match self.order:
            case RecoveryOrder.NEWEST:
                return 1, 0, -due, fire.job, fire.id
            case RecoveryOrder.OLDEST:
                return 1, 0, due, fire.job, fire.id
            case RecoveryOrder.PRIORITY:
                return 1, -priority, -due, fire.job, fire.id


@dataclass(frozen=True, slots=True)
class Held:
    """So many fires wait for somebody's approval, from `since` until they expire."""

    count: int
    since: datetime
    expires_at: datetime


@dataclass(slots=True)
class Recovering:
    """Where the board stands with it, by fire ids. `owed` are the fires that wait; of these, `new` ones are not let
    through yet, and `given_up` ones will be skipped, so many a turn. Fires up to `approved_to` were approved.
    `started`: so many of those that were last let through.
    """

    rules: Recovery = field(default_factory=Recovery)
    owed: dict[int, Fire] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)
    given_up: dict[int, Skip] = field(default_factory=dict)
    counting: bool = False
    overdue: tuple[datetime, datetime] | None = None  # while counting: what was due by then (wall, steady) is counted
    held: Held | None = None
    next_at: datetime | None = None  # steady: not before, for the sake of the pace
    approved_to: int = 0
    started: int = 0

    @property
    def closed(self) -> bool:
        return self.counting or bool(self.given_up) or self.held is not None or self.next_at is not None

    def waits(self, fire: Fire) -> None:
        self.owed[fire.id] = fire
        if fire.id > self.approved_to:
            self.new.add(fire.id)

    def waits_no_more(self, fire: int) -> None:
        if self.owed.pop(fire, None) is not None:
            self.new.discard(fire)
            self.given_up.pop(fire, None)

    def to_be_run(self) -> list[Fire]:
        return [fire for fire in self.owed.values() if fire.id not in self.given_up]

    def give_up(self, fires: Iterable[Fire], skip: Skip) -> None:
        """They will be skipped, with `skip`. A thousand are one step, as what it costs each comes when it is done."""
        given_up = [fire.id for fire in fires]
        self.given_up.update(dict.fromkeys(given_up, skip))
        self.new.difference_update(given_up)

    def first(self, fires: Sequence[Fire], count: int, priority: Callable[[Fire], int]) -> list[Fire]:
        """The first `count` (at least 1) of more than that many, by `Recovery.place`, in no order themselves. Thousands
        are cheap: only those at the edge are looked at twice."""
        ranks = self._ranks(fires, priority)
        edge = sorted(ranks)[count - 1]
        within = [fire for fire, rank in zip(fires, ranks, strict=True) if rank < edge]
        on_it = [fire for fire, rank in zip(fires, ranks, strict=True) if rank == edge]
        return within + sorted(on_it, key=attrgetter("job", "id"))[: count - len(within)]

    def _ranks(self, fires: Iterable[Fire], priority: Callable[[Fire], int]) -> list[Any]:
        """The lower goes first."""
        match self.rules.order:
            case RecoveryOrder.NEWEST:
                return [-fire.due_at.timestamp() for fire in fires]
            case RecoveryOrder.OLDEST:
                return [fire.due_at.timestamp() for fire in fires]
            case RecoveryOrder.PRIORITY:
                return [(-priority(fire), -fire.due_at.timestamp()) for fire in fires]
