"""What two series of instants do not have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta

from asched.core.dataclass import dataclass
from asched.core.triggers.instants import between
from asched.core.triggers.protocol import Trigger

APART = timedelta(days=1)  # farther from each other, two instants are not one that was moved


@dataclass(frozen=True, slots=True)
class Difference:
    """How many instants both have, and those that only one has, in order."""

    common: int
    only_one: Sequence[datetime]
    only_other: Sequence[datetime]

    def __bool__(self) -> bool:
        return bool(self.only_one or self.only_other)


@dataclass(frozen=True, slots=True)
class Moves:
    """The same, told as what happened to the first series: instants that moved, that are gone, that are new."""

    moved: list[tuple[datetime, datetime]] = field(default_factory=list)
    gone: list[datetime] = field(default_factory=list)
    new: list[datetime] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.moved or self.gone or self.new)


def difference(one: Sequence[datetime], other: Sequence[datetime]) -> Difference:
    mine, others = set(one), set(other)
    return Difference(len(mine & others), sorted(mine - others), sorted(others - mine))


def moves(found: Difference) -> Moves:
    """In order, what is gone is paired with what is new, unless that is more than a day away."""
    told = Moves()
    gone, new = list(reversed(found.only_one)), list(reversed(found.only_other))
    while gone and new:
        if gone[-1] < new[-1] - APART:
            told.gone.append(gone.pop())
        elif new[-1] < gone[-1] - APART:
            told.new.append(new.pop())
        else:
            told.moved.append((gone.pop(), new.pop()))
    told.gone.extend(reversed(gone))
    told.new.extend(reversed(new))
    return told


@dataclass(frozen=True, slots=True)
class Shift:
    """What becomes of a job's instants up to `until` when it gets another trigger; `before` and `after` count them."""

    until: datetime
    before: int
    after: int
    moves: Moves


def shift(one: Trigger | None, other: Trigger | None, since: datetime, until: datetime, most: int) -> Shift:
    """In (since, until]; less far when either has more than `most`. What counts from the end of a run has no instants
    that could be known, nor has what raises."""
    mine, others = (_instants(trigger, since, until, most + 1) for trigger in (one, other))
    until = min([until, *(found[most - 1] for found in (mine, others) if len(found) > most)])
    mine, others = ([at for at in found if at <= until] for found in (mine, others))
    return Shift(until, len(mine), len(others), moves(difference(mine, others)))


def _instants(trigger: Trigger | None, since: datetime, until: datetime, most: int) -> list[datetime]:
    if trigger is None or trigger.relative:
        return []
    try:
        return between(trigger.anchored(since), since, until, most)
    except Exception:  # somebody's own; whoever serves it says so
        return []
