"""Are the counts as recorded? What is more by too much, less by far, new, or gone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Tolerance:
    """`more` and `less` in percent of what is recorded, and beyond that `by` itself, for counts around zero."""

    more: float
    less: float
    by: int = 0

    def most(self, was: int) -> int:
        return was + math.floor(abs(was) * self.more / 100) + self.by

    def least(self, was: int) -> int:
        return was - math.floor(abs(was) * self.less / 100) - self.by


@dataclass(frozen=True)
class Difference:
    """`was` None: it is counted and not recorded. `now` None: it is recorded and not counted."""

    kind: str
    was: int | None
    now: int | None
    limit: int = 0  # that `now` is beyond

    def said(self, unit: str, units: int) -> str:
        if self.was is None:
            return f"{self.kind}: {self.now:,}, which is not recorded"
        if self.now is None:
            return f"{self.kind}: recorded as {self.was:,}, and not counted any more"
        each = f"a {unit}: {self.was / units:,.6g} -> {self.now / units:,.6g}"
        change = f"{self.kind} was {self.was:,}, is {self.now:,} ({percent(self.was, self.now)}; {each})"
        if self.now > self.was:
            return f"{change}: GREW, at most {self.limit:,} is tolerated"
        return f"{change}: shrank by far, record it so that the gain is kept"


def differences(recorded: Counts, found: Counts, tolerances: Mapping[str, Tolerance]) -> list[Difference]:
    """Those that are not tolerated."""
    beyond = (_difference(kind, recorded.get(kind), found.get(kind), tolerances[kind]) for kind in recorded | found)
    return [difference for difference in beyond if difference is not None]


def _difference(kind: str, was: int | None, now: int | None, tolerance: Tolerance) -> Difference | None:
    if was is None or now is None:
        return Difference(kind, was, now)
    most, least = tolerance.most(was), tolerance.least(was)
    if least <= now <= most:
        return None
    return Difference(kind, was, now, most if now > most else least)


def percent(was: int, now: int) -> str:
    return f"{(now - was) / abs(was):+.1%}" if was else f"{now - was:+,}"
