"""Which bars are met: computed from what was measured, as a table for people and as values for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.bars import BARS, LOW, Bar
from benchmarks.beside import Beside, best_peer, limit
from benchmarks.contest import Entry, Result
from benchmarks.markdown import table


@dataclass(frozen=True, slots=True)
class Judged:
    """`found` in the bar's unit; None where it was not measured, and then `why` says so. `peer` and `limit` are of the
    case that decides."""

    bar: Bar
    found: float | None
    why: str = ""
    peer: Beside | None = None
    limit: Beside | None = None

    @property
    def verdict(self) -> str:
        if self.found is None:
            return self.why
        if self.bar.met(self.found):
            return "met"
        return f"missed, {self._times:.1f} ×" if self._times else "missed"

    @property
    def _times(self) -> float:
        """By which it was missed; 0 where a bar of zero, or nothing found, makes no ratio."""
        found, limit = self.found or 0.0, self.bar.limit
        over, under = (found, limit) if self.bar.sense == LOW else (limit, found)
        return over / under if under else 0.0


def judged(results: Sequence[Result], bars: Iterable[Bar] = BARS) -> list[Judged]:
    """Each of `bars` of whose workload there is a result."""
    held = {result.workload for result in results}
    return [_judged(bar, results) for bar in bars if bar.workload in held]


def _judged(bar: Bar, results: Sequence[Result]) -> Judged:
    cases = [one for one in results if one.workload == bar.workload and _is_of(bar.case, one.case)]
    if not cases:
        return Judged(bar, None, "not measured: no such case in this run")
    found = [(figure, case) for case in cases if (figure := _found(bar, case, results)) is not None]
    if len(found) < len(cases):  # nothing is met by a case that gave no figure
        return Judged(bar, None, _why(bar, cases))
    worst, case = (max if bar.sense == LOW else min)(found, key=lambda one: one[0])
    ours = _median(case, bar.contestant, bar.metric)
    return Judged(bar, worst, peer=best_peer(bar, case, ours), limit=limit(bar, case, ours))


def _is_of(wanted: str, case: str) -> bool:
    """As words: "1,000 jobs" is not in "101,000 jobs"."""
    return re.search(rf"(?<![\w,]){re.escape(wanted)}", case) is not None


def _found(bar: Bar, case: Result, results: Sequence[Result]) -> float | None:
    ours = _median(case, bar.contestant, bar.metric)
    if bar.against:
        return _ratio(ours, _median(case, bar.against, bar.metric))
    if bar.against_case:
        others = [one for one in results if one.workload == bar.workload and _is_of(bar.against_case, one.case)]
        return _ratio(ours, _median(others[0], bar.contestant, bar.metric)) if others else None
    return ours


def _median(result: Result, contestant: str, metric: str) -> float | None:
    figures = [figure for one in result.entries if one.name == contestant for figure in one.found(metric)]
    return median(figures) if figures else None


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or not theirs else ours / theirs


def _why(bar: Bar, cases: Sequence[Result]) -> str:
    entries = [entry for case in cases for entry in case.entries if entry.name == bar.contestant]
    absent = next((entry.absent for entry in entries if entry.absent), "")
    return f"not measured: {absent or _without(entries)}"


def _without(entries: Sequence[Entry]) -> str:
    return "no figure where instants were missed" if entries else "asched has no such case"


def bars_table(judged: Sequence[Judged]) -> str:
    head = ["", "bar", "aim", "found", "verdict", "best peer, × asched", "limit, × asched"]
    return "**Bars**\n\n" + table([head, *(_row(one) for one in judged)], right=(1, 2, 3, 6))


def _row(one: Judged) -> list[str]:
    bar, peer = one.bar, one.peer
    beside = ["–" if peer is None else f"{_amount(peer.cost)}, {peer.title}", _amount(one.limit and one.limit.cost)]
    return [bar.what, _bound(bar), _amount(bar.aim), _found_text(one), one.verdict, *beside]


def _bound(bar: Bar) -> str:
    return f"{bar.sense} {_amount(bar.limit)} {bar.unit}"


def _found_text(one: Judged) -> str:
    return "–" if one.found is None else f"{_amount(one.found)} {one.bar.unit}"


def _amount(value: float | None) -> str:
    """Three figures are enough to be judged by."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def bar_values(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    return [
        {
            "bar": one.bar.what,
            "workload": one.bar.workload,
            "sense": one.bar.sense,
            "limit": one.bar.limit,
            "aim": one.bar.aim,
            "unit": one.bar.unit,
            "found": one.found,
            "met": None if one.found is None else one.bar.met(one.found),
            "verdict": one.verdict,
            "beside": {"peer": one.peer and asdict(one.peer), "limit": one.limit and asdict(one.limit)},
        }
        for one in judged
    ]
