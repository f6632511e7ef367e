"""JOB@TIME: one fire of a job, as people name it: report@03:00, "report@tomorrow 11:00", report@next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from asched.errors import AschedError, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from asched.cli.desk import Desk

WORDS = ("next", "last")


@dataclass(frozen=True, slots=True)
class JobAt:
    """A job and an instant in UTC. Without one, `word` is what was said instead: "next", "last", or "" for nothing."""

    job: str
    at: datetime | None = None
    word: str = ""


def parse_job_at(text: str, zone_of: Callable[[str], str], now: datetime, *, back: bool = False) -> JobAt:
    """Read "JOB" or "JOB@TIME", TIME as people say it in the job's zone, which `zone_of` names. `back`: a time of day
    is the latest such, not the next. Raises click.UsageError."""
    job, at, time = text.partition("@")
    if not job or (at and not time.strip()):
        raise click.UsageError(f"{text!r} names no fire: write JOB@TIME, as in report@03:00 or report@next")
    if not at or time.strip().lower() in WORDS:
        return JobAt(job, word=time.strip().lower())
    return JobAt(job, moment(time, zone_of(job), now, back=back))


def moment(text: str, tz: str, now: datetime, *, back: bool = False) -> datetime:
    """A TIME. Raises click.UsageError."""
    from asched.core.grammar.moments import read_moment

    try:
        return read_moment(text, tz, now, back=back)
    except ScheduleError as error:
        raise click.UsageError(str(error)) from None


def day_named(text: str, tz: str, now: datetime) -> date | None:
    """The whole day that a TIME means, looking back; None where it means an instant. Raises click.UsageError."""
    from asched.core.grammar.moments import read_day

    try:
        return read_day(text, tz, now, back=True)
    except ScheduleError as error:
        raise click.UsageError(str(error)) from None


def whole_day(text: str, tz: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Where the day that a TIME means, looking ahead, begins and ends; None where it means an instant."""
    from datetime import timedelta

    from asched.core.grammar.moments import read_day, read_moment

    try:
        day = read_day(text, tz, now)
        days = () if day is None else (day, day + timedelta(days=1))
        begin, end = (read_moment(one.isoformat(), tz, now) for one in days) if days else (None, None)
    except ScheduleError:
        return None
    return None if begin is None or end is None else (begin, end)


def zone_of(desk: Desk, job: str) -> str:
    """The zone that the job's times are in; of a job that cannot be loaded here, the service's."""
    try:
        return desk.job(job).timezone
    except AschedError:
        return desk.place.timezone
