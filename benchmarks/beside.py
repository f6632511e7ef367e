"""What stands beside a figure of asched's: the best peer's in the same case, and the limit's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks.bars import LOW, Bar
from benchmarks.contest import Entry, Result, is_ours

FAILING = ("missed_pct", "lost_pct")  # who has any of it has not done the work that is compared


@dataclass(frozen=True, slots=True)
class Beside:
    """`cost`: how many times asched's; above 1 it costs more, or does less in the same time."""

    title: str
    cost: float


def best_peer(bar: Bar, case: Result, ours: float | None) -> Beside | None:
    """Of those that missed nothing."""
    return _cheapest((one for one in case.entries if not (is_ours(one) or _is_limit(one))), bar, ours)


def limit(bar: Bar, case: Result, ours: float | None) -> Beside | None:
    return _cheapest((one for one in case.entries if _is_limit(one)), bar, ours)


def _cheapest(entries: Iterable[Entry], bar: Bar, ours: float | None) -> Beside | None:
    """None also where there is no ratio: of nothing, or to nothing."""
    if not ours:
        return None
    found = (
        (one.title, median(one.found(bar.metric))) for one in entries if one.found(bar.metric) and not _failed(one)
    )
    costs = [Beside(title, theirs / ours if bar.sense == LOW else ours / theirs) for title, theirs in found if theirs]
    return min(costs, key=lambda one: one.cost, default=None)


def _is_limit(entry: Entry) -> bool:
    return entry.name.startswith("bare_")


def _failed(entry: Entry) -> bool:
    return any(figure > 0 for kind in FAILING for figure in entry.found(kind))
