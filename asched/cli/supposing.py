"""Virtual days of jobs, as far as they can be foretold: each takes as long as it usually did, and succeeds."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from asched.cli import show
from asched.cli.desk import Desk, unknown_job
from asched.cli.disturbing import Planned
from asched.cli.outlook import Known, anchored, standing
from asched.cli.spells import Slow
from asched.core.foresight.forecast import Forecast
from asched.core.foresight.simulate import Disturbance, simulate
from asched.core.limits import Limits
from asched.core.model import Fire, Job
from asched.core.occurrence import Occurrence, comes_at
from asched.core.outcome import Outcome, Succeeded
from asched.core.record import FireQuery
from asched.engine.ports import Ledger

ASSUMED = timedelta(seconds=1)  # that a job takes of which no run is known
RECENT = 100  # runs that a median is taken of


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is simulated: which jobs, from when to when, how long each takes, and what else happens."""

    jobs: Sequence[Job]
    since: datetime
    until: datetime
    lasts: dict[str, timedelta]
    runs: dict[str, int]  # of which that is the median; 0: assumed
    disturbances: Sequence[Planned]
    limits: Limits
    arranged: Sequence[Occurrence]  # single fires that go otherwise than their schedules say


async def suppose(
    desk: Desk, since: datetime, until: datetime, disturbed: Sequence[Planned] = (), slow: Sequence[Slow] = ()
) -> Supposed:
    """The configured jobs that are enabled, as they stand in the ledger. Raises UnknownJob for one that is `slow`."""
    jobs = [job for job in desk.configuration.jobs if not job.disabled]
    names = {job.name for job in jobs}
    for one in slow:
        if one.job not in names:
            raise unknown_job(one.job, names)
    async with desk.reading_if_any() as ledger:
        known = await standing(ledger, desk.now())
        past = await durations(ledger, names)
    lasts = {name: median(found) for name, found in past.items()}
    for one in slow:
        lasts[one.job] = lasts[one.job] * one.factor if one.length is None else one.length
    runs = {name: len(found) for name, found in past.items()}
    arranged = [one for job in jobs for one in known.occurrences.get(job.name, ()) if _is_ahead(one, since)]
    as_served = [_as_served(job, known, since) for job in jobs]
    return Supposed(as_served, since, until, lasts, runs, disturbed, desk.configuration.limits, arranged)


def _is_ahead(one: Occurrence, since: datetime) -> bool:
    return (comes_at(one) or one.scheduled_at) > since


def _as_served(job: Job, known: Known, since: datetime) -> Job:
    """Its intervals counted from where they are counted for the service, if that was before."""
    version = known.versions.get(job.name)
    if version is not None and version.since > since:
        version = None
    return replace(job, trigger=anchored(job, version, since))


async def durations(ledger: Ledger | None, jobs: Iterable[str]) -> dict[str, list[timedelta]]:
    """Of each job's last succeeded runs."""
    return {job: [] if ledger is None else await _durations(ledger, job) for job in jobs}


async def _durations(ledger: Ledger, job: str) -> list[timedelta]:
    records = await ledger.fires(FireQuery(jobs=(job,), outcomes=("succeeded",), limit=RECENT))
    return [record.duration for record in records if record.duration is not None]


def median(durations: Sequence[timedelta]) -> timedelta:
    seconds = [duration.total_seconds() for duration in durations]
    return timedelta(seconds=statistics.median(seconds)) if seconds else ASSUMED


def foretold(supposed: Supposed, limit: int) -> Forecast:
    """The simulation of what is supposed: see `simulated`."""
    return simulated(
        supposed.jobs,
        supposed.since,
        supposed.until,
        supposed.lasts,
        limit,
        [one.model for one in supposed.disturbances],
        supposed.limits,
        supposed.arranged,
    )


def simulated(
    jobs: Sequence[Job],
    since: datetime,
    until: datetime,
    lasts: Mapping[str, timedelta],
    limit: int,
    disturbances: Sequence[Disturbance] = (),
    limits: Limits | None = None,
    occurrences: Sequence[Occurrence] = (),
) -> Forecast:
    """The real planner decides. `until` of the answer is less far when it came to more than `limit` fires."""
    forecast = Forecast([job.name for job in jobs], since, until)

    def behave(fire: Fire, attempt: int) -> tuple[timedelta, Outcome]:
        return lasts[fire.job], Succeeded()

    simulation = simulate(
        jobs,
        since,
        until,
        behave=behave,
        disturbances=disturbances,
        hear=forecast.hear,
        limit=limit,
        limits=limits,
        occurrences=occurrences,
    )
    for job, gap in simulation.gaps:
        forecast.hear_gap(job, gap)
    show.say_what_was_raised(simulation.raised)
    assert simulation.until is not None
    forecast.until = simulation.until
    return forecast
