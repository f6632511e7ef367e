"""cronsim: Debian's rules, written for Healthchecks."""

from __future__ import annotations

TITLE = "cronsim"
PACKAGES = ("cronsim",)
NOTES = {"next_fire": "an iterator: it remembers where it is"}


def next_fire(corpus) -> None:
    from cronsim import CronSim

    corpus.run(lambda expression, start, zone: CronSim(expression, start), lambda iterator, at: next(iterator, None))
