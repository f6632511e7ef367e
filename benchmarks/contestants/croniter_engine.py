"""croniter, given the zone, as its documentation has it."""

from __future__ import annotations

TITLE = "croniter"
PACKAGES = ("croniter>=7",)
NOTES = {"next_fire": "an iterator: it remembers where it is"}


def next_fire(corpus) -> None:
    from datetime import datetime

    from croniter import croniter

    corpus.run(
        lambda expression, start, zone: croniter(expression, start, ret_type=datetime),
        lambda iterator, at: iterator.get_next(),
    )
