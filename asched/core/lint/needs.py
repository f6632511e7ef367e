"""What is odd about needs: a job that will hardly ever, or never, find them met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asched.core.lint.remark import Remark
from asched.core.model import Job


def odd_needs(job: Job, jobs: Mapping[str, Job]) -> Iterator[Remark]:
    for need in job.needs:
        other = jobs.get(need.job)
        if other is not None and other.disabled:
            message = f'"{need.job}" is disabled: what this needs is never met'
            yield Remark(job.name, "needs", message, "enable it, or take this out")
    circle = _circle(job.name, jobs) if job.needs else []
    if circle:
        shown = " -> ".join(circle)
        help = "each waits for a success of the next: none comes first, unless somebody runs one by hand"
        yield Remark(job.name, "needs", f"needs and after go in a circle: {shown}", help)
    if job.policies.wait is not None and not (job.needs or job.conditions):
        help = "give it needs, only_if or unless, or take this out"
        yield Remark(job.name, "wait", "it has nothing to wait for", help)


def _circle(start: str, jobs: Mapping[str, Job]) -> list[str]:
    """From a job back to itself, over at least one need, if it is the first of those on that way; else empty."""
    came_from: dict[str, str] = {}
    ahead = [start]
    for name in ahead:  # grows while it is walked
        for other in _depends(jobs.get(name)):
            if other == start:
                way = _way(start, name, came_from)
                return [*way, start] if _tells(way, start, jobs) else []
            if other not in came_from:
                came_from[other] = name
                ahead.append(other)
    return []


def _way(start: str, last: str, came_from: Mapping[str, str]) -> list[str]:
    way = [last]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def _tells(way: list[str], start: str, jobs: Mapping[str, Job]) -> bool:
    """Each circle is told once, by the first of those that need something."""
    return start == min(name for name in way if jobs[name].needs)


def _depends(job: Job | None) -> list[str]:
    return [] if job is None else [*job.after, *(need.job for need in job.needs)]
