"""What does it cost to compute the next instant of a cron expression, one after the other, in a time zone?

Weighted, an expression counts as often as it fires: a scheduler asks for what fires each minute more often than for
leap days. Unweighted, every expression counts the same. What is asked for is read alike by all contestants;
that they did the same work is checked, and shown as the share of expressions with the same last instant.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.workloads import Case, Metric

TITLE = "next_fire: the next instant of 40 cron expressions"
METRICS = (
    Metric("weighted_us", "weighted µs", digits=2),
    Metric("next_us", "unweighted µs", digits=2),
    Metric("worst_us", "worst expression µs"),
    Metric("construct_us", "construct µs"),
    Metric("same", "same instants %", better="high", digits=0),
)

EXPRESSIONS = (
    *("* * * * *", "*/2 * * * *", "*/5 * * * *", "*/10 * * * *", "*/15 * * * *", "*/30 * * * *", "7 * * * *"),
    *("0,30 * * * *", "5-55/10 * * * *", "0 * * * *", "0 */2 * * *", "15 */3 * * *", "0 */6 * * *", "0 */12 * * *"),
    *("0 0 * * *", "30 4 * * *", "45 23 * * *", "0 9 * * *", "0 9,17 * * *", "0,30 9-17 * * *", "*/10 8-18 * * *"),
    *("0 9 * * MON-FRI", "*/15 9-17 * * MON-FRI", "30 6 * * SAT,SUN", "0 22 * * SUN", "5 4 * * MON", "0 0 * * FRI"),
    *("0 0 1 * *", "30 5 15 * *", "0 3 1,15 * *", "0 0 28 * *", "15 2 31 * *", "0 12 */10 * *", "0 0 1-7 * *"),
    *("0 0 1 */3 *", "0 6 1 1,7 *", "0 0 1 1 *", "0 12 25 12 *", "0 0 29 2 *", "30 9 * 6-8 MON-FRI"),
)
START = datetime(2026, 1, 1, tzinfo=UTC)
LAST_YEAR = 2060  # a rare expression is asked as often as it has instants before

Construct = Callable[[str, datetime, ZoneInfo], Any]
NextAfter = Callable[[Any, datetime], datetime]


class Corpus:
    """What a contestant is given: it calls `run` with a way to construct one and a way to ask for the next instant."""

    def __init__(self, zone: str, asked: Mapping[str, tuple[int, str]]) -> None:
        self.zone = ZoneInfo(zone)
        self.asked = asked  # by expression: how often, and the instant at which that arrives
        self._each: dict[str, float] = {}
        self._construct: list[float] = []
        self._rates: dict[str, float] = {}  # instants a second
        self._same = 0

    def run(self, construct: Construct, next_after: NextAfter) -> None:
        """`construct(expression, start, zone)`; `next_after(what it returned, the instant before)`, aware."""
        start = START.astimezone(self.zone)
        for expression, (count, last) in self.asked.items():
            began = time.perf_counter()
            state = construct(expression, start, self.zone)
            self._construct.append(time.perf_counter() - began)
            at = next_after(state, start)
            began = time.perf_counter()
            for _ in range(count):
                at = next_after(state, at)
            self._each[expression] = (time.perf_counter() - began) / count
            self._rates[expression] = count / max(1.0, (at.astimezone(UTC) - START).total_seconds())
            self._same += at.astimezone(UTC).isoformat() == last

    def figures(self) -> dict[str, float]:
        return {
            "weighted_us": fmean(self._each.values(), weights=self._rates.values()) * 1e6,
            "next_us": fmean(self._each.values()) * 1e6,
            "worst_us": max(self._each.values()) * 1e6,
            "construct_us": fmean(self._construct) * 1e6,
            "same": 100 * self._same / len(self.asked),
        }


def cases(quick: bool) -> list[Case]:
    count = 100 if quick else 2_000
    return [
        Case(f"{count:,} each, {zone}", {"zone": zone, "asked": {one: _asked(one, zone, count) for one in EXPRESSIONS}})
        for zone in (("Europe/Berlin",) if quick else ("UTC", "Europe/Berlin"))
    ]


def _asked(expression: str, zone: str, most: int) -> tuple[int, str]:
    from asched.core.localtime.cron import Cron

    cron, count = Cron(expression, zone), 0
    at = cron.next_after(START)
    while at is not None and count < most and (later := cron.next_after(at)) and later.year < LAST_YEAR:
        at, count = later, count + 1
    return count, "" if at is None else at.isoformat()


def measure(perform: Callable[[Corpus], None], case: Mapping[str, Any], folder: Path) -> dict[str, float]:
    perform(Corpus("Asia/Tokyo", {"3 1 * 2 *": (3, "")}))  # imports and other first-time costs
    corpus = Corpus(**case)
    perform(corpus)
    return corpus.figures()
