"""Jitter: a hash of (job, instant), so that it is reproducible, explainable and the same in every process."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

_SMALLEST = timedelta(microseconds=1)


def fraction(*parts: object) -> float:
    """A number in [0, 1) that depends on `parts` only."""
    digest = blake2b("\n".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def due_at(job: str, scheduled_at: datetime, jitter: timedelta, following: datetime | None) -> datetime:
    """The nominal instant plus its jitter, always before the `following` nominal instant, so order is kept."""
    if not jitter:
        return scheduled_at
    due = scheduled_at + jitter * fraction(job, scheduled_at.isoformat())
    if following is not None and due >= following:
        return max(scheduled_at, following - _SMALLEST)
    return due
