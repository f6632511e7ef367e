"""cronsim: Debian's rules, written for Healthchecks."""

from __future__ import annotations

from datetime import UTC, datetime
from heapq import heapify

TITLE = "cronsim"
PACKAGES = ("cronsim",)
NOTES = {
    "next_fire": "an iterator: it remembers where it is",
    "parse": "no scheduler: an iterator for each job, its first instant in a heap",
}


def next_fire(corpus) -> None:
    from cronsim import CronSim

    corpus.run(lambda expression, start, zone: CronSim(expression, start), lambda iterator, at: next(iterator, None))


def parse(race) -> None:
    from cronsim import CronSim

    from benchmarks.workloads.register import WAITING

    start = datetime.now(UTC)
    iterators = [CronSim(race.expression(index), start) for index in range(len(race.names))]
    heap = [(next(iterator), index) for index, iterator in enumerate(iterators)]
    heapify(heap)
    race.lap(WAITING)
