"""What a job depends on besides the time, in English: "after rates and cleanup failed", "if network"."""

from __future__ import annotations

from asched.core.model import Ending, Job


def explain_after(job: Job) -> str:
    """After what it comes. Success goes without saying."""
    return f"after {' and '.join(_ended(job, name) for name in job.after)}"


def explain_ifs(job: Job) -> str:
    """What must hold when it is due, as in "if rates succeeded that day, unless path /x exists"; "" for nothing."""
    wait = job.policies.wait
    ifs = [f"if {need.text}" for need in job.needs] + [term.text for term in job.conditions]
    waits = [f"waiting {wait.text}" if wait.until is not None else f"waiting up to {wait.text}"] if wait and ifs else []
    return ", ".join([*ifs, *waits])


def _ended(job: Job, upstream: str) -> str:
    wish = job.wish(upstream)
    return upstream if wish is Ending.SUCCEEDED else f"{upstream} {wish.value}"
