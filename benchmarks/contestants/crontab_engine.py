"""crontab (parse-crontab): the next time as seconds from a given one."""

from __future__ import annotations

from datetime import UTC, timedelta

TITLE = "crontab"
PACKAGES = ("crontab",)
NOTES = {"next_fire": "asked for the difference in seconds in UTC alone: it has no rules for zones of its own"}
SLOW = ("next_fire",)
CASES = {"next_fire": "UTC"}


def next_fire(corpus) -> None:
    from crontab import CronTab

    def next_after(tab, at):
        return at + timedelta(seconds=tab.next(now=at.replace(tzinfo=None), default_utc=True, return_datetime=False))

    corpus.run(lambda expression, start, zone: CronTab(expression), lambda tab, at: next_after(tab, at.astimezone(UTC)))
