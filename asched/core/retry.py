"""Whether and when a failed attempt is followed by another: a pure rule."""

from __future__ import annotations

from datetime import timedelta

from asched.core.jitter import fraction
from asched.core.model import Retry
from asched.core.outcome import Failed, Outcome, TimedOut


def next_delay(policy: Retry, outcome: Outcome, attempt: int, run: str) -> timedelta | None:
    """How long to wait before attempt + 1, or None when `outcome` is final."""
    if attempt >= policy.attempts or not _retryable(policy, outcome):
        return None
    return backoff(policy, attempt, run)


def backoff(policy: Retry, attempt: int, run: str) -> timedelta:
    """delay · factor^(attempt − 1), at most max_delay, less its jitter: a hash of (run, attempt)."""
    try:
        delay = min(policy.delay * policy.factor ** (attempt - 1), policy.max_delay)
    except OverflowError:
        delay = policy.max_delay
    return delay * (1 - policy.jitter * fraction(run, attempt))


def _retryable(policy: Retry, outcome: Outcome) -> bool:
    if isinstance(outcome, TimedOut):
        # What would not stop may still be at work: a second one beside it would break max_instances.
        return not outcome.left_running and (not policy.on or "TimeoutError" in policy.on)
    if isinstance(outcome, Failed):
        return not policy.on or bool(set(policy.on) & set(outcome.error.types))
    return False
