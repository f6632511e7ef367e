"""croniter, given the zone, as its documentation has it."""

from __future__ import annotations

from datetime import UTC, datetime
from heapq import heapify

TITLE = "croniter"
PACKAGES = ("croniter>=7",)
NOTES = {
    "next_fire": "an iterator: it remembers where it is",
    "parse": "no scheduler: an iterator for each job, its first instant in a heap",
}


def next_fire(corpus) -> None:
    from croniter import croniter

    corpus.run(
        lambda expression, start, zone: croniter(expression, start, ret_type=datetime),
        lambda iterator, at: iterator.get_next(),
    )


def parse(race) -> None:
    from croniter import croniter

    from benchmarks.workloads.register import WAITING

    start = datetime.now(UTC)
    iterators = [croniter(race.expression(index), start, ret_type=datetime) for index in range(len(race.names))]
    heap = [(iterator.get_next(), index) for index, iterator in enumerate(iterators)]
    heapify(heap)
    race.lap(WAITING)
