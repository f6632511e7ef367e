"""Backfill, as values: what is left to run of a stretch of the past, and what that would come to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from itertools import islice

from asched.core.change import Backfill, BackfillState
from asched.core.dataclass import dataclass
from asched.core.triggers.instants import each
from asched.core.triggers.protocol import Trigger

LOOKED_AT = 1000  # instants in one turn: a long stretch that needs no run must not hold the loop
COUNTED = 10_000  # a survey counts up to here
SHOWN = 5  # of the first instants, in a survey

_SMALLEST = timedelta(microseconds=1)


@dataclass(slots=True)
class Backfilling:
    """A backfill that is not over. `done`: instants that need no run. `open`: its fires that are not over, and those of
    the jobs that come after it, each with its instant. `known`: whether `done` is complete; nothing starts before."""

    order: Backfill
    done: set[datetime] = field(default_factory=set)
    open: dict[int, datetime] = field(default_factory=dict)
    known: bool = True

    @property
    def has_room(self) -> bool:
        return len(set(self.open.values())) < self.order.at_once

    def ahead(self, trigger: Trigger, not_from: datetime | None) -> Iterator[datetime]:
        """The instants that are not decided yet. From `not_from` on they are the schedule's own."""
        end = self.order.until if not_from is None else min(self.order.until, not_from)
        return each(trigger, self.order.cursor, end - _SMALLEST)

    def move_to(self, instant: datetime) -> None:
        self.order = replace(self.order, cursor=max(instant, self.order.cursor))
        self.done.discard(instant)

    def over(self, state: BackfillState, at: datetime) -> Backfill:
        self.order = replace(self.order, state=state, ended_at=at)
        return self.order


@dataclass(frozen=True, slots=True)
class Survey:
    """What a backfill would come to. `instants` are all of the stretch; `more`: there are more than were counted.
    `succeeded` of them need no run. `first`: the first to be run. `each`: how long a run takes, by past ones."""

    instants: int
    more: bool
    succeeded: int
    first: Sequence[datetime]
    each: timedelta | None
    at_once: int

    @property
    def to_run(self) -> int:
        return self.instants - self.succeeded

    @property
    def takes(self) -> timedelta | None:
        """All of it, if nothing else holds it up; None when no run of the job is known."""
        return None if self.each is None else self.each * -(-self.to_run // self.at_once)


def survey(
    trigger: Trigger,
    since: datetime,
    until: datetime,
    done: Collection[datetime],
    durations: Sequence[timedelta],
    at_once: int,
) -> Survey:
    """`done` are the instants that need no run; `durations` those of past runs."""
    found = list(islice(each(trigger, since - _SMALLEST, until - _SMALLEST), COUNTED + 1))
    counted = found[:COUNTED]
    to_run = [instant for instant in counted if instant not in done]
    from statistics import median  # here, for few ask, and it is slow to load

    return Survey(
        instants=len(counted),
        more=len(found) > COUNTED,
        succeeded=len(counted) - len(to_run),
        first=tuple(to_run[:SHOWN]),
        each=timedelta(seconds=median(one.total_seconds() for one in durations)) if durations else None,
        at_once=at_once,
    )
