"""What is odd about jobs: accepted, and probably not what was meant. `asched check` warns of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from asched.core.lint.contradictions import odd_pairs
from asched.core.lint.cron import HORIZON
from asched.core.lint.needs import odd_needs
from asched.core.lint.remark import Remark
from asched.core.lint.schedule import instants, members, odd_schedule
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Job, Overlap, Policies
from asched.core.text.durations import format_duration
from asched.core.triggers.protocol import Trigger
from asched.core.version import definition_of

_SMALLEST = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_LOOKED_AT = 20  # instants from which a job's shortest distance is taken
_STEPS = 5000  # of the search for an instant that several jobs share


def lint(jobs: Sequence[Job], now: datetime) -> list[Remark]:
    """All that is odd, seen from `now`, job by job. Disabled jobs are left alone."""
    enabled = [job for job in jobs if not job.disabled]
    by_name = {job.name: job for job in jobs}
    probed = {job.policies.probe_after for job in enabled if job.policies.pause_after is not None}
    found: list[Remark] = []
    for job in enabled:
        found += odd_schedule(job, now)
        few = _next_few(job, now)
        found += _policies(job, few)
        found += odd_pairs(job, few, probed)
        found += _after(job, by_name, now)
        found += odd_needs(job, by_name)
    return found + list(_equal(enabled))


# What becomes of it.


def _policies(job: Job, few: Sequence[datetime]) -> Iterator[Remark]:
    policies = job.policies
    window = policies.catch_up_window
    if policies.catch_up is not CatchUp.NONE and window is not None and window <= policies.grace:
        yield Remark(
            job.name,
            "catch_up_window",
            f"nothing is ever caught up: what is later than the grace of {format_duration(policies.grace)} is older "
            f"than the catch_up_window of {format_duration(window)}",
            'make it longer than the grace, or say catch_up = "none"',
        )
    elif policies.catch_up is not CatchUp.NONE and window is not None and window <= policies.jitter + policies.grace:
        yield Remark(
            job.name,
            "catch_up_window",
            f"a jitter of up to {format_duration(policies.jitter)} uses up the catch_up_window of "
            f"{format_duration(window)}, which counts from the nominal instant: some missed fires expire at once",
            "make it longer than jitter and grace together",
        )
    if policies.catch_up is CatchUp.NONE and policies.grace < _SECOND:
        yield Remark(
            job.name,
            "grace",
            f'with catch_up = "none", what is more than {format_duration(policies.grace)} late is lost, and every '
            "start is a little late",
            "a grace of some seconds",
        )
    yield from _against_distance(job, policies, few)


def _against_distance(job: Job, policies: Policies, few: Sequence[datetime]) -> Iterator[Remark]:
    """Limits that are longer than the time between two fires."""
    distance = min((later - earlier for earlier, later in pairwise(few)), default=None)
    if distance is None:
        return
    if policies.jitter >= distance:
        yield Remark(
            job.name,
            "jitter",
            f"a jitter of {format_duration(policies.jitter)} reaches over the {format_duration(distance)} between two "
            "fires, and is cut there",
            "a shorter one spreads evenly",
        )
    waits = _longest_wait(policies)
    if waits >= distance and policies.overlap is Overlap.SKIP and policies.max_instances == 1:
        yield Remark(
            job.name,
            "retry",
            f"while a failed run waits up to {format_duration(waits)} for its next attempts, it keeps its place, and "
            f"fires {format_duration(distance)} apart are skipped as overlapped",
            'shorter delays, fewer attempts, or overlap = "queue_one"',
        )


def _next_few(job: Job, now: datetime) -> Sequence[datetime]:
    """Of what counts from the end of its runs, none is known."""
    if job.trigger is None or job.trigger.relative:
        return ()
    return instants(job.trigger, now, _LOOKED_AT)


def _longest_wait(policies: Policies) -> timedelta:
    """All waits of a run that fails every time. A great many attempts need not be counted one by one."""
    retry, total, delay = policies.retry, timedelta(0), policies.retry.delay
    for _ in range(min(retry.attempts, 100) - 1):
        total += min(delay, retry.max_delay)
        delay = min(retry.max_delay, delay * retry.factor)
    return total


# What it comes after.


def _after(job: Job, jobs: Mapping[str, Job], now: datetime) -> Iterator[Remark]:
    for name in job.after:
        upstream = jobs.get(name)
        if upstream is not None and upstream.disabled:
            yield Remark(job.name, "after", f'"{name}" is disabled: this is never due', "enable it, or take this out")
            return
    roots = list(_roots(job, jobs, frozenset()))
    triggers = [one.trigger for one in roots if one.trigger is not None]
    if len(triggers) > 1 and all(map(_on_the_calendar, triggers)) and not _share_an_instant(triggers, now):
        named = " and ".join(f'"{one.name}"' for one in roots)
        yield Remark(
            job.name,
            "after",
            f"{named} are never due at the same instant: after all of them, this is never due",
            "a join waits for fires of one instant: give them the same schedule",
        )


def _roots(job: Job, jobs: Mapping[str, Job], seen: frozenset[str]) -> Iterator[Job]:
    """Those at the top, whose instants it follows, each once."""
    found: dict[str, Job] = {}
    for name in job.after:
        upstream = jobs.get(name)
        if upstream is None or name in seen:
            continue
        above = _roots(upstream, jobs, seen | {name}) if upstream.after else iter((upstream,))
        found.update({one.name: one for one in above})
    yield from found.values()


def _on_the_calendar(trigger: Trigger) -> bool:
    """Where an interval begins is not known before it is served."""
    return all(isinstance(member, Cron) for member in members(trigger))


def _share_an_instant(triggers: Sequence[Trigger], now: datetime) -> bool:
    """Within the horizon, as far as a bounded search tells: unless it is sure that they do not, they do."""
    at, end = now, now + HORIZON
    for _ in range(_STEPS):
        following = [trigger.next_after(at) for trigger in triggers]
        known = [one for one in following if one is not None]
        if len(known) < len(following) or max(known) > end:
            return False
        if min(known) == max(known):
            return True
        at = max(known) - _SMALLEST
    return True


# What is there twice.


def _equal(jobs: Iterable[Job]) -> Iterator[Remark]:
    first: dict[str, Job] = {}
    for job in jobs:
        other = first.setdefault(_deed(job), job)
        if other is not job and (job.trigger is not None or job.after):
            message = f'does the same as job "{other.name}", at the same times'
            yield Remark(job.name, "name", message, "take one of them out, or tell them apart by their args")


def _deed(job: Job) -> str:
    """What it does and when, whatever it is called."""
    said = json.loads(definition_of(job))
    return json.dumps({key: said[key] for key in sorted(said) if key not in _LABELS})


_LABELS = {"name", "description", "tags"}
