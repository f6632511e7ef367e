"""Forgetting what is old, so that the law still holds on what is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from asched.core.outcome import FAILURES
from asched.core.record import FireRecord, Keep
from asched.ledger.memorytables import Tables, age


def count_forgettable(tables: Tables, keep: Keep) -> int:
    return sum(1 for _ in _forgettable(tables, keep))


def prune(tables: Tables, keep: Keep, limit: int) -> int:
    """See Ledger.prune."""
    oldest = list(islice(_forgettable(tables, keep), limit))
    for record in oldest:
        tables.drop(record)
        _move_since(tables, record)
    return len(oldest)


def _forgettable(tables: Tables, keep: Keep) -> Iterator[FireRecord]:
    """Job by job, oldest first."""
    open_since = _oldest_open(tables)
    for job in sorted(tables.of_job):
        records = sorted((tables.fires[id] for id in tables.of_job[job]), key=age)
        longer = _kept_longer(records, keep)
        old = _old(records, keep, open_since.get(job))
        yield from (record for record in old if record.id not in longer)


def _old(records: list[FireRecord], keep: Keep, open_since: datetime | None) -> Iterator[FireRecord]:
    beyond = max(0, len(records) - keep.per_job)
    for rank, record in enumerate(records):
        if open_since is not None and record.scheduled_at >= open_since:
            return
        if rank < beyond or record.scheduled_at < keep.since:
            yield record


def _kept_longer(records: list[FireRecord], keep: Keep) -> set[int]:
    """The newest failures, where they are young enough for that."""
    since = keep.failures_since
    if since is None:
        return set()
    failed = [record for record in records if record.outcome is not None and record.outcome.kind in FAILURES]
    newest = failed[max(0, len(failed) - keep.per_job) :]
    return {record.id for record in newest if record.scheduled_at >= since}


def _oldest_open(tables: Tables) -> dict[str, datetime]:
    oldest: dict[str, datetime] = {}
    for id in tables.open:
        record = tables.fires[id]
        oldest[record.job] = min(record.scheduled_at, oldest.get(record.job, record.scheduled_at))
    return oldest


def _move_since(tables: Tables, gone: FireRecord) -> None:
    """Never past the watermark: a manual fire may lie beyond it, and what is between is not decided yet."""
    key = (gone.job, gone.fire.version)
    version = tables.version(*key)
    assert version is not None
    version.since = max(version.since, min(gone.scheduled_at, version.watermark))
    for name, gap in list(tables.gaps.items()):
        if (gap.job, gap.version) == key and gap.gap.until <= version.since:
            del tables.gaps[name]
