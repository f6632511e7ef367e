"""What a job says twice, or for nothing: two options of which one makes the other idle, or which exclude each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from asched.core.condition import text_of
from asched.core.lint.remark import Remark
from asched.core.localtime.zones import zone
from asched.core.model import Job, Policies
from asched.core.text.durations import format_duration

_OVERNIGHT = timedelta(hours=18)  # a wait until a time of day that is longer was hardly meant


def odd_pairs(job: Job, instants: Sequence[datetime], probed: Collection[timedelta | None]) -> Iterator[Remark]:
    """`instants` are its next few. `probed`: the probe_after of all jobs that have a pause_after; what these share with
    others stands in the defaults, and is not idle."""
    yield from _conditions(job)
    yield from _probe(job, probed)
    yield from _timeouts(job)
    yield from _wait(job, instants)


def _conditions(job: Job) -> Iterator[Remark]:
    wanted = {term.condition for term in job.conditions if term.holds}
    for term in job.conditions:
        if not term.holds and term.condition in wanted:
            message = f'only_if and unless both name "{text_of(term.condition)}": this never runs'
            yield Remark(job.name, "unless", message, "keep the one that is meant")


def _probe(job: Job, probed: Collection[timedelta | None]) -> Iterator[Remark]:
    probe = job.policies.probe_after
    if job.policies.pause_after is None and probe != Policies().probe_after and probe not in probed:
        message = "without pause_after nothing pauses it when it fails, and so nothing is probed"
        yield Remark(job.name, "probe_after", message, "say pause_after, too, as in pause_after = 5, or take this out")


def _timeouts(job: Job) -> Iterator[Remark]:
    whole, each = job.policies.run_timeout, job.policies.timeout
    if whole is not None and each is not None and whole < each:
        message = (
            f"the whole run may take {format_duration(whole)}, and so no attempt ever comes to its timeout of "
            f"{format_duration(each)}"
        )
        yield Remark(job.name, "run_timeout", message, "make it longer than the timeout, or take the timeout out")


def _wait(job: Job, instants: Sequence[datetime]) -> Iterator[Remark]:
    wait, jitter = job.policies.wait, job.policies.jitter
    if wait is None or wait.until is None or not instants:
        return
    left = {at: wait.end(at, at, job.timezone) - at for at in instants}
    longest = max(left, key=lambda at: left[at])
    shortest = min(left, key=lambda at: left[at])
    if left[longest] > _OVERNIGHT:
        message = f"at {_clock(job, longest)} its wait is over for that day: it waits {wait.text} of the next one"
        yield Remark(job.name, "wait", message, 'say a later time of day, or for how long, as in "90m"')
    elif left[shortest] <= jitter:
        message = (
            f"with a jitter of up to {format_duration(jitter)}, a fire of {_clock(job, shortest)} may be due when its "
            f"wait {wait.text} is over"
        )
        yield Remark(job.name, "wait", message, "a later time of day, or less jitter")


def _clock(job: Job, at: datetime) -> str:
    return f"{at.astimezone(zone(job.timezone)):%H:%M}"
