"""Forgetting what is old, so that the law still holds on what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from heapq import nsmallest

from asched.core.record import FireRecord
from asched.ledger.memorytables import Tables, age


def prune(tables: Tables, before: datetime, keep_per_job: int, limit: int) -> int:
    """See Ledger.prune."""
    oldest = nsmallest(limit, _forgettable(tables, before, keep_per_job), key=age)
    for record in oldest:
        tables.drop(record)
        _move_since(tables, record)
    return len(oldest)


def _forgettable(tables: Tables, before: datetime, keep_per_job: int) -> Iterator[FireRecord]:
    open_since = _oldest_open(tables)
    for job, ids in tables.of_job.items():
        records = sorted((tables.fires[id] for id in ids), key=age)
        beyond = max(0, len(records) - keep_per_job)
        for rank, record in enumerate(records):
            if job in open_since and record.scheduled_at >= open_since[job]:
                break
            if rank < beyond or record.scheduled_at < before:
                yield record


def _oldest_open(tables: Tables) -> dict[str, datetime]:
    oldest: dict[str, datetime] = {}
    for id in tables.open:
        record = tables.fires[id]
        oldest[record.job] = min(record.scheduled_at, oldest.get(record.job, record.scheduled_at))
    return oldest


def _move_since(tables: Tables, gone: FireRecord) -> None:
    """Never past the watermark: a manual fire may lie beyond it, and what is between is not decided yet."""
    key = (gone.job, gone.fire.version)
    since = min(gone.scheduled_at, tables.watermarks[key][0])
    if since > tables.versions[key].since:
        tables.versions[key] = replace(tables.versions[key], since=since)
    settled = tables.versions[key].since
    for name, gap in list(tables.gaps.items()):
        if (gap.job, gap.version) == key and gap.gap.until <= settled:
            del tables.gaps[name]
