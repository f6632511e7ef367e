"""What two series of instants do not have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
