"""Virtual days of jobs, as far as they can be foretold: each takes as long as it usually did, and succeeds."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from asched.cli import show
from asched.core.foresight.forecast import Forecast
from asched.core.foresight.simulate import Disturbance, simulate
from asched.core.limits import Limits
from asched.core.model import Fire, Job
from asched.core.occurrence import Occurrence
from asched.core.outcome import Outcome, Succeeded
from asched.core.record import FireQuery
from asched.engine.ports import Ledger

ASSUMED = timedelta(seconds=1)  # that a job takes of which no run is known
RECENT = 100  # runs that a median is taken of


async def durations(ledger: Ledger | None, jobs: Iterable[str]) -> dict[str, list[timedelta]]:
    """Of each job's last succeeded runs."""
    return {job: [] if ledger is None else await _durations(ledger, job) for job in jobs}


async def _durations(ledger: Ledger, job: str) -> list[timedelta]:
    records = await ledger.fires(FireQuery(jobs=(job,), outcomes=("succeeded",), limit=RECENT))
    return [record.duration for record in records if record.duration is not None]


def median(durations: Sequence[timedelta]) -> timedelta:
    seconds = [duration.total_seconds() for duration in durations]
    return timedelta(seconds=statistics.median(seconds)) if seconds else ASSUMED


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
