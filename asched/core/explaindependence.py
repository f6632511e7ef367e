"""What a job depends on besides the time, in English: "after rates and cleanup failed"."""

from __future__ import annotations

from asched.core.model import Ending, Job


def explain_after(job: Job) -> str:
    """After what it comes. Success goes without saying."""
    return f"after {' and '.join(_ended(job, name) for name in job.after)}"


def _ended(job: Job, upstream: str) -> str:
    wish = job.wish(upstream)
    return upstream if wish is Ending.SUCCEEDED else f"{upstream} {wish.value}"
